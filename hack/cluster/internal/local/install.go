package local

import (
	"context"

	"github.com/xatube/xatube-operator/hack/cluster/internal/addon"
	"github.com/xatube/xatube-operator/hack/cluster/internal/image"
	"github.com/xatube/xatube-operator/hack/cluster/internal/plan"
	"github.com/xatube/xatube-operator/hack/cluster/internal/program"
)

// install brings the addons. They are applied only once their images are loaded: a pod that misses its
// image waits long for the next try.
func install(ctx context.Context, c plan.Cluster, k addon.Kubectl, loaded <-chan struct{}) error {
	dir := c.Path("addons")
	if err := addon.Write(ctx, dir); err != nil {
		return err
	}
	if err := k.WaitAPI(ctx); err != nil {
		return err
	}
	if err := k.WaitNodes(ctx, c.NodeNames()); err != nil {
		return err
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-loaded:
	}
	return addon.Install(ctx, k, dir, addon.DNS, addon.Storage, addon.CloudNativePG)
}

// InstallGatewayAPI installs the CRDs of the Gateway API.
func (p *Provider) InstallGatewayAPI(ctx context.Context) error {
	c, _, err := p.current()
	if err != nil {
		return err
	}
	k, err := p.kubectl(ctx, c)
	if err != nil {
		return err
	}
	return addon.InstallGatewayAPI(ctx, k)
}

// InstallMonitoring builds and loads the images of the addon, and installs it.
func (p *Provider) InstallMonitoring(ctx context.Context) error {
	c, _, err := p.current()
	if err != nil {
		return err
	}
	archives, err := image.Monitoring(ctx, p.cache)
	if err != nil {
		return err
	}
	if err := p.loadAll(ctx, c, archives); err != nil {
		return err
	}
	k, err := p.kubectl(ctx, c)
	if err != nil {
		return err
	}
	return addon.InstallMonitoring(ctx, k)
}

func (p *Provider) kubectl(ctx context.Context, c plan.Cluster) (addon.Kubectl, error) {
	r, err := p.release()
	if err != nil {
		return addon.Kubectl{}, err
	}
	binary, err := program.One(ctx, p.cache, r, "kubectl")
	return addon.Kubectl{Binary: binary, Kubeconfig: c.Kubeconfig()}, err
}
