//go:build e2e

package chaos

import (
	"testing"
	"time"

	"github.com/xatube/xatube-operator/test/drive"
)

const (
	// nodeGap bounds the time without a write when the primary's node is lost. Without what makes it short it is the 50 s
	// after which Kubernetes calls a node NotReady.
	nodeGap = 40 * time.Second
	// partition is how long a node stays cut off whose primary need not be replaced.
	partition = 30 * time.Second
)

// nodeTrials hit the node of the primary, who is alone there. What else was there answers no more: requests that were
// sent to it fail, until the edge sends them elsewhere.
var nodeTrials = []trial{
	{"NodeCutOff", isolate, cutOff("all"), limits{gap: nodeGap, writes: -1, reads: -1, pages: -1}},
	{"NodeCutOffFromAPI", isolate, cutOff("api"), limits{gap: nodeGap, writes: -1, reads: -1, pages: -1}},
	{"NodeCutOffFromNodes", isolate, cutOffFromNodes, limits{writes: -1, reads: -1, pages: -1}},
	{"NodeKilled", isolate, killNode, limits{gap: nodeGap, writes: -1, reads: -1, pages: -1}},
}

func isolate(t *testing.T, g *ground) string { return g.isolatePrimary(t) }

// cutOff cuts the primary's node off until another primary has taken over.
func cutOff(from string) func(*testing.T, *ground, *crowd) string {
	return func(t *testing.T, g *ground, c *crowd) string {
		primary := g.primary(t)
		probes := g.probeAll(t, c)
		check(t, drive.Inflict(t.Context(), drive.Cut, primary.Spec.NodeName, "--from", from))
		g.promoted(t, primary.Name, 2*time.Minute)
		c.written(t, time.Minute)
		check(t, drive.Inflict(t.Context(), drive.Heal, primary.Spec.NodeName))
		check(t, waitNodes(t.Context()))
		g.ready(t)
		return g.verdict(t, probes)
	}
}

// cutOffFromNodes separates the primary from its standbys, while both see the API server. No write can be acknowledged;
// whether another one takes over is for those to say who decide about it.
func cutOffFromNodes(t *testing.T, g *ground, c *crowd) string {
	primary := g.primary(t)
	probes := g.probeAll(t, c)
	check(t, drive.Inflict(t.Context(), drive.Cut, primary.Spec.NodeName, "--from", "nodes"))
	check(t, drive.Pass(t.Context(), partition))
	check(t, drive.Inflict(t.Context(), drive.Heal, primary.Spec.NodeName))
	c.written(t, healTimeout)
	g.ready(t)
	return g.verdict(t, probes)
}

// killNode takes the power of the primary's node until another primary has taken over.
func killNode(t *testing.T, g *ground, c *crowd) string {
	primary := g.primary(t)
	check(t, drive.Inflict(t.Context(), drive.Kill, primary.Spec.NodeName))
	g.promoted(t, primary.Name, 2*time.Minute)
	c.written(t, time.Minute)
	check(t, drive.Inflict(t.Context(), drive.Restore, primary.Spec.NodeName))
	check(t, waitNodes(t.Context()))
	return "from " + primary.Name + " to " + g.primary(t).Name
}
