package local

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"path/filepath"

	"golang.org/x/sync/errgroup"

	"github.com/xatube/xatube-operator/hack/cluster/internal/machine"
	"github.com/xatube/xatube-operator/hack/cluster/internal/plan"
)

const containerdSocket = "/run/containerd/containerd.sock"

// Load loads image archives into every running node under the references that they name.
func (p *Provider) Load(ctx context.Context, archives ...string) error {
	c, _, err := p.current()
	if err != nil {
		return err
	}
	return p.loadAll(ctx, c, archives)
}

// LoadBuilt loads all images of the table again, for example into a node that lost them.
func (p *Provider) LoadBuilt(ctx context.Context) error {
	a, err := p.build(ctx)
	if err != nil {
		return err
	}
	return p.Load(ctx, append(a.system, a.servers)...)
}

// loadAll loads into all nodes at once, the archives of one node one after the other.
func (p *Provider) loadAll(ctx context.Context, c plan.Cluster, archives []string) error {
	group, ctx := errgroup.WithContext(ctx)
	for _, n := range c.Nodes {
		if _, running := machine.Running(c.Machine(n.Name)); !running {
			p.progress.Printf("%s does not run, nothing loaded", n.Name)
			continue
		}
		group.Go(func() error {
			for _, archive := range archives {
				if err := loadOne(ctx, c, n, archive); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return group.Wait()
}

func loadOne(ctx context.Context, c plan.Cluster, n plan.Node, archive string) error {
	socket, err := machine.WaitSocket(ctx, c.Machine(n.Name), containerdSocket)
	if err != nil {
		return err
	}
	// k8s.io is the namespace of containerd in which kubelet looks.
	cmd := exec.CommandContext(ctx, "ctr", "--address", socket, "--namespace", "k8s.io", "images", "import", archive)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("loading %s into %s: %w: %s", filepath.Base(archive), n.Name, err, bytes.TrimSpace(out))
	}
	return nil
}
