package status

import (
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component"
)

// Turn of a platform whose pods a new version of the operator changes.
type Turn int

// The turns.
const (
	// TurnNone: nothing of the kind is under way.
	TurnNone Turn = iota
	// TurnAwaited: a new revision of the component waits until fewer other platforms replace pods.
	TurnAwaited
	// TurnTaken: the platform replaces pods, or has and waits for them.
	TurnTaken
)

// Begin records, before the first pod is replaced, that a component is about to be, in the turn of its platform that
// began at a time. Only a component that was ready is awaited: the others cannot become worse.
func Begin(s v1alpha1.XaTubeClusterStatus, name, condition string, since metav1.Time) *v1alpha1.OperatorUpdateStatus {
	u := s.OperatorUpdate.DeepCopy()
	if u == nil {
		u = &v1alpha1.OperatorUpdateStatus{StartedAt: since}
	}
	if meta.IsStatusConditionTrue(s.Conditions, condition) && !slices.Contains(u.Components, name) {
		u.Components = append(u.Components, name)
	}
	return u
}

// underway is what remains of an update by the operator; nil when it has ended: all that was awaited is ready again, or
// the turn has passed its deadline. What else is the matter with the platform does not count.
func underway(former *v1alpha1.OperatorUpdateStatus, results []Result, healths []component.Health) *v1alpha1.OperatorUpdateStatus {
	if former == nil {
		return nil
	}
	for i, r := range results {
		awaited := slices.Contains(former.Components, r.Name) && (r.Changed || !healths[i].Healthy())
		if r.Turn == TurnTaken && (r.Rolls || awaited) {
			return former.DeepCopy()
		}
	}
	return nil
}

// turning adds what a new version of the operator changes. A platform that waits for its turn may well be ready.
func turning(update *v1alpha1.OperatorUpdateStatus, results []Result, h component.Health) component.Health {
	var awaited []string
	for _, r := range results {
		if r.Turn == TurnAwaited {
			awaited = append(awaited, r.Name)
		}
	}
	switch {
	case len(awaited) > 0:
		return component.Health{Status: metav1.ConditionTrue, Reason: v1alpha1.ReasonQueued, Message: fmt.Sprintf(
			"This version of the operator changes the pods of %s; they wait until fewer other platforms are being changed (--max-concurrent-rollouts of the operator)",
			strings.Join(awaited, ", "))}
	case update != nil && h.Status == metav1.ConditionTrue:
		h.Reason = v1alpha1.ReasonOperatorUpdate
		h.Message = "This version of the operator changes pods of the platform, which are being replaced"
	}
	return h
}

// moves are the reasons of a component on its way.
var moves = []string{
	v1alpha1.ReasonPending, v1alpha1.ReasonProgressing, v1alpha1.ReasonWaiting, v1alpha1.ReasonMigrationRunning,
	v1alpha1.ReasonRotating, v1alpha1.ReasonFailover, v1alpha1.ReasonSwitchover, v1alpha1.ReasonDeleting, v1alpha1.ReasonError,
}

// still says that nothing of the platform is on its way, though some of it may be in trouble, such as backups without a
// valid key: what users decided has gone out, and what goes out next is somebody else's doing.
func still(results []Result, healths []component.Health) bool {
	for i, r := range results {
		if r.Changed || r.Turn != TurnNone || (!healths[i].Healthy() && slices.Contains(moves, healths[i].Reason)) {
			return false
		}
	}
	return true
}
