package failover

import (
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
)

// Record is what a primary's Lease says. Two equal records mean that it was not renewed in between.
type Record struct {
	Holder      string
	Renewed     time.Time
	Transitions int32
	// Duration of the lease: who has seen the same record for as long may take it.
	Duration time.Duration
}

// RecordOf a Lease.
func RecordOf(l *coordinationv1.Lease) Record {
	var r Record
	if h := l.Spec.HolderIdentity; h != nil {
		r.Holder = *h
	}
	if t := l.Spec.RenewTime; t != nil {
		r.Renewed = t.Time
	}
	if n := l.Spec.LeaseTransitions; n != nil {
		r.Transitions = *n
	}
	if s := l.Spec.LeaseDurationSeconds; s != nil {
		r.Duration = time.Duration(*s) * time.Second
	}
	return r
}

// Same says that the lease was not renewed between two readings. The holder's clock is only compared with itself.
func (r Record) Same(o Record) bool {
	return r.Holder == o.Holder && r.Renewed.Equal(o.Renewed) && r.Transitions == o.Transitions
}

// Death is the end of an instance's container as its kubelet reported it.
type Death struct {
	// Finished by the clock of the node, which the holder of the lease used too. It has no fractions of a second.
	Finished time.Time
	// Seen by our clock.
	Seen time.Time
}

// container is CloudNativePG's container in which the instance manager and Postgres run. The manager is its first
// process, so no process of Postgres outlives the container.
const container = "postgres"

// DeathOf says when the pod's container of Postgres ended, if it has and no other has been started in its place.
func DeathOf(pod *corev1.Pod) (time.Time, bool) {
	for _, s := range pod.Status.ContainerStatuses {
		if s.Name == container && s.State.Terminated != nil {
			return s.State.Terminated.FinishedAt.Time, true
		}
	}
	return time.Time{}, false
}

// Explains says that the record was certainly written by a process that is dead.
func (d Death) Explains(r Record, unchangedSince time.Time) bool {
	return !d.Seen.IsZero() && !unchangedSince.After(d.Seen) && r.Renewed.Before(d.Finished.Add(time.Second))
}

// Releasable says that the lease of a former primary may be given up for the candidate that CloudNativePG has named:
// its holder is certainly dead, or we have seen the same record for the whole duration, which is when the candidate
// might take it if it had looked as early.
func Releasable(r Record, unchangedSince, now time.Time, death Death) bool {
	if r.Holder == "" || r.Duration <= 0 {
		return false
	}
	return death.Explains(r, unchangedSince) || now.Sub(unchangedSince) >= r.Duration
}
