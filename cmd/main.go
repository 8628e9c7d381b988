// Command xatube-operator makes XaTubeClusters so.
package main

import (
	"cmp"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"strings"

	"github.com/go-logr/logr"
	"k8s.io/klog/v2"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/healthz"
	"sigs.k8s.io/controller-runtime/pkg/metrics/filters"
	"sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"github.com/xatube/xatube-operator/internal/controller"
)

// version is set at build time.
var version = "dev"

type options struct {
	metricsAddress string
	probeAddress   string
	leaderElection bool
	namespaces     string
	clusterDomain  string
	image          string
	logLevel       string
	collectors     string
	concurrency    int
	rollouts       int
}

func parse() options {
	var o options
	flag.StringVar(&o.metricsAddress, "metrics-bind-address", ":8443", "address of the authenticated metrics endpoint (HTTPS); 0 turns it off")
	flag.StringVar(&o.probeAddress, "health-probe-bind-address", ":8081", "address of /healthz and /readyz")
	flag.BoolVar(&o.leaderElection, "leader-elect", false, "let only one of several replicas work")
	flag.StringVar(&o.namespaces, "watch-namespaces", "", "comma-separated namespaces to watch; empty means all")
	flag.StringVar(&o.clusterDomain, "cluster-domain", "cluster.local", "DNS domain of the Kubernetes cluster")
	flag.StringVar(&o.image, "operator-image", cmp.Or(os.Getenv("OPERATOR_IMAGE"), "ghcr.io/xatube/xatube-operator:"+version),
		"image of the operator, in which the exporter of the ingest is too; by default that of OPERATOR_IMAGE")
	flag.StringVar(&o.collectors, "allowed-collector-images", "", "comma-separated repositories, or what they begin with, from which platforms may run their log collector, "+
		"which reads the logs of the whole node; empty allows the default image alone")
	flag.StringVar(&o.logLevel, "log-level", "info", "debug, info, warn or error")
	flag.IntVar(&o.concurrency, "concurrency", 4, "platforms that are reconciled at the same time")
	flag.IntVar(&o.rollouts, "max-concurrent-rollouts", 1, "platforms whose pods are replaced at the same time because a new version of the operator changes them")
	flag.Parse()
	return o
}

func main() {
	o := parse()
	if err := run(o); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(o options) error {
	logger, err := newLogger(os.Stderr, o.logLevel)
	if err != nil {
		return err
	}
	ctrl.SetLogger(logger)
	ctrl.Log.Info("Starting", "version", version)

	mgr, err := newManager(o)
	if err != nil {
		return err
	}
	namespace, err := readNamespace(namespaceFile)
	if err != nil {
		return err
	}
	err = controller.Setup(mgr, controller.Config{
		Namespaces:      splitList(o.namespaces),
		ClusterDomain:   o.clusterDomain,
		Image:           o.image,
		Namespace:       namespace,
		CollectorImages: splitList(o.collectors),
		Concurrency:     o.concurrency,
		Rollouts:        o.rollouts,
	})
	if err != nil {
		return err
	}
	if err := addChecks(mgr); err != nil {
		return err
	}
	if err := mgr.Start(ctrl.SetupSignalHandler()); err != nil {
		return fmt.Errorf("running: %w", err)
	}
	return nil
}

// newLogger writes one object of JSON a line, and makes the libraries of Kubernetes do so too.
func newLogger(out io.Writer, name string) (logr.Logger, error) {
	var level slog.Level
	if err := level.UnmarshalText([]byte(name)); err != nil {
		return logr.Logger{}, fmt.Errorf("--log-level: %w", err)
	}
	logger := logr.FromSlogHandler(slog.NewJSONHandler(out, &slog.HandlerOptions{Level: level}))
	klog.SetLogger(logger)
	return logger, nil
}

func newManager(o options) (ctrl.Manager, error) {
	config, err := ctrl.GetConfig()
	if err != nil {
		return nil, fmt.Errorf("finding the cluster: %w", err)
	}
	mgr, err := ctrl.NewManager(config, ctrl.Options{
		Scheme: controller.NewScheme(),
		Cache:  controller.CacheOptions(splitList(o.namespaces)),
		Metrics: server.Options{
			BindAddress:    o.metricsAddress,
			SecureServing:  true,
			FilterProvider: filters.WithAuthenticationAndAuthorization,
		},
		HealthProbeBindAddress: o.probeAddress,
		LeaderElection:         o.leaderElection,
		LeaderElectionID:       "xatube-operator.xatube.io",
		// The program ends right after the manager, so the lease may be given back: a successor need not wait for it.
		LeaderElectionReleaseOnCancel: true,
	})
	if err != nil {
		return nil, fmt.Errorf("creating the manager: %w", err)
	}
	return mgr, nil
}

// namespaceFile is where Kubernetes tells a pod its namespace.
const namespaceFile = "/var/run/secrets/kubernetes.io/serviceaccount/namespace"

// readNamespace is the operator's own; empty outside of Kubernetes, where there is no such file.
func readNamespace(file string) (string, error) {
	content, err := os.ReadFile(file)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("reading the operator's namespace: %w", err)
	}
	return strings.TrimSpace(string(content)), nil
}

// splitList is a comma-separated flag without blanks and empty entries.
func splitList(flag string) []string {
	var out []string
	for n := range strings.SplitSeq(flag, ",") {
		if n = strings.TrimSpace(n); n != "" {
			out = append(out, n)
		}
	}
	return out
}

func addChecks(mgr ctrl.Manager) error {
	if err := mgr.AddHealthzCheck("healthz", healthz.Ping); err != nil {
		return fmt.Errorf("adding the liveness check: %w", err)
	}
	if err := mgr.AddReadyzCheck("readyz", healthz.Ping); err != nil {
		return fmt.Errorf("adding the readiness check: %w", err)
	}
	return nil
}
