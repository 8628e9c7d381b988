package failover

import (
	"errors"
	"strings"
	"testing"
	"time"

	cnpgv1 "github.com/cloudnative-pg/api/pkg/api/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

const second = time.Second

// record of a lease of 3 s that was renewed last at the given moment.
func record(renewed time.Duration) Record {
	return Record{Holder: "a", Renewed: now.Add(renewed), Duration: 3 * second}
}

// lost is a look of half a second, begun at the given moment, in which everything shows a lost primary.
func lost(at time.Duration) Look {
	return Look{Start: now.Add(at), End: now.Add(at + second/2), Record: record(0), Primary: Silent, Standbys: 2}
}

// series of looks every 3/4 s, beginning when the lease has been quiet for its term.
func series(from, to time.Duration, change func(at time.Duration, l *Look)) (string, time.Duration) {
	var s Series
	why := "no look"
	for at := from; at <= to; at += 750 * time.Millisecond {
		l := lost(at)
		if change != nil {
			change(at, &l)
		}
		since := now
		if !l.Record.Same(record(0)) {
			since = l.Record.Renewed
		}
		if why = s.Add(l, since, 2); why == "" {
			return "", at
		}
	}
	return why, to
}

func TestALostPrimaryIsGivenUpAfterHalfAsLongAgainAsItsLease(t *testing.T) {
	why, at := series(1500*time.Millisecond, 20*second, nil)
	if why != "" || at != 4500*time.Millisecond {
		t.Errorf("given up at %v: %q", at, why)
	}
}

// A guard that has just started, or lost its watch, has seen the record only since then.
func TestTheSilenceIsThatWhichWasSeen(t *testing.T) {
	var s Series
	for at := time.Duration(0); at <= 4*second; at += 750 * time.Millisecond {
		if why := s.Add(lost(at), now, 2); why == "" {
			t.Fatalf("given up after %v of silence that was seen", at)
		}
	}
}

func TestDoubt(t *testing.T) {
	outage := errors.New("connection refused")
	tests := []struct {
		name   string
		change func(at time.Duration, l *Look)
		// given says that the primary is given up within 20 s after all.
		given bool
	}{
		{name: "renewed all the time", change: func(at time.Duration, l *Look) { l.Record = record(at) }},
		{name: "renewed once, then lost", given: true, change: func(at time.Duration, l *Look) {
			if at > 3*second {
				l.Record = record(3 * second)
			}
		}},
		{name: "the instance manager answers", change: func(_ time.Duration, l *Look) { l.Primary = Alive }},
		{name: "the instance manager answers now and then", change: func(at time.Duration, l *Look) {
			if (at/(750*time.Millisecond))%3 == 0 {
				l.Primary = Alive
			}
		}},
		{name: "the instance manager never answered", change: func(_ time.Duration, l *Look) { l.Primary = Unknown }},
		{name: "it never answered and its node lives", change: func(_ time.Duration, l *Look) { l.Primary, l.Node = Unknown, Alive }},
		{name: "it never answered and its node is silent", given: true, change: func(_ time.Duration, l *Look) { l.Primary, l.Node = Unknown, Silent }},
		{name: "one standby too few", change: func(_ time.Duration, l *Look) { l.Standbys = 1 }},
		{name: "no API server", change: func(_ time.Duration, l *Look) { l.Failure = outage }},
		{name: "no API server now and then", change: func(at time.Duration, l *Look) {
			if (at/(750*time.Millisecond))%3 == 0 {
				l.Failure = outage
			}
		}},
		{name: "slow API server", change: func(_ time.Duration, l *Look) { l.End = l.Start.Add(1100 * time.Millisecond) }},
		{name: "an outage, then a lost primary", given: true, change: func(at time.Duration, l *Look) {
			if at < 10*second {
				l.Failure = outage
			}
		}},
		{name: "a lease without duration", change: func(_ time.Duration, l *Look) { l.Record.Duration = 0 }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			why, at := series(1500*time.Millisecond, 20*second, tt.change)
			if (why == "") != tt.given {
				t.Errorf("given up: %v, at %v; %q", why == "", at, why)
			}
		})
	}
}

