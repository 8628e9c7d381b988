//go:build e2e

package e2e

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/test/drive"
)

// survivesTheDeathOfThePrimary kills the primary of the database while users write. What was acknowledged is there
// afterwards, and the status tells of the failover.
func survivesTheDeathOfThePrimary(t *testing.T, platform types.NamespacedName) {
	site := open(t, platform)
	diary, err := register(t, site).StartDiary(t.Context(), t.Name())
	check(t, err)
	load := drive.StartLoad(t.Context(), loadInterval, diary.Write)
	from := kill(t, platform)
	failover := waitFailover(t, platform, from)
	ready(t, platform, changeTimeout)
	tally := load.Stop()
	t.Logf("failover from %s to %s in %s s as the operator saw it; users: %s", failover.From, failover.To, failover.Seconds, tally)

	lost, err := diary.Lost(t.Context())
	check(t, err)
	if n := diary.Acknowledged(); len(lost) > 0 || n == 0 {
		t.Errorf("%d of %d acknowledged rows are lost: %s", len(lost), n, strings.Join(lost, ", "))
	}
}

// kill ends the primary's pod as a crash would, without time to hand over.
func kill(t *testing.T, platform types.NamespacedName) string {
	t.Helper()
	x, err := kube.Platform(t.Context(), platform)
	check(t, err)
	primary := x.Status.Postgres.Primary
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: platform.Namespace, Name: primary}}
	check(t, kube.Delete(t.Context(), pod, client.GracePeriodSeconds(1)))
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
