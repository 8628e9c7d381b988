package failover

import (
	"encoding/json"
	"fmt"
	"time"

	cnpgv1 "github.com/cloudnative-pg/api/pkg/api/v1"
	corev1 "k8s.io/api/core/v1"
)

// Annotations by which users hold CloudNativePG back.
const (
	// AnnotationFencing names the instances that CloudNativePG keeps from running, as a JSON list; * is all.
	AnnotationFencing = "cnpg.io/fencedInstances"

	hibernation    = "cnpg.io/hibernation"
	reconciliation = "cnpg.io/reconciliationLoop"
)

// Needed is how many standbys have to answer so that one of them certainly has every acknowledged row: R + W > N, as
// CloudNativePG counts for its quorum. Zero: none can be sure.
func Needed(db *cnpgv1.Cluster) int {
	s := db.Spec.PostgresConfiguration.Synchronous
	standbys := db.Spec.Instances - 1
	if s == nil || s.Number < 1 || standbys < 1 {
		return 0
	}
	return max(1, standbys-s.Number+1)
}

// strict says that a write is acknowledged by a standby or not at all, and that CloudNativePG promotes by quorum only. Else
// a primary that is cut off goes on alone, and what it acknowledges meanwhile would be lost with it.
func strict(db *cnpgv1.Cluster) bool {
	s := db.Spec.PostgresConfiguration.Synchronous
	return s != nil && s.FailoverQuorum && s.DataDurability != cnpgv1.DataDurabilityLevelPreferred
}

// Obstacle says why a silent primary must be left to CloudNativePG or to the user; empty when nothing is in the way.
func Obstacle(db *cnpgv1.Cluster, primary *corev1.Pod) string {
	switch {
	case db.DeletionTimestamp != nil:
		return "the database is being deleted"
	case db.Status.CurrentPrimary == "":
		return "there is no primary yet"
	case InProgress(db):
		return "the primary is being changed already"
	case Needed(db) == 0 || !strict(db):
		return "no standby is sure to have every acknowledged row"
	case primary == nil || primary.DeletionTimestamp != nil:
		return "the primary's pod is going or gone"
	}
	return hold(db)
}

// hold is what keeps CloudNativePG itself from a failover, or shows that it is at work.
func hold(db *cnpgv1.Cluster) string {
	switch {
	case Asleep(db):
		return "the database is hibernated"
	case fenced(db):
		return "instances are fenced"
	case db.Annotations[reconciliation] == "disabled":
		return "CloudNativePG is told not to act"
	case db.Spec.NodeMaintenanceWindow != nil && db.Spec.NodeMaintenanceWindow.InProgress:
		return "a maintenance of nodes is under way"
	case db.Spec.ReplicaCluster != nil:
		return "the database follows another one"
	case db.Status.Phase != cnpgv1.PhaseHealthy:
		return "CloudNativePG is at work: " + db.Status.Phase
	}
	return ""
}

// Asleep says that the database is hibernated on purpose.
func Asleep(db *cnpgv1.Cluster) bool { return db.Annotations[hibernation] == "on" }

// Fenced are the instances that AnnotationFencing names. It fails when that is no list.
func Fenced(db *cnpgv1.Cluster) ([]string, error) {
	list := db.Annotations[AnnotationFencing]
	if list == "" {
		return nil, nil
	}
	var instances []string
	if err := json.Unmarshal([]byte(list), &instances); err != nil {
		return nil, fmt.Errorf("reading annotation %s: %w", AnnotationFencing, err)
	}
	return instances, nil
}

// fenced says that an instance may be kept from running: it is when nobody can tell which.
func fenced(db *cnpgv1.Cluster) bool {
	instances, err := Fenced(db)
	return err != nil || len(instances) > 0
}

// Answer of somebody who is asked for a sign of life.
type Answer int

// Answers. One who never answered says nothing by being silent: it may be a network policy that is in the way.
const (
	Unknown Answer = iota
	Silent
	Alive
)

