package local

import (
	"context"
	"fmt"
	"os"

	"github.com/xatube/xatube-operator/hack/cluster/internal/config"
	"github.com/xatube/xatube-operator/hack/cluster/internal/netns"
	"github.com/xatube/xatube-operator/hack/cluster/internal/plan"
)

// buildNetwork makes the namespaces, the fabric and the routes.
func buildNetwork(ctx context.Context, c plan.Cluster) error {
	for _, m := range c.Machines() {
		if err := netns.Add(ctx, c.Namespace(m)); err != nil {
			return fmt.Errorf("making the network of %s: %w", m, err)
		}
		if err := netns.Do(c.Namespace(m), forward); err != nil {
			return fmt.Errorf("setting up the network of %s: %w", m, err)
		}
	}
	if err := configureLinks(ctx, c, plan.ControlMachine, "network-control.ip", clusterValues(c)); err != nil {
		return err
	}
	for _, n := range c.Nodes {
		v, err := nodeValues(c, n)
		if err != nil {
			return err
		}
		if err := configureLinks(ctx, c, n.Name, "network-node.ip", v); err != nil {
			return err
		}
	}
	return nil
}

func configureLinks(ctx context.Context, c plan.Cluster, machineName, template string, v values) error {
	batch, err := config.Render(template, v)
	if err != nil {
		return err
	}
	if err := netns.Configure(ctx, c.Namespace(machineName), batch); err != nil {
		return fmt.Errorf("setting up the network of %s: %w", machineName, err)
	}
	return nil
}

// forward lets the namespace of the calling thread pass packets on. Packets of pods come and go by
// different links, which strict reverse-path filtering would take for forgeries.
func forward() error {
	settings := map[string]string{
		"/proc/sys/net/ipv4/ip_forward":             "1",
		"/proc/sys/net/ipv4/conf/all/rp_filter":     "0",
		"/proc/sys/net/ipv4/conf/default/rp_filter": "0",
	}
	for path, value := range settings {
		if err := os.WriteFile(path, []byte(value), 0o644); err != nil {
			return fmt.Errorf("setting %s: %w", path, err)
		}
	}
	return nil
}

// setLink sets a node's end on the fabric up or down.
func setLink(ctx context.Context, c plan.Cluster, node, direction string) error {
	batch := fmt.Appendf(nil, "link set %s %s\n", node, direction)
	if err := netns.Configure(ctx, c.Namespace(plan.ControlMachine), batch); err != nil {
		return fmt.Errorf("setting the link of %s %s: %w", node, direction, err)
	}
	return nil
}
