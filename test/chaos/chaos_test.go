//go:build e2e

package chaos

import (
	"context"
	"testing"
)

// trial is one fault with what must hold.
type trial struct {
	name string
	// prepare arranges what the fault needs, and names the node by which people come in; empty is any.
	prepare func(*testing.T, *ground) string
	// strike makes the fault, waits for what must happen before it ends, and ends it.
	strike func(*testing.T, *ground, *crowd) (note string)
	limits limits
}

// TestFaults lets one platform suffer all faults. Each leaves it ready.
func TestFaults(t *testing.T) {
	g := &ground{platform: apply(t, namespace(t, "chaos"), "live", spec)}
	check(t, kube.WaitReady(t.Context(), g.platform, readyTimeout))
	for _, some := range [][]trial{serverTrials, databaseTrials, controlTrials, nodeTrials} {
		for _, tr := range some {
			t.Run(tr.name, func(t *testing.T) { tr.run(t, g) })
		}
	}
	t.Logf("\n%s", table(g.results))
}

func (tr trial) run(t *testing.T, g *ground) {
	t.Cleanup(func() {
		if t.Failed() {
			// What the fault has left broken would fail all that come after it.
			check(t, mend(context.WithoutCancel(t.Context())))
		}
	})
	var node string
	if tr.prepare != nil {
		node = tr.prepare(t, g)
	}
	c := gather(t, g.open(t, node))
	note := tr.strike(t, g, c)
	c.written(t, healTimeout)
	g.ready(t)
	r := c.leave(t, tr.name)
	r.note = note
	g.results = append(g.results, r)
	r.judge(t, tr.limits)
}
