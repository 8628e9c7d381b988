package failover

import (
	"testing"
	"time"

	cnpgv1 "github.com/cloudnative-pg/api/pkg/api/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/xatube/xatube-operator/api/v1alpha1"
)

var now = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func database(current, target string) *cnpgv1.Cluster {
	return &cnpgv1.Cluster{Status: cnpgv1.ClusterStatus{CurrentPrimary: current, TargetPrimary: target}}
}

func open(from string, ago time.Duration) *v1alpha1.FailoverStatus {
	return &v1alpha1.FailoverStatus{From: from, StartedAt: metav1.NewMicroTime(now.Add(-ago))}
}

func TestTrack(t *testing.T) {
	tests := []struct {
		name              string
		previous          *v1alpha1.PostgresStatus
		db                *cnpgv1.Cluster
		from, to, seconds string
		complete, nothing bool
	}{
		{name: "no database", previous: &v1alpha1.PostgresStatus{Primary: "a"}, nothing: true},
		{name: "first primary is no failover", db: database("a", "a"), nothing: true},
		{name: "at rest", previous: &v1alpha1.PostgresStatus{Primary: "a"}, db: database("a", "a"), nothing: true},
		{name: "started, no target yet", previous: &v1alpha1.PostgresStatus{Primary: "a"}, db: database("a", "pending"), from: "a"},
		{name: "target chosen", previous: &v1alpha1.PostgresStatus{Primary: "a", LastFailover: open("a", 2*time.Second)}, db: database("a", "b"), from: "a", to: "b"},
		{name: "completed", previous: &v1alpha1.PostgresStatus{Primary: "a", LastFailover: open("a", 6500*time.Millisecond)}, db: database("b", "b"), from: "a", to: "b", seconds: "6.5", complete: true},
		{name: "came back to the same primary", previous: &v1alpha1.PostgresStatus{Primary: "a", LastFailover: open("a", time.Second)}, db: database("a", "a"), from: "a", to: "a", seconds: "1.0", complete: true},
		{name: "happened unseen", previous: &v1alpha1.PostgresStatus{Primary: "a"}, db: database("c", "c"), from: "a", to: "c", seconds: "0.0", complete: true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := Track(tt.previous, tt.db, time.Time{}, now)
			if tt.nothing {
				if got != nil {
					t.Fatalf("got %+v, want nothing", got)
				}
				return
			}
			if got == nil || got.From != tt.from || got.To != tt.to || got.Seconds != tt.seconds || (got.CompletedAt != nil) != tt.complete {
				t.Errorf("got %+v", got)
			}
		})
	}
}

func TestTrackStartsFromCloudNativePGsTimeWhenUnseen(t *testing.T) {
	db := database("c", "c")
	db.Status.TargetPrimaryTimestamp = now.Add(-4 * time.Second).Format(metav1.RFC3339Micro)
	got := Track(&v1alpha1.PostgresStatus{Primary: "a"}, db, time.Time{}, now)
	if got.Seconds != "4.0" {
		t.Errorf("got %s seconds, want 4.0", got.Seconds)
	}
}

func TestKindOf(t *testing.T) {
	tests := []struct {
		name, target, phase string
		want                v1alpha1.FailoverKind
	}{
		{"asked for", "b", cnpgv1.PhaseSwitchover, v1alpha1.KindSwitchover},
		{"before the primary takes another image", "b", cnpgv1.PhaseUpgrade, v1alpha1.KindSwitchover},
		{"the primary failed during an update", "pending", cnpgv1.PhaseUpgrade, v1alpha1.KindFailover},
		{"no successor yet", "pending", cnpgv1.PhaseFailOver, v1alpha1.KindFailover},
		{"successor of a failed primary", "b", cnpgv1.PhaseFailOver, v1alpha1.KindFailover},
		{"the successor failed too", "pending", cnpgv1.PhaseSwitchover, v1alpha1.KindFailover},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			db := database("a", tt.target)
			db.Status.Phase = tt.phase
			got := Track(&v1alpha1.PostgresStatus{Primary: "a"}, db, time.Time{}, now)
			if got.Kind != tt.want {
				t.Errorf("got %s, want %s", got.Kind, tt.want)
			}
			// What it was at its start it stays.
			db.Status.Phase, db.Status.CurrentPrimary, db.Status.TargetPrimary = cnpgv1.PhaseHealthy, "b", "b"
			if got = Track(&v1alpha1.PostgresStatus{Primary: "a", LastFailover: got}, db, time.Time{}, now); got.Kind != tt.want || got.To != "b" {
				t.Errorf("it ended as %+v", got)
			}
		})
	}
}

func TestTrackKeepsAFinishedRecord(t *testing.T) {
	at := metav1.NewMicroTime(now.Add(-time.Hour))
	last := &v1alpha1.FailoverStatus{From: "a", To: "b", StartedAt: at, CompletedAt: &at, Seconds: "0.0"}
	got := Track(&v1alpha1.PostgresStatus{Primary: "b", LastFailover: last}, database("b", "b"), time.Time{}, now)
	if got.To != "b" || !got.CompletedAt.Equal(&at) {
		t.Errorf("got %+v", got)
	}
}
