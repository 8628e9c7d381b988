//go:build e2e

// Package e2e proves the operator on a real cluster: it is installed by helm, platforms are applied as users apply them,
// and used as users use them. `make test-e2e` brings the cluster, the images and the environment.
//
// The nodes hold the images under the references that the operator uses by default. Those of Postgres, NGINX, Redis and
// RabbitMQ are the real servers. Upstream's backend and frontend need a registry; under their references the nodes hold
// the fixture application of test/fixtures/xatube, which keeps the same contract.
package e2e

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"testing"

	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	ctrllog "sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/xatube/xatube-operator/test/drive"
)

var (
	// kube reaches the cluster of $KUBECONFIG.
	kube *drive.Client
	// audit counts writes; nil on a cluster whose apiserver keeps no log that can be read ($AUDIT_LOG is empty).
	audit *drive.AuditLog
)

func TestMain(m *testing.M) {
	ctrllog.SetLogger(logr.Discard())
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := 1
	if err := prepare(ctx); err != nil {
		fmt.Fprintln(os.Stderr, err)
	} else {
		code = m.Run()
	}
	if err := clean(ctx); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	stop()
	os.Exit(code)
}

// prepare connects and installs the operator of this checkout.
func prepare(ctx context.Context) error {
	var err error
	if kube, err = drive.Connect(""); err != nil {
		return err
	}
	if path := os.Getenv("AUDIT_LOG"); path != "" {
		log := drive.OpenAuditLog(path)
		audit = &log
	}
	return install(ctx)
}

// clean waits for the namespaces that the tests have left behind, so that the next run finds the cluster as this one did.
func clean(ctx context.Context) error {
	if kube == nil || os.Getenv("KEEP") != "" {
		return nil
	}
	var list corev1.NamespaceList
	if err := kube.List(ctx, &list, client.MatchingLabels{drive.LabelSuite: suite}); err != nil {
		return fmt.Errorf("listing namespaces: %w", err)
	}
	for i := range list.Items {
		if err := kube.DeleteNamespace(ctx, list.Items[i].Name); err != nil {
			return err
		}
	}
	return nil
}