// Look is one look at everything that can tell whether a primary is lost, taken between Start and End.
type Look struct {
	Start, End time.Time
	// Record as the API server has it now.
	Record Record
	// Failure to read or write through the API server. With one, the look says nothing about the primary.
	Failure error
	// Primary is the instance manager's answer on the primary's status port.
	Primary Answer
	// Node is whether the kubelet of the primary's node renews its Lease.
	Node Answer
	// Standbys that are ready and answered.
	Standbys int
}

// Fresh is how long, from now, something may still be done because of the look.
func (l Look) Fresh(now time.Time) time.Duration {
	return TermsFor(l.Record.Duration).Gap - now.Sub(l.End)
}

// Outdated says why nothing may be done any more because of the look, given the lease as it was read since; empty while
// something may.
func (l Look) Outdated(r Record, now time.Time) string {
	switch {
	case !l.Record.Same(r):
		return "the lease has been written since the last look"
	case l.Fresh(now) <= 0:
		return fmt.Sprintf("the operator was held up for %.1f s since its last look", now.Sub(l.End).Seconds())
	}
	return ""
}

// Terms are what a decision has to keep to, as shares of the lease's duration D. A living primary renews every D/3 and
// tries again for 2D/3.
type Terms struct {
	// Quiet is how long a lease may go without renewal before it is looked at: D/2.
	Quiet time.Duration
	// Silence is how long the same record must have been seen: 3D/2.
	Silence time.Duration
	// Proof is how long, within that, each look must have found the primary lost and the API server well: 5D/6, so that
	// a living primary would have renewed at least twice.
	Proof time.Duration
	// Gap is the longest pause between two looks, and the longest look, that can pass as unbroken: D/3.
	Gap time.Duration
}

// TermsFor a lease of that duration.
func TermsFor(d time.Duration) Terms {
	return Terms{Quiet: d / 2, Silence: d * 3 / 2, Proof: d * 5 / 6, Gap: d / 3}
}

// Series is an unbroken series of looks in each of which the primary was lost.
type Series struct {
	record Record
	since  time.Time
	last   time.Time
	looks  int
}

// Looks in the series.
func (s *Series) Looks() int { return s.looks }

// Add a look. It returns why the primary cannot be called lost yet; empty when it can. unchangedSince is when the
// record was first seen; needed is how many standbys have to answer.
func (s *Series) Add(l Look, unchangedSince time.Time, needed int) string {
	terms := TermsFor(l.Record.Duration)
	if why := doubt(l, terms, needed); why != "" {
		*s = Series{}
		return why
	}
	if s.looks == 0 || !s.record.Same(l.Record) || l.Start.Sub(s.last) > terms.Gap {
		*s = Series{record: l.Record, since: l.End, last: l.End, looks: 1}
		return "the silence is not proven yet"
	}
	s.last = l.End
	s.looks++
	if proven, silent := l.Start.Sub(s.since), l.Start.Sub(unchangedSince); proven < terms.Proof || silent < terms.Silence {
		return fmt.Sprintf("the silence is not long enough yet: %.1f s, proven %.1f s", silent.Seconds(), proven.Seconds())
	}
	return ""
}

// doubt is why a single look does not show a lost primary.
func doubt(l Look, t Terms, needed int) string {
	switch {
	case l.Failure != nil:
		return "the API server did not answer: " + l.Failure.Error()
	case l.Record.Duration <= 0:
		return "the lease has no duration"
	case l.End.Sub(l.Start) > t.Gap:
		return fmt.Sprintf("looking took %.1f s: the API server, or the operator, is too slow to judge", l.End.Sub(l.Start).Seconds())
	case l.Primary == Alive:
		return "the primary's instance manager answers"
	case l.Primary == Unknown && l.Node != Silent:
		return "the primary's instance manager never answered the operator, and its node is not known to be silent"
	case needed < 1 || l.Standbys < needed:
		return fmt.Sprintf("%d of the %d standbys that the quorum needs answer", l.Standbys, needed)
	}
	return ""
}
