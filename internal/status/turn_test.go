package status

import (
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component"
	"github.com/xatube/xatube-operator/internal/component/naming"
)

// updated is the state of a platform in whose turn the edge was replaced, which was ready before, with backups that fail.
func updated(change func(edge, backup *Result)) []Result {
	results := []Result{
		{Name: naming.Edge, Condition: v1alpha1.ConditionEdgeReady, Turn: TurnTaken, Health: component.Ready("2 of 2")},
		{
			Name: naming.Backup, Condition: v1alpha1.ConditionBackupReady, Turn: TurnTaken,
			Health: component.NotReady(v1alpha1.ReasonArchivingFailed, "the key has expired"),
		},
	}
	change(&results[0], &results[1])
	return results
}

// A9: a turn lasts until what it rolled is as good as before, whatever else is the matter with the platform.
func TestATurnEndsWhenWhatItRolledIsDone(t *testing.T) {
	trouble := component.NotReady(v1alpha1.ReasonUnschedulable, "no node")
	for _, tt := range []struct {
		name   string
		change func(edge, backup *Result)
		lasts  bool
	}{
		{"done, and an unrelated condition is false", func(_, _ *Result) {}, false},
		{"a new revision goes out", func(edge, _ *Result) { edge.Rolls = true }, true},
		{"the pass wrote", func(edge, _ *Result) { edge.Changed = true }, true},
		{"the pass wrote something else", func(_, backup *Result) { backup.Changed = true }, false},
		{"pods are being replaced", func(edge, _ *Result) { edge.Health = component.NotReady(v1alpha1.ReasonProgressing, "1 of 2") }, true},
		{"worse than before", func(edge, _ *Result) { edge.Health = trouble }, true},
		{"the turn has passed its deadline", func(edge, backup *Result) {
			edge.Health, edge.Turn, backup.Turn = trouble, TurnNone, TurnNone
		}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			in := input()
			in.Cluster.Status.OperatorUpdate = &v1alpha1.OperatorUpdateStatus{StartedAt: metav1.NewTime(now), Components: []string{naming.Edge}}
			got := Compute(in, updated(tt.change), nil, now)
			if lasts := got.OperatorUpdate != nil; lasts != tt.lasts {
				t.Errorf("the turn lasts: %t, want %t", lasts, tt.lasts)
			}
			reason := meta.FindStatusCondition(got.Conditions, v1alpha1.ConditionReconciling).Reason
			if (reason == v1alpha1.ReasonOperatorUpdate) != tt.lasts {
				t.Errorf("Reconciling says %s", reason)
			}
		})
	}
}

// A9: what was not ready before the turn cannot become worse.
func TestWhatWasNotReadyIsNotAwaited(t *testing.T) {
	var s v1alpha1.XaTubeClusterStatus
	set(&s, v1alpha1.ConditionEdgeReady, component.NotReady(v1alpha1.ReasonUnschedulable, "no node"), 3, now)
	set(&s, v1alpha1.ConditionBackendReady, component.Ready(""), 3, now)
	began := metav1.NewTime(now)
	s.OperatorUpdate = Begin(s, naming.Edge, v1alpha1.ConditionEdgeReady, began)
	s.OperatorUpdate = Begin(s, naming.Backend, v1alpha1.ConditionBackendReady, began)
	// The next pass rolls once more, while the pods of the last one are being replaced.
	set(&s, v1alpha1.ConditionBackendReady, component.NotReady(v1alpha1.ReasonProgressing, ""), 3, now)
	s.OperatorUpdate = Begin(s, naming.Backend, v1alpha1.ConditionBackendReady, metav1.NewTime(now.Add(time.Minute)))
	if u := s.OperatorUpdate; len(u.Components) != 1 || u.Components[0] != naming.Backend || !u.StartedAt.Equal(&began) {
		t.Errorf("awaited is %+v, want the backend since the beginning", u)
	}
}

// A9: a platform that never rests, because its backups fail, has what its user decided all the same: what goes out next
// is the operator's doing, and waits for its turn.
func TestAPlatformWithLastingTroubleIsSettled(t *testing.T) {
	for _, tt := range []struct {
		name    string
		change  func(edge, backup *Result)
		settled bool
	}{
		{"backups fail", func(_, _ *Result) {}, true},
		{"pods are being replaced", func(edge, _ *Result) { edge.Health = component.NotReady(v1alpha1.ReasonProgressing, "1 of 2") }, false},
		{"the pass wrote", func(edge, _ *Result) { edge.Changed = true }, false},
		{"a gate is closed", func(edge, _ *Result) { edge.Health = component.NotReady(v1alpha1.ReasonWaiting, "") }, false},
	} {
		results := updated(tt.change)
		results[0].Turn, results[1].Turn = TurnNone, TurnNone
		if settled := Compute(input(), results, nil, now).Settled != ""; settled != tt.settled {
			t.Errorf("%s: settled %t, want %t", tt.name, settled, tt.settled)
		}
	}
}
