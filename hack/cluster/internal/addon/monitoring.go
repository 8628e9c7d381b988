package addon

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/xatube/xatube-operator/hack/cluster/internal/program"
)

// InstallMonitoring installs prometheus-operator and a Prometheus of the cluster, and waits until both work.
func InstallMonitoring(ctx context.Context, k Kubectl) error {
	dir, err := os.MkdirTemp("", "monitoring-")
	if err != nil {
		return fmt.Errorf("making a folder for the manifests: %w", err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	if err := writeMonitoring(ctx, dir); err != nil {
		return err
	}
	if err := k.Apply(ctx, "-k", filepath.Join(dir, "operator")); err != nil {
		return fmt.Errorf("installing prometheus-operator: %w", err)
	}
	err = k.Run(ctx, nil, "wait", "--for=condition=Established", "--timeout=60s",
		"crd/prometheuses.monitoring.coreos.com", "crd/servicemonitors.monitoring.coreos.com")
	if err != nil {
		return fmt.Errorf("waiting for the CRDs of prometheus-operator: %w", err)
	}
	err = k.Run(ctx, nil, "rollout", "status", "--namespace=monitoring", "deployment/prometheus-operator", "--timeout=5m")
	if err != nil {
		return fmt.Errorf("waiting for prometheus-operator: %w", err)
	}
	if err := k.Apply(ctx, "-k", filepath.Join(dir, "prometheus")); err != nil {
		return fmt.Errorf("installing Prometheus: %w", err)
	}
	err = k.Run(ctx, nil, "wait", "--for=condition=Available", "--namespace=monitoring", "prometheus/cluster", "--timeout=5m")
	if err != nil {
		return fmt.Errorf("waiting for Prometheus: %w", err)
	}
	return nil
}

// writeMonitoring lays out the manifests, with the bundle of CRDs and operator from the module.
func writeMonitoring(ctx context.Context, dir string) error {
	root, err := fs.Sub(manifests, "manifest/monitoring")
	if err != nil {
		return fmt.Errorf("opening the manifests: %w", err)
	}
	if err := os.CopyFS(dir, root); err != nil {
		return fmt.Errorf("writing the manifests: %w", err)
	}
	m := program.PrometheusOperator
	source, err := program.Source(ctx, m.Path, m.Version)
	if err != nil {
		return err
	}
	bundle, err := os.ReadFile(filepath.Join(source, "bundle.yaml"))
	if err != nil {
		return fmt.Errorf("reading the bundle of %s: %w", m.Name, err)
	}
	if err := os.WriteFile(filepath.Join(dir, "operator", "bundle.yaml"), bundle, 0o644); err != nil {
		return fmt.Errorf("writing the bundle of %s: %w", m.Name, err)
	}
	return nil
}
