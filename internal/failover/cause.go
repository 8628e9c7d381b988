package failover

import (
	"fmt"
	"time"

	cnpgv1 "github.com/cloudnative-pg/api/pkg/api/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/xatube/xatube-operator/api/v1alpha1"
)

// Cause says what a change of the primary that does not end waits for.
func Cause(db *cnpgv1.Cluster) string {
	if db == nil {
		return "the database is gone"
	}
	said := db.Status.Phase
	if db.Status.PhaseReason != "" {
		said += ": " + db.Status.PhaseReason
	}
	return fmt.Sprintf("%s (CloudNativePG says %q)", awaited(db), said)
}

func awaited(db *cnpgv1.Cluster) string {
	target := db.Status.TargetPrimary
	if InProgress(db) && target != pendingTarget {
		return target + " was chosen and has not taken over yet"
	}
	if needed, ready := Needed(db), readyStandbys(db); ready < needed {
		return fmt.Sprintf("%d of the %d standbys that the quorum needs are ready: bring their pods or nodes back", ready, needed)
	}
	if target == pendingTarget {
		return "no standby was chosen yet"
	}
	return "CloudNativePG has not begun to replace it"
}

func readyStandbys(db *cnpgv1.Cluster) int {
	n := 0
	for _, name := range db.Status.InstancesStatus[cnpgv1.PodHealthy] {
		if name != db.Status.CurrentPrimary {
			n++
		}
	}
	return n
}

// Leaderless says that a database with standbys has been without a ready primary for longer than it may, and that no
// change of the primary has begun. silent is since when the primary has not renewed its lease; zero when it does.
func Leaderless(db *cnpgv1.Cluster, primary *corev1.Pod, silent, now time.Time) bool {
	since := leaderlessSince(db, primary, silent)
	return !since.IsZero() && now.Sub(since) >= StalledAfter
}

// leaderlessSince is zero while the primary is not away, or nobody knows since when it is.
func leaderlessSince(db *cnpgv1.Cluster, primary *corev1.Pod, silent time.Time) time.Time {
	if !away(db, primary) {
		return time.Time{}
	}
	if c := readiness(primary); c != nil {
		return c.LastTransitionTime.Time
	}
	return silent
}

// away says that a database with standbys, which is to run, has no ready primary, and that no change has begun.
func away(db *cnpgv1.Cluster, primary *corev1.Pod) bool {
	if db == nil || db.Status.CurrentPrimary == "" || InProgress(db) || Asleep(db) || fenced(db) || Needed(db) == 0 {
		return false
	}
	c := readiness(primary)
	return c == nil || c.Status != corev1.ConditionTrue
}

// readiness of a pod; nil when there is no pod, or when it has not been started yet.
func readiness(pod *corev1.Pod) *corev1.PodCondition {
	if pod == nil {
		return nil
	}
	for i := range pod.Status.Conditions {
		if c := &pod.Status.Conditions[i]; c.Type == corev1.PodReady {
			return c
		}
	}
	return nil
}

// NextLook is how soon it can turn out that a database has stalled without a primary; zero while it has one. last is the
// record of the change that is under way, or of the last one.
func NextLook(db *cnpgv1.Cluster, primary *corev1.Pod, last *v1alpha1.FailoverStatus, silent, now time.Time) time.Duration {
	since := leaderlessSince(db, primary, silent)
	switch {
	case InProgress(db):
		if last != nil && last.CompletedAt == nil {
			since = last.StartedAt.Time
		}
	case !away(db, primary):
		return 0
	}
	if left := StalledAfter - now.Sub(since); !since.IsZero() && left > 0 {
		return left
	}
	return StalledAfter
}
