// Command demo turns one applied XaTubeCluster into a running platform before the user's eyes, tries it as its users
// would, and tells how to open it. `make demo` brings the cluster, the images and the operator.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/go-logr/logr"
	"k8s.io/apimachinery/pkg/types"
	ctrllog "sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/yaml"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/test/drive"
)

type options struct {
	sample    string
	namespace string
	timeout   time.Duration
}

func main() {
	var o options
	flag.StringVar(&o.sample, "sample", "config/samples/xatube_v1alpha1_xatubecluster.yaml", "manifest of the platform")
	flag.StringVar(&o.namespace, "namespace", "default", "namespace of the platform")
	flag.DurationVar(&o.timeout, "timeout", 10*time.Minute, "how long the platform may take to be ready")
	flag.Parse()
	ctrllog.SetLogger(logr.Discard())
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options) error {
	kube, err := drive.Connect("")
	if err != nil {
		return err
	}
	manifest, err := os.ReadFile(o.sample)
	if err != nil {
		return fmt.Errorf("reading the sample: %w", err)
	}
	platform, err := named(manifest, o.namespace)
	if err != nil {
		return err
	}
	p := newProgress(os.Stdout)
	p.say("Applying %s:\n\n%s", o.sample, manifest)
	if err := kube.Apply(ctx, o.namespace, string(manifest)); err != nil {
		return err
	}
	if err := kube.WaitReady(ctx, platform, o.timeout, p.conditions); err != nil {
		return err
	}
	p.say("XaTubeCluster %s is ready. Trying it as its users would:", platform.Name)
	if err := kube.Smoke(ctx, platform, func(step string) { p.say("%s", step) }); err != nil {
		return err
	}
	columns, err := kube.Columns(ctx, platform)
	if err != nil {
		return err
	}
	x, err := kube.Platform(ctx, platform)
	if err != nil {
		return err
	}
	return farewell(os.Stdout, x, columns)
}

// named is the platform that a manifest describes.
func named(manifest []byte, namespace string) (types.NamespacedName, error) {
	var x v1alpha1.XaTubeCluster
	if err := yaml.Unmarshal(manifest, &x); err != nil {
		return types.NamespacedName{}, fmt.Errorf("reading the sample: %w", err)
	}
	if x.Name == "" || x.Kind != "XaTubeCluster" {
		return types.NamespacedName{}, fmt.Errorf("the sample describes %s %q, want a named XaTubeCluster", x.Kind, x.Name)
	}
	return types.NamespacedName{Namespace: namespace, Name: x.Name}, nil
}
