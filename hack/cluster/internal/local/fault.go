package local

import (
	"context"
	"fmt"

	"github.com/xatube/xatube-operator/hack/cluster/internal/machine"
	"github.com/xatube/xatube-operator/hack/cluster/internal/plan"
)

// onNode does something to one node of the cluster that is up.
func (p *Provider) onNode(ctx context.Context, name string, do func(plan.Cluster, plan.Node) error) error {
	return p.onMachine(ctx, name, func(c plan.Cluster) error {
		n, err := c.Node(name)
		if err != nil {
			return err
		}
		return do(c, n)
	})
}

// onMachine does something to a node or to the control machine.
func (p *Provider) onMachine(ctx context.Context, name string, do func(plan.Cluster) error) error {
	unlock, err := p.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	c, _, err := p.current()
	if err != nil {
		return err
	}
	if name != plan.ControlMachine {
		if _, err := c.Node(name); err != nil {
			return err
		}
	}
	return do(c)
}

// Kill ends all that a machine runs, as a loss of power does. The link of a node goes first: a computer without power
// does not close its connections. The fabric that hangs on the control machine stays.
func (p *Provider) Kill(ctx context.Context, name string) error {
	return p.onMachine(ctx, name, func(c plan.Cluster) error {
		if name != plan.ControlMachine {
			if err := setLink(ctx, c, name, "down"); err != nil {
				return err
			}
		}
		if err := machine.Kill(ctx, c.Machine(name)); err != nil {
			return fmt.Errorf("killing %s: %w", name, err)
		}
		return nil
	})
}

// Restore boots a killed machine with what was on its disk, and takes the link of a node up.
func (p *Provider) Restore(ctx context.Context, name string) error {
	return p.onMachine(ctx, name, func(c plan.Cluster) error {
		if name != plan.ControlMachine {
			if err := heal(ctx, c, name); err != nil {
				return err
			}
		}
		return machine.Start(ctx, self(c), c.Machine(name))
	})
}
