// Package addon installs what a cluster has on top of bare Kubernetes, and waits until it works.
package addon

import (
	"bytes"
	"context"
	"embed"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/xatube/xatube-operator/hack/cluster/internal/program"
)

//go:embed manifest
var manifests embed.FS

// Names of the addons: folders of manifests.
const (
	DNS           = "dns"
	Storage       = "storage"
	CloudNativePG = "cloudnative-pg"
)

// deployments are what the addons run.
var deployments = map[string]struct{ namespace, name string }{
	DNS:           {"kube-system", "coredns"},
	Storage:       {"local-path-storage", "local-path-provisioner"},
	CloudNativePG: {"cnpg-system", "cnpg-controller-manager"},
}

// Write lays the manifests out below a folder, for kubectl.
func Write(ctx context.Context, dir string) error {
	root, err := fs.Sub(manifests, "manifest")
	if err != nil {
		return fmt.Errorf("opening the manifests: %w", err)
	}
	if err := os.CopyFS(dir, root); err != nil {
		return fmt.Errorf("writing the manifests: %w", err)
	}
	m := program.CloudNativePG
	source, err := program.Source(ctx, m.Path, m.Version)
	if err != nil {
		return err
	}
	release, err := os.ReadFile(filepath.Join(source, "releases", "cnpg-"+m.Version[1:]+".yaml"))
	if err != nil {
		return fmt.Errorf("reading the manifest of %s: %w", m.Name, err)
	}
	if err := os.WriteFile(filepath.Join(dir, CloudNativePG, "release.yaml"), release, 0o644); err != nil {
		return fmt.Errorf("writing the manifest of %s: %w", m.Name, err)
	}
	return nil
}

// Install applies addons that were written below a folder and waits until all of them work.
func Install(ctx context.Context, k Kubectl, dir string, names ...string) error {
	for _, name := range names {
		if err := k.Apply(ctx, "-k", filepath.Join(dir, name)); err != nil {
			return fmt.Errorf("installing %s: %w", name, err)
		}
	}
	for _, name := range names {
		d := deployments[name]
		err := k.Run(ctx, nil, "rollout", "status", "--namespace", d.namespace, "deployment/"+d.name, "--timeout=5m")
		if err != nil {
			return fmt.Errorf("waiting for %s: %w", name, err)
		}
	}
	return waitWebhooks(ctx, k)
}

// waitWebhooks waits for the webhooks of CloudNativePG, which answer later than its pods say.
func waitWebhooks(ctx context.Context, k Kubectl) error {
	probe, err := manifests.ReadFile("manifest/probe.yaml")
	if err != nil {
		return fmt.Errorf("reading the probe: %w", err)
	}
	return until(ctx, "the webhooks of CloudNativePG", func() error {
		return k.Run(ctx, bytes.NewReader(probe), "create", "--dry-run=server", "--filename=-")
	})
}

// InstallGatewayAPI installs the CRDs of the Gateway API, standard channel.
func InstallGatewayAPI(ctx context.Context, k Kubectl) error {
	source, err := program.Source(ctx, program.GatewayAPI.Path, program.GatewayAPI.Version)
	if err != nil {
		return err
	}
	if err := k.Apply(ctx, "-k", filepath.Join(source, "config", "crd")); err != nil {
		return fmt.Errorf("installing the Gateway API: %w", err)
	}
	return k.Run(ctx, nil, "wait", "--for=condition=Established", "--timeout=60s",
		"crd/httproutes.gateway.networking.k8s.io", "crd/tcproutes.gateway.networking.k8s.io")
}
