//go:build e2e

package chaos

import (
	"context"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/xatube/xatube-operator/internal/component/naming"
	"github.com/xatube/xatube-operator/test/drive"
)

const (
	// away is how long what controls the platform is away.
	away = 30 * time.Second
	// afterwards is watched what is done with a delay.
	afterwards = 15 * time.Second
)

// controlTrials hit what controls the platform, and not the platform.
var controlTrials = []trial{
	{name: "OperatorStopped", strike: stopOperator},
	{name: "APIServerRestarted", strike: withoutAPI(0), limits: limits{writes: -1, reads: -1}},
	{name: "APIServerAway30s", strike: withoutAPI(away), limits: limits{writes: -1, reads: -1}},
}

// stopOperator stops the operator, which then finds that a long time has passed of which it has seen nothing.
func stopOperator(t *testing.T, g *ground, _ *crowd) string {
	before := g.pods(t, naming.Postgres)
	operator, err := findOperatorPod(t.Context())
	check(t, err)
	container := operator.Spec.Containers[0].Name
	send(t, "STOP", operator, container)
	check(t, drive.Pass(t.Context(), away))
	thaw(t, operator, container)
	check(t, drive.Pass(t.Context(), afterwards)) // for what it might do now
	g.unshot(t, before)
	return "the primary was left alone"
}

// withoutAPI takes the power of the control plane for a while. Nothing may be deleted for it.
func withoutAPI(span time.Duration) func(*testing.T, *ground, *crowd) string {
	return func(t *testing.T, g *ground, _ *crowd) string {
		before, err := kube.Children(t.Context(), g.platform)
		check(t, err)
		instances := g.pods(t, naming.Postgres)
		check(t, drive.Inflict(t.Context(), drive.Kill, "control"))
		check(t, drive.Pass(t.Context(), span))
		check(t, drive.Inflict(t.Context(), drive.Restore, "control"))
		check(t, waitAPI(t.Context()))
		check(t, waitNodes(t.Context()))
		g.ready(t)
		check(t, drive.Pass(t.Context(), afterwards)) // for what might be done now, with a delay
		g.unshot(t, instances)
		after, err := kube.Children(t.Context(), g.platform)
		check(t, err)
		for _, difference := range before.Differences(after) {
			if strings.HasSuffix(difference, " is gone") || strings.HasSuffix(difference, " was replaced") {
				t.Errorf("after %s without the API server: %s", span, difference)
			}
		}
		return "nothing was deleted or replaced"
	}
}

// unshot fails when pods of the database are gone or have been replaced.
func (g *ground) unshot(t *testing.T, before []corev1.Pod) {
	t.Helper()
	for i := range before {
		now := &corev1.Pod{}
		check(t, drive.Until(t.Context(), 20*time.Second, "pod "+before[i].Name, func(ctx context.Context) error {
			return kube.Get(ctx, client.ObjectKeyFromObject(&before[i]), now)
		}))
		if now.UID != before[i].UID {
			t.Errorf("%s was healthy and has been replaced", before[i].Name)
		}
	}
}
