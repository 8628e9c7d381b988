package observe

import (
	"context"
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

const (
	eventFailedCreate = "FailedCreate"
	// refusalAge is how long a refusal counts. Controllers try again after 1000 s at most, and tell of it each time.
	refusalAge = 20 * time.Minute
)

// refusal is what keeps the controller of a workload from creating pods now; empty when its last attempt succeeded, or
// when it has not tried lately. Events outlive what they tell of, and the object that they are about.
func (r *Reader) refusal(ctx context.Context, namespace, name string, f *Facts) (string, error) {
	var events corev1.EventList
	err := r.Live.List(ctx, &events, client.InNamespace(namespace), client.MatchingFieldsSelector{
		Selector: fields.OneTermEqualSelector("involvedObject.name", name),
	})
	if err != nil {
		return "", fmt.Errorf("listing events of %s: %w", name, err)
	}
	return presentRefusal(events.Items, f.lastChange(name), f.At), nil
}

// presentRefusal is the newest refusal that is younger than everything else that the events tell, than since, and than
// refusalAge.
func presentRefusal(events []corev1.Event, since, now time.Time) string {
	if oldest := now.Add(-refusalAge); since.Before(oldest) {
		since = oldest
	}
	creates := slices.DeleteFunc(slices.Clone(events), func(e corev1.Event) bool {
		return e.Reason != eventFailedCreate && e.Reason != "SuccessfulCreate"
	})
	if len(creates) == 0 {
		return ""
	}
	newest := slices.MaxFunc(creates, func(a, b corev1.Event) int { return lastSeen(a).Compare(lastSeen(b)) })
	if newest.Reason != eventFailedCreate || lastSeen(newest).Before(since) {
		return ""
	}
	return newest.Message
}

// lastSeen is when an event was last told, whichever of the two event APIs it came by.
func lastSeen(e corev1.Event) time.Time {
	switch {
	case e.Series != nil:
		return e.Series.LastObservedTime.Time
	case !e.LastTimestamp.IsZero():
		return e.LastTimestamp.Time
	}
	return e.EventTime.Time
}

// lastChange is when a workload was created or got its newest pod, to the second; zero for one that is not known.
func (f *Facts) lastChange(workload string) time.Time {
	var owner metav1.Object
	switch {
	case f.StatefulSets[workload] != nil:
		owner = f.StatefulSets[workload]
	case f.DaemonSets[workload] != nil:
		owner = f.DaemonSets[workload]
	case f.Jobs[workload] != nil:
		owner = f.Jobs[workload]
	default:
		return time.Time{}
	}
	last := owner.GetCreationTimestamp().Time
	for _, pods := range f.Pods {
		for _, pod := range pods {
			if metav1.IsControlledBy(pod, owner) && pod.CreationTimestamp.After(last) {
				last = pod.CreationTimestamp.Time
			}
		}
	}
	return last
}
