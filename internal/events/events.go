// Package events tells people of transitions: one event when a condition changes, none while it stays.
package events

import (
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	k8sevents "k8s.io/client-go/tools/events"

	"github.com/xatube/xatube-operator/api/v1alpha1"
)

// Event is one thing to tell.
type Event struct {
	Type    string
	Reason  string
	Action  string
	Message string
}

// Transitions are the events for the way from one status to the next.
func Transitions(former, next v1alpha1.XaTubeClusterStatus) []Event {
	var out []Event
	for _, c := range next.Conditions {
		if e, tell := transition(meta.FindStatusCondition(former.Conditions, c.Type), c); tell {
			out = append(out, e)
		}
	}
	for _, find := range []func(former, next *v1alpha1.PostgresStatus) (Event, bool){failover, promotion} {
		if e, tell := find(former.Postgres, next.Postgres); tell {
			out = append(out, e)
		}
	}
	return out
}

func transition(former *metav1.Condition, c metav1.Condition) (Event, bool) {
	// Reconciling repeats what Ready says, and Unknown is what nobody knows yet.
	if c.Type == v1alpha1.ConditionReconciling || c.Status == metav1.ConditionUnknown {
		return Event{}, false
	}
	if former != nil && former.Status == c.Status && (former.Reason == c.Reason || summary(c.Type)) {
		return Event{}, false
	}
	// Stalled=False is good news only after it was true.
	if c.Type == v1alpha1.ConditionStalled && c.Status == metav1.ConditionFalse &&
		(former == nil || former.Status != metav1.ConditionTrue) {
		return Event{}, false
	}
	return Event{Type: eventType(c), Reason: c.Reason, Action: c.Type, Message: c.Type + ": " + c.Message}, true
}

// summary conditions repeat what the conditions of the components say: only their turns are told.
func summary(kind string) bool {
	return kind == v1alpha1.ConditionReady || kind == v1alpha1.ConditionStalled
}

// underway are the reasons of what takes its course.
var underway = []string{
	v1alpha1.ReasonProgressing, v1alpha1.ReasonWaiting, v1alpha1.ReasonMigrationRunning, v1alpha1.ReasonRotating,
}

func eventType(c metav1.Condition) string {
	good := c.Status == metav1.ConditionTrue
	if c.Type == v1alpha1.ConditionStalled {
		good = !good
	}
	if good || slices.Contains(underway, c.Reason) {
		return corev1.EventTypeNormal
	}
	return corev1.EventTypeWarning
}

func failover(former, next *v1alpha1.PostgresStatus) (Event, bool) {
	if next == nil || next.LastFailover == nil || next.LastFailover.CompletedAt == nil {
		return Event{}, false
	}
	if former != nil && former.LastFailover != nil && former.LastFailover.CompletedAt != nil &&
		former.LastFailover.CompletedAt.Equal(next.LastFailover.CompletedAt) {
		return Event{}, false
	}
	f := next.LastFailover
	e := Event{
		Type: corev1.EventTypeWarning, Reason: v1alpha1.ReasonFailover, Action: v1alpha1.ConditionDatabaseReady,
		Message: "The primary changed from " + f.From + " to " + f.To + " in " + f.Seconds + " s",
	}
	if f.Kind == v1alpha1.KindSwitchover {
		e.Type, e.Reason = corev1.EventTypeNormal, v1alpha1.ReasonSwitchover
	}
	return e, true
}

// promotion tells of a requested switchover that did not happen; of one that did, failover tells.
func promotion(former, next *v1alpha1.PostgresStatus) (Event, bool) {
	if next == nil || next.Promotion == nil {
		return Event{}, false
	}
	if former != nil && former.Promotion != nil && former.Promotion.Request == next.Promotion.Request &&
		former.Promotion.State == next.Promotion.State {
		return Event{}, false
	}
	reason := map[v1alpha1.PromotionState]string{
		v1alpha1.PromotionRefused:    v1alpha1.ReasonSwitchoverRefused,
		v1alpha1.PromotionSuperseded: v1alpha1.ReasonSwitchoverSuperseded,
	}[next.Promotion.State]
	return Event{
		Type: corev1.EventTypeWarning, Reason: reason, Action: v1alpha1.ConditionDatabaseReady, Message: next.Promotion.Message,
	}, reason != ""
}

// DatabaseLeftRunning tells that a deleted platform retains a database which could not be hibernated.
func DatabaseLeftRunning(cause error) Event {
	return Event{
		Type: corev1.EventTypeWarning, Reason: v1alpha1.ReasonDatabaseLeftRunning, Action: v1alpha1.ConditionDatabaseReady,
		Message: "The retained database runs on: " + cause.Error() +
			"; hibernate it with kubectl annotate cluster.postgresql.cnpg.io NAME cnpg.io/hibernation=on",
	}
}

// maxNote is the limit of the events API for a message.
const maxNote = 1024

// Emit sends events about an object.
func Emit(r k8sevents.EventRecorder, about *v1alpha1.XaTubeCluster, list []Event) {
	for _, e := range list {
		note := e.Message
		if len(note) > maxNote {
			note = strings.ToValidUTF8(note[:maxNote-3], "") + "..."
		}
		r.Eventf(about, nil, e.Type, e.Reason, e.Action, "%s", note)
	}
}
