package failover

import (
	"strings"
	"testing"
	"time"

	cnpgv1 "github.com/cloudnative-pg/api/pkg/api/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/xatube/xatube-operator/api/v1alpha1"
)

func TestCause(t *testing.T) {
	tests := []struct {
		name   string
		db     *cnpgv1.Cluster
		saying string
	}{
		{"gone", nil, "gone"},
		{"chosen", healthy(func(db *cnpgv1.Cluster) { db.Status.TargetPrimary = "b" }), "b was chosen and has not taken over"},
		{"no quorum", healthy(func(db *cnpgv1.Cluster) {
			db.Status.TargetPrimary = pendingTarget
			db.Status.InstancesStatus[cnpgv1.PodHealthy] = []string{"b"}
		}), "1 of the 2 standbys that the quorum needs are ready"},
		{"pending", healthy(func(db *cnpgv1.Cluster) { db.Status.TargetPrimary = pendingTarget }), "no standby was chosen yet"},
		{"not begun", healthy(nil), "has not begun"},
		{"CloudNativePG's word", healthy(func(db *cnpgv1.Cluster) {
			db.Status.Phase, db.Status.PhaseReason = cnpgv1.PhaseFailOver, "Initiating a failover from a"
		}), `"Failing over: Initiating a failover from a"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := Cause(tt.db); !strings.Contains(got, tt.saying) {
				t.Errorf("got %q, want it to say %q", got, tt.saying)
			}
		})
	}
}

var fine = &corev1.Pod{Status: corev1.PodStatus{Conditions: []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}}}}

func TestLeaderless(t *testing.T) {
	unready := func(ago time.Duration) *corev1.Pod {
		return &corev1.Pod{Status: corev1.PodStatus{Conditions: []corev1.PodCondition{{
			Type: corev1.PodReady, Status: corev1.ConditionFalse, LastTransitionTime: metav1.NewTime(now.Add(-ago)),
		}}}}
	}
	tests := []struct {
		name   string
		db     *cnpgv1.Cluster
		pod    *corev1.Pod
		silent time.Time
		want   bool
	}{
		{name: "ready", db: healthy(nil), pod: fine, silent: now.Add(-time.Hour)},
		{name: "unready for a moment", db: healthy(nil), pod: unready(StalledAfter - second)},
		{name: "unready for long", db: healthy(nil), pod: unready(StalledAfter), want: true},
		{name: "no pod, silent for long", db: healthy(nil), silent: now.Add(-StalledAfter), want: true},
		{name: "no pod, nobody knows since when", db: healthy(nil)},
		{name: "being replaced", db: healthy(func(db *cnpgv1.Cluster) { db.Status.TargetPrimary = "b" }), pod: unready(time.Hour)},
		{name: "hibernated", db: healthy(annotated(hibernation, "on")), silent: now.Add(-time.Hour)},
		{name: "single", db: healthy(func(db *cnpgv1.Cluster) { db.Spec.Instances = 1 }), pod: unready(time.Hour)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := Leaderless(tt.db, tt.pod, tt.silent, now); got != tt.want {
				t.Errorf("got %v", got)
			}
		})
	}
}

func TestAFailoverBeginsWhenThePrimaryFellSilent(t *testing.T) {
	previous := &v1alpha1.PostgresStatus{Primary: "a"}
	for _, tt := range []struct{ silent, want time.Time }{
		{time.Time{}, now},
		{now.Add(-5 * second), now.Add(-5 * second)},
		{now.Add(-time.Hour), now},
		{now.Add(second), now},
	} {
		if got := Track(previous, database("a", pendingTarget), tt.silent, now).StartedAt.Time; !got.Equal(tt.want) {
			t.Errorf("silent since %v: began %v, want %v", tt.silent, got, tt.want)
		}
	}
}

// TestNextLook: a look just before the time is up must be followed by one just after it.
func TestNextLook(t *testing.T) {
	began := &v1alpha1.FailoverStatus{StartedAt: metav1.NewMicroTime(now.Add(-50 * time.Second))}
	ended := began.DeepCopy()
	ended.CompletedAt = &began.StartedAt
	for _, tt := range []struct {
		name   string
		target string
		pod    *corev1.Pod
		last   *v1alpha1.FailoverStatus
		silent time.Duration // ago; negative: not
		want   time.Duration
	}{
		{"a ready primary", "a", fine, ended, -1, 0},
		{"nobody knows since when", "a", nil, ended, -1, StalledAfter},
		{"silent", "a", nil, ended, 59500 * time.Millisecond, 500 * time.Millisecond},
		{"stalled", "a", nil, ended, StalledAfter, StalledAfter},
		{"a change is under way", pendingTarget, nil, began, -1, 10 * time.Second},
		{"a change has begun of which there is no record yet", pendingTarget, nil, ended, -1, StalledAfter},
	} {
		t.Run(tt.name, func(t *testing.T) {
			db := healthy(func(db *cnpgv1.Cluster) { db.Status.TargetPrimary = tt.target })
			var silent time.Time
			if tt.silent >= 0 {
				silent = now.Add(-tt.silent)
			}
			if got := NextLook(db, tt.pod, tt.last, silent, now); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}
