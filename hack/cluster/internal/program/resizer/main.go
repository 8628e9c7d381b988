// Command resizer makes the claims grow whose volumes are folders. A folder has no size of its own, so nothing has to be
// done to it; what is left is the protocol between a claim and its volume, which is that of the resizer of CSI drivers.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"github.com/kubernetes-csi/external-resizer/v2/pkg/controller"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/util/workqueue"
)

const (
	// provisioner of the volumes that grow.
	provisioner = "rancher.io/local-path"
	// provisionedBy is the annotation in which a volume names its provisioner.
	provisionedBy = "pv.kubernetes.io/provisioned-by"

	resync       = 10 * time.Minute
	firstRetry   = 100 * time.Millisecond
	longestRetry = 10 * time.Second
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// run until a signal comes. A second resizer at the same time does no harm: writes name the version that they change.
func run() error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	config, err := rest.InClusterConfig()
	if err != nil {
		return fmt.Errorf("finding the cluster: %w", err)
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return fmt.Errorf("connecting to the cluster: %w", err)
	}
	serve(ctx, client)
	return nil
}

// serve until the context ends.
func serve(ctx context.Context, client kubernetes.Interface) {
	factory := informers.NewSharedInformerFactory(client, resync)
	retries := workqueue.NewTypedItemExponentialFailureRateLimiter[string](firstRetry, longestRetry)
	resizer := controller.NewResizeController(provisioner, folders{}, client, resync, factory, retries, false, longestRetry)
	factory.Start(ctx.Done())
	var workers sync.WaitGroup
	resizer.Run(1, ctx, &workers)
	workers.Wait()
}

// folders grow by being said to have grown.
type folders struct{}

// Name is shown in events.
func (folders) Name() string { return provisioner }

// DriverSupportsControlPlaneExpansion says that no node has a part in it.
func (folders) DriverSupportsControlPlaneExpansion() bool { return true }

// CanSupport leaves the volumes of others alone.
func (folders) CanSupport(pv *corev1.PersistentVolume, _ *corev1.PersistentVolumeClaim) bool {
	return pv.Annotations[provisionedBy] == provisioner
}

// Resize says that the folder has the size that is asked for, and no file system that would have to grow.
func (folders) Resize(_ *corev1.PersistentVolume, size resource.Quantity) (resource.Quantity, bool, error) {
	return size, false, nil
}