func TestAGapBetweenLooksBeginsAnew(t *testing.T) {
	var s Series
	for _, at := range []time.Duration{1500 * time.Millisecond, 2250 * time.Millisecond, 3 * second} {
		s.Add(lost(at), now, 2)
	}
	if why := s.Add(lost(10*second), now, 2); why == "" || s.Looks() != 1 {
		t.Errorf("after a gap: %d looks, %q", s.Looks(), why)
	}
}

func TestAnOutageHasToBeOverForAsLongAsTheProof(t *testing.T) {
	_, at := series(1500*time.Millisecond, 20*second, func(at time.Duration, l *Look) {
		if at < 10*second {
			l.Failure = errors.New("connection refused")
		}
	})
	if least := 10*second + TermsFor(3*second).Proof; at < least {
		t.Errorf("given up at %v, before %v", at, least)
	}
}

// healthy is a database of three with a quorum.
func healthy(change func(*cnpgv1.Cluster)) *cnpgv1.Cluster {
	db := database("a", "a")
	db.Spec.Instances = 3
	db.Spec.PostgresConfiguration.Synchronous = &cnpgv1.SynchronousReplicaConfiguration{Number: 1, FailoverQuorum: true}
	db.Status.Phase = cnpgv1.PhaseHealthy
	db.Status.InstancesStatus = map[cnpgv1.PodStatus][]string{cnpgv1.PodHealthy: {"a", "b", "c"}}
	if change != nil {
		change(db)
	}
	return db
}

func annotated(key, value string) func(*cnpgv1.Cluster) {
	return func(db *cnpgv1.Cluster) { db.Annotations = map[string]string{key: value} }
}

func TestObstacle(t *testing.T) {
	pod := &corev1.Pod{}
	going := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{DeletionTimestamp: &metav1.Time{Time: now}}}
	tests := []struct {
		name     string
		db       *cnpgv1.Cluster
		pod      *corev1.Pod
		obstacle bool
	}{
		{name: "none", db: healthy(nil), pod: pod},
		{name: "switchover", db: healthy(func(db *cnpgv1.Cluster) { db.Status.TargetPrimary = "b" }), pod: pod, obstacle: true},
		{name: "failover", db: healthy(func(db *cnpgv1.Cluster) { db.Status.TargetPrimary = pendingTarget }), pod: pod, obstacle: true},
		{name: "no primary yet", db: healthy(func(db *cnpgv1.Cluster) { db.Status.CurrentPrimary = "" }), pod: pod, obstacle: true},
		{name: "being deleted", db: healthy(func(db *cnpgv1.Cluster) { db.DeletionTimestamp = &metav1.Time{Time: now} }), pod: pod, obstacle: true},
		{name: "hibernated", db: healthy(annotated(hibernation, "on")), pod: pod, obstacle: true},
		{name: "awake again", db: healthy(annotated(hibernation, "off")), pod: pod},
		{name: "fenced", db: healthy(annotated(AnnotationFencing, `["a"]`)), pod: pod, obstacle: true},
		{name: "fencing that nobody can read", db: healthy(annotated(AnnotationFencing, "a")), pod: pod, obstacle: true},
		{name: "no longer fenced", db: healthy(annotated(AnnotationFencing, `[]`)), pod: pod},
		{name: "CloudNativePG held back", db: healthy(annotated(reconciliation, "disabled")), pod: pod, obstacle: true},
		{name: "maintenance", db: healthy(func(db *cnpgv1.Cluster) {
			db.Spec.NodeMaintenanceWindow = &cnpgv1.NodeMaintenanceWindow{InProgress: true}
		}), pod: pod, obstacle: true},
		{name: "replica cluster", db: healthy(func(db *cnpgv1.Cluster) { db.Spec.ReplicaCluster = &cnpgv1.ReplicaClusterConfiguration{} }), pod: pod, obstacle: true},
		{name: "CloudNativePG at work", db: healthy(func(db *cnpgv1.Cluster) { db.Status.Phase = cnpgv1.PhaseUpgrade }), pod: pod, obstacle: true},
		{name: "single instance", db: healthy(func(db *cnpgv1.Cluster) { db.Spec.Instances = 1 }), pod: pod, obstacle: true},
		{name: "asynchronous", db: healthy(func(db *cnpgv1.Cluster) { db.Spec.PostgresConfiguration.Synchronous = nil }), pod: pod, obstacle: true},
		// A20: under durability Available the primary acknowledges rows that no standby has.
		{name: "preferred durability", db: healthy(func(db *cnpgv1.Cluster) {
			db.Spec.PostgresConfiguration.Synchronous.DataDurability = cnpgv1.DataDurabilityLevelPreferred
		}), pod: pod, obstacle: true},
		{name: "promotion without a quorum", db: healthy(func(db *cnpgv1.Cluster) {
			db.Spec.PostgresConfiguration.Synchronous.FailoverQuorum = false
		}), pod: pod, obstacle: true},
		{name: "required durability", db: healthy(func(db *cnpgv1.Cluster) {
			db.Spec.PostgresConfiguration.Synchronous.DataDurability = cnpgv1.DataDurabilityLevelRequired
		}), pod: pod},
		{name: "no pod", db: healthy(nil), obstacle: true},
		{name: "pod being deleted", db: healthy(nil), pod: going, obstacle: true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if why := Obstacle(tt.db, tt.pod); (why != "") != tt.obstacle {
				t.Errorf("got %q", why)
			}
		})
	}
}

