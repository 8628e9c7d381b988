// Package failover follows the primary of the database: it turns what CloudNativePG reports into the record of the
// last change of the primary.
package failover

import (
	"strconv"
	"time"

	cnpgv1 "github.com/cloudnative-pg/api/pkg/api/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/xatube/xatube-operator/api/v1alpha1"
)

// StalledAfter is how long a failover may take before it is reported as stalled.
const StalledAfter = 60 * time.Second

// pendingTarget is what CloudNativePG writes as target while it looks for a new primary.
const pendingTarget = "pending"

// InProgress says whether the database is between two primaries.
func InProgress(db *cnpgv1.Cluster) bool {
	return db != nil && db.Status.CurrentPrimary != "" && db.Status.TargetPrimary != db.Status.CurrentPrimary
}

// KindOf tells why the primary changes now. CloudNativePG names a healthy primary's successor at once, and looks for
// that of a failed one first.
func KindOf(db *cnpgv1.Cluster) v1alpha1.FailoverKind {
	planned := db.Status.Phase == cnpgv1.PhaseSwitchover || db.Status.Phase == cnpgv1.PhaseUpgrade
	if planned && db.Status.TargetPrimary != pendingTarget {
		return v1alpha1.KindSwitchover
	}
	return v1alpha1.KindFailover
}

// Stalled says whether a change of the primary takes longer than it may.
func Stalled(f *v1alpha1.FailoverStatus, now time.Time) bool {
	return f != nil && f.CompletedAt == nil && now.Sub(f.StartedAt.Time) >= StalledAfter
}

// Track is the record of the last change of the primary, given the former one. silent is since when the primary has not
// renewed its lease; zero when it does, or nobody knows. The caller's clock is the clock.
func Track(previous *v1alpha1.PostgresStatus, db *cnpgv1.Cluster, silent, now time.Time) *v1alpha1.FailoverStatus {
	var last *v1alpha1.FailoverStatus
	former := ""
	if previous != nil {
		last, former = previous.LastFailover.DeepCopy(), previous.Primary
	}
	if db == nil || db.Status.CurrentPrimary == "" || former == "" {
		return last
	}
	open := last != nil && last.CompletedAt == nil
	switch {
	case InProgress(db):
		if !open {
			last = &v1alpha1.FailoverStatus{From: former, Kind: KindOf(db), StartedAt: metav1.NewMicroTime(started(silent, now))}
		}
		if db.Status.TargetPrimary != pendingTarget {
			last.To = db.Status.TargetPrimary
		}
	case open:
		complete(last, db.Status.CurrentPrimary, now)
	case db.Status.CurrentPrimary != former:
		// The change happened while nobody looked: CloudNativePG's own time of the request is the best start known.
		last = &v1alpha1.FailoverStatus{From: former, StartedAt: requested(db, now)}
		complete(last, db.Status.CurrentPrimary, now)
	}
	return last
}

// started is when a failover that has just come to light began: a lost primary fell silent before that.
func started(silent, now time.Time) time.Time {
	if silent.IsZero() || silent.After(now) || now.Sub(silent) > StalledAfter {
		return now
	}
	return silent
}

func complete(f *v1alpha1.FailoverStatus, primary string, now time.Time) {
	at := metav1.NewMicroTime(now)
	f.To, f.CompletedAt = primary, &at
	f.Seconds = strconv.FormatFloat(now.Sub(f.StartedAt.Time).Seconds(), 'f', 1, 64)
}

func requested(db *cnpgv1.Cluster, now time.Time) metav1.MicroTime {
	at, err := time.Parse(metav1.RFC3339Micro, db.Status.TargetPrimaryTimestamp)
	if err != nil || at.After(now) {
		at = now
	}
	return metav1.NewMicroTime(at)
}
