package local

import (
	"context"
	"fmt"

	"github.com/xatube/xatube-operator/hack/cluster/internal/machine"
	"github.com/xatube/xatube-operator/hack/cluster/internal/plan"
)

// onNode does something to one node of the cluster that is up.
func (p *Provider) onNode(ctx context.Context, name string, do func(plan.Cluster, plan.Node) error) error {
	unlock, err := p.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	c, _, err := p.current()
	if err != nil {
		return err
	}
	n, err := c.Node(name)
	if err != nil {
		return err
	}
	return do(c, n)
}

// Cut takes a node's link down, as if its cable were pulled. All on it goes on running.
func (p *Provider) Cut(ctx context.Context, node string) error {
	return p.onNode(ctx, node, func(c plan.Cluster, n plan.Node) error {
		return setLink(ctx, c, n.Name, "down")
	})
}

// Heal takes a node's link up again.
func (p *Provider) Heal(ctx context.Context, node string) error {
	return p.onNode(ctx, node, func(c plan.Cluster, n plan.Node) error {
		return setLink(ctx, c, n.Name, "up")
	})
}

// Kill ends all that a node runs, as a loss of power does. The link goes first: a computer without
// power does not close its connections.
func (p *Provider) Kill(ctx context.Context, node string) error {
	return p.onNode(ctx, node, func(c plan.Cluster, n plan.Node) error {
		if err := setLink(ctx, c, n.Name, "down"); err != nil {
			return err
		}
		if err := machine.Kill(ctx, c.Machine(n.Name)); err != nil {
			return fmt.Errorf("killing %s: %w", n.Name, err)
		}
		return nil
	})
}

// Restore boots a killed node with what was on its disk, and takes its link up.
func (p *Provider) Restore(ctx context.Context, node string) error {
	return p.onNode(ctx, node, func(c plan.Cluster, n plan.Node) error {
		if err := setLink(ctx, c, n.Name, "up"); err != nil {
			return err
		}
		return machine.Start(ctx, self(c), c.Machine(n.Name))
	})
}
