//go:build e2e

package e2e

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/xatube/xatube-operator/api/v1alpha1"
)

// survivesTheDeathOfThePrimary kills the primary of the database while users write. What was acknowledged is there
// afterwards, and the status tells of the failover.
func survivesTheDeathOfThePrimary(t *testing.T, platform types.NamespacedName) {
	writing := startWriting(t, platform)
	from := kill(t, platform)
	failover := waitFailover(t, platform, from)
	if failover.Kind != v1alpha1.KindFailover {
		t.Errorf("the status calls it a %s", failover.Kind)
	}
	ready(t, platform, changeTimeout)
	tally := writing.stop(t)
	t.Logf("failover from %s to %s in %s s as the operator saw it; users: %s", failover.From, failover.To, failover.Seconds, tally)
}

// kill ends the primary's pod as a crash would, without time to hand over.
func kill(t *testing.T, platform types.NamespacedName) string {
	t.Helper()
	primary := primary(t, platform)
	check(t, kube.Kill(t.Context(), platform.Namespace, primary))
	return primary
}

func waitFailover(t *testing.T, platform types.NamespacedName, from string) v1alpha1.FailoverStatus {
	t.Helper()
	var seen v1alpha1.FailoverStatus
	check(t, kube.WaitPlatform(t.Context(), platform, 2*time.Minute, "failover", func(x *v1alpha1.XaTubeCluster) error {
		last := x.Status.Postgres.LastFailover
		if last == nil || last.CompletedAt == nil {
			return errors.New("status.postgres.lastFailover is not complete")
		}
		seen = *last
		if seen.From != from || seen.To == "" || seen.To == from || x.Status.Postgres.Primary != seen.To {
			return fmt.Errorf("lastFailover is from %s to %s, the primary %s; %s was killed", seen.From, seen.To, x.Status.Postgres.Primary, from)
		}
		return nil
	}))
	return seen
}
