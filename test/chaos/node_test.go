//go:build e2e

package chaos

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/xatube/xatube-operator/test/drive"
)

const (
	// partition is how long a node stays cut off whose primary need not be replaced.
	partition = 30 * time.Second
	// unreachable is longer than the time after which Kubernetes calls a node NotReady that cannot reach the API server.
	unreachable = 75 * time.Second
	// untouched bounds the time without a write where nobody has to take over: the primary serves on.
	untouched = 20 * time.Second
)

// nodeTrials hit the node of the primary, who is alone there. What else was there answers no more: requests that were
// sent to it fail, until the edge sends them elsewhere.
var nodeTrials = []trial{
	{"NodeCutOff", isolate, cutOff, limits{gap: takeover, writes: -1, reads: -1, pages: -1}},
	{"NodeCutOffFromAPI", isolate, cutOffFrom("api", unreachable), limits{gap: untouched, writes: -1, reads: -1, pages: -1}},
	{"NodeCutOffFromNodes", isolate, cutOffFrom("nodes", partition), limits{writes: -1, reads: -1, pages: -1}},
	{"NodeKilled", isolate, killNode, limits{gap: takeover, writes: -1, reads: -1, pages: -1}},
}

func isolate(t *testing.T, g *ground) string { return g.isolatePrimary(t) }

// cutOff cuts the primary's node off until another primary has taken over.
func cutOff(t *testing.T, g *ground, c *crowd) string {
	primary := g.primary(t)
	probes := g.probeAll(t, c)
	check(t, drive.Inflict(t.Context(), drive.Cut, primary.Spec.NodeName, "--from", "all"))
	g.promoted(t, primary.Name, 2*time.Minute)
	c.written(t, time.Minute)
	check(t, drive.Inflict(t.Context(), drive.Heal, primary.Spec.NodeName))
	check(t, waitNodes(t.Context()))
	g.ready(t)
	return g.verdict(t, probes)
}

// cutOffFrom separates the primary's node for a while from the API server, or from its standbys: then no write can be
// acknowledged. In either case the primary lives and the standbys or the API server know it: it is left alone.
func cutOffFrom(from string, span time.Duration) func(*testing.T, *ground, *crowd) string {
	return func(t *testing.T, g *ground, c *crowd) string {
		primary := g.primary(t)
		probes := g.probeAll(t, c)
		check(t, drive.Inflict(t.Context(), drive.Cut, primary.Spec.NodeName, "--from", from))
		check(t, drive.Pass(t.Context(), span))
		check(t, drive.Inflict(t.Context(), drive.Heal, primary.Spec.NodeName))
		check(t, waitNodes(t.Context()))
		c.written(t, healTimeout)
		g.ready(t)
		g.unshot(t, []corev1.Pod{*primary})
		return g.verdict(t, probes)
	}
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
