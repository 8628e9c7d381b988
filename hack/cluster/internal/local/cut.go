package local

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"slices"

	"github.com/xatube/xatube-operator/hack/cluster/internal/config"
	"github.com/xatube/xatube-operator/hack/cluster/internal/netns"
	"github.com/xatube/xatube-operator/hack/cluster/internal/plan"
)

// What a node can be cut off from.
const (
	FromAll   = "all"
	FromAPI   = "api"
	FromNodes = "nodes"
)

// Cut separates a node from all the others, as if its cable were pulled, or from the API server or the other nodes alone.
// All on it goes on running. Packets vanish, as on a broken way; nobody is told.
func (p *Provider) Cut(ctx context.Context, node, from string) error {
	if !slices.Contains([]string{FromAll, FromAPI, FromNodes}, from) {
		return fmt.Errorf("cutting off from %q: want %s, %s or %s", from, FromAll, FromAPI, FromNodes)
	}
	return p.onNode(ctx, node, func(c plan.Cluster, n plan.Node) error {
		if from == FromAll {
			return setLink(ctx, c, n.Name, "down")
		}
		return dropPackets(ctx, c, n.Name, farSide(c, n, from))
	})
}

// Heal undoes every cut of a node.
func (p *Provider) Heal(ctx context.Context, node string) error {
	return p.onNode(ctx, node, func(c plan.Cluster, n plan.Node) error {
		return heal(ctx, c, n.Name)
	})
}

func heal(ctx context.Context, c plan.Cluster, node string) error {
	if err := dropPackets(ctx, c, node, nil); err != nil {
		return err
	}
	return setLink(ctx, c, node, "up")
}

// farSide are the addresses that a node is to be cut off from.
func farSide(c plan.Cluster, n plan.Node, from string) []string {
	if from == FromAPI {
		return []string{plan.FabricGateway}
	}
	var addresses []string
	for _, peer := range c.Peers(n.Name) {
		addresses = append(addresses, peer.IP, peer.PodRange)
	}
	return addresses
}

// dropPackets lets no packet of a node reach some addresses or come from there; with none, all pass again. Addresses of
// Services have been translated when a packet leaves.
func dropPackets(ctx context.Context, c plan.Cluster, node string, addresses []string) error {
	rules, err := config.Render("cut.nft", struct{ Unreachable []string }{addresses})
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, "nsenter", "--net="+netns.Path(c.Namespace(node)), "nft", "--file", "-")
	cmd.Stdin = bytes.NewReader(rules)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("filtering the packets of %s: %w: %s", node, err, bytes.TrimSpace(out))
	}
	return nil
}