// A20: between the last look and the deletion, the operator may be held up and the lease renewed.
func TestALookIsOutdatedByTimeAndByTheLease(t *testing.T) {
	l := lost(0)
	for _, tt := range []struct {
		name   string
		record Record
		after  time.Duration
		want   string
	}{
		{"at once", record(0), 0, ""},
		{"just in time", record(0), 999 * time.Millisecond, ""},
		{"held up", record(0), second, "held up for 1.0 s"},
		{"held up for long", record(0), time.Hour, "held up"},
		{"renewed", record(second), 0, "written since the last look"},
		{"released", Record{Renewed: now, Duration: 3 * second}, 0, "written since the last look"},
	} {
		if why := l.Outdated(tt.record, l.End.Add(tt.after)); (why == "") != (tt.want == "") || !strings.Contains(why, tt.want) {
			t.Errorf("%s: %q, want %q", tt.name, why, tt.want)
		}
	}
}

func TestNeeded(t *testing.T) {
	for _, tt := range []struct{ instances, number, want int }{{1, 1, 0}, {2, 1, 1}, {3, 1, 2}, {3, 2, 1}, {5, 2, 3}, {2, 2, 1}} {
		db := healthy(func(db *cnpgv1.Cluster) {
			db.Spec.Instances, db.Spec.PostgresConfiguration.Synchronous.Number = tt.instances, tt.number
		})
		if got := Needed(db); got != tt.want {
			t.Errorf("%d instances, %d synchronous: needs %d, want %d", tt.instances, tt.number, got, tt.want)
		}
	}
}

func TestReleasable(t *testing.T) {
	r := record(0)
	dead := Death{Finished: now, Seen: now.Add(2 * second)}
	tests := []struct {
		name       string
		record     Record
		since, now time.Duration
		death      Death
		want       bool
	}{
		{name: "renewed a moment ago", record: r, now: second},
		{name: "unchanged for the duration", record: r, now: 3 * second, want: true},
		{name: "free already", record: Record{Duration: 3 * second}, now: 10 * second},
		{name: "the holder is dead", record: r, now: 2 * second, death: dead, want: true},
		{name: "renewed after the death", record: record(1500 * time.Millisecond), since: 1500 * time.Millisecond, now: 2 * second, death: dead},
		{name: "seen to be renewed after the death was seen", record: r, since: 2500 * time.Millisecond, now: 3 * second, death: dead},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := Releasable(tt.record, now.Add(tt.since), now.Add(tt.now), tt.death); got != tt.want {
				t.Errorf("got %v", got)
			}
		})
	}
}

func TestDeathOf(t *testing.T) {
	at := metav1.NewTime(now)
	status := func(name string, s corev1.ContainerState) *corev1.Pod {
		return &corev1.Pod{Status: corev1.PodStatus{ContainerStatuses: []corev1.ContainerStatus{{Name: name, State: s}}}}
	}
	ended := corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{FinishedAt: at}}
	if got, dead := DeathOf(status("postgres", ended)); !dead || !got.Equal(now) {
		t.Errorf("ended container: %v %v", got, dead)
	}
	if _, dead := DeathOf(status("sidecar", ended)); dead {
		t.Error("a sidecar's end is no death")
	}
	if _, dead := DeathOf(status("postgres", corev1.ContainerState{Running: &corev1.ContainerStateRunning{}})); dead {
		t.Error("a running container is no death")
	}
}
