package observe

import (
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// A22: an event outlives the refusal that it tells of.
func TestOnlyAPresentRefusalCounts(t *testing.T) {
	now := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	at := func(reason string, ago time.Duration) corev1.Event {
		return corev1.Event{Reason: reason, Message: reason, LastTimestamp: metav1.NewTime(now.Add(-ago))}
	}
	series := corev1.Event{
		Reason: eventFailedCreate, Message: "again", EventTime: metav1.NewMicroTime(now.Add(-time.Hour)),
		Series: &corev1.EventSeries{LastObservedTime: metav1.NewMicroTime(now.Add(-time.Second))},
	}
	for name, c := range map[string]struct {
		events []corev1.Event
		since  time.Duration
		want   string
	}{
		"a refusal of a moment ago":         {[]corev1.Event{at(eventFailedCreate, time.Minute)}, time.Hour, eventFailedCreate},
		"a success since":                   {[]corev1.Event{at("SuccessfulCreate", time.Minute), at(eventFailedCreate, 2*time.Minute)}, time.Hour, ""},
		"a refusal after a success":         {[]corev1.Event{at(eventFailedCreate, time.Minute), at("SuccessfulCreate", 2*time.Minute)}, time.Hour, eventFailedCreate},
		"a pod was made since":              {[]corev1.Event{at(eventFailedCreate, 2*time.Minute)}, time.Minute, ""},
		"of an object that had the name":    {[]corev1.Event{at(eventFailedCreate, 2*time.Minute)}, time.Minute, ""},
		"longer ago than any second try":    {[]corev1.Event{at(eventFailedCreate, 50*time.Minute)}, time.Hour, ""},
		"told again by the events API":      {[]corev1.Event{series}, time.Hour, "again"},
		"other events say nothing about it": {[]corev1.Event{at("FailedScheduling", time.Minute)}, time.Hour, ""},
	} {
		t.Run(name, func(t *testing.T) {
			if got := presentRefusal(c.events, now.Add(-c.since), now); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestAWorkloadChangesWithItsNewestPod(t *testing.T) {
	made, later := metav1.Now(), metav1.NewTime(time.Now().Add(time.Minute))
	set := &appsv1.StatefulSet{ObjectMeta: metav1.ObjectMeta{Name: "demo-redis", UID: types.UID("1"), CreationTimestamp: made}}
	pod := func(uid types.UID) *corev1.Pod {
		controls := true
		return &corev1.Pod{ObjectMeta: metav1.ObjectMeta{
			CreationTimestamp: later, OwnerReferences: []metav1.OwnerReference{{UID: uid, Controller: &controls}},
		}}
	}
	f := Facts{
		StatefulSets: map[string]*appsv1.StatefulSet{"demo-redis": set},
		Pods:         map[string][]*corev1.Pod{"redis": {pod("2")}},
	}
	if got := f.lastChange("demo-redis"); !got.Equal(made.Time) {
		t.Errorf("the pod of another: got %v, want %v", got, made)
	}
	f.Pods["redis"] = append(f.Pods["redis"], pod("1"))
	if got := f.lastChange("demo-redis"); !got.Equal(later.Time) {
		t.Errorf("got %v, want %v", got, later)
	}
}
