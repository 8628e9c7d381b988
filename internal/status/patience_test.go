package status

import (
	"encoding/json"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component"
)

func shows(reason string) []Result {
	return edge(func(r *Result) { r.Health = component.NotReady(reason, "no") })
}

func statusOf(s v1alpha1.XaTubeClusterStatus, condition string) metav1.ConditionStatus {
	return meta.FindStatusCondition(s.Conditions, condition).Status
}

// A17: a certificate that is being issued or a registry that fails for a moment ends by itself; what lasts does not.
func TestWhatMayEndByItselfStallsOnlyWhenItLasts(t *testing.T) {
	for reason, bound := range patience {
		t.Run(reason, func(t *testing.T) {
			in := input()
			// The operator is restarted after each pass: it knows what the status says.
			pass := func(after time.Duration) v1alpha1.XaTubeClusterStatus {
				in.Cluster.Status = stored(t, Compute(in, shows(reason), nil, now.Add(after)))
				return in.Cluster.Status
			}
			if first := pass(0); statusOf(first, v1alpha1.ConditionStalled) != map[bool]metav1.ConditionStatus{
				true: metav1.ConditionTrue, false: metav1.ConditionFalse,
			}[bound == 0] {
				t.Errorf("Stalled is %s at once", statusOf(first, v1alpha1.ConditionStalled))
			} else if next := NextLook(first, now); next != bound {
				t.Errorf("looked at again in %v, want %v", next, bound)
			}
			if bound > 0 {
				s := pass(bound - time.Second)
				if statusOf(s, v1alpha1.ConditionStalled) != metav1.ConditionFalse || statusOf(s, v1alpha1.ConditionReconciling) != metav1.ConditionTrue {
					t.Errorf("before its time: %+v", s.Conditions)
				}
			}
			s := pass(bound)
			if statusOf(s, v1alpha1.ConditionStalled) != metav1.ConditionTrue || statusOf(s, v1alpha1.ConditionReconciling) != metav1.ConditionFalse {
				t.Errorf("after %v: %+v", bound, s.Conditions)
			}
			if next := NextLook(s, now.Add(bound)); next != 0 {
				t.Errorf("looked at again in %v though nothing can come", next)
			}
		})
	}
}

// stored is what the API server keeps of a status: times of whole seconds.
func stored(t *testing.T, s v1alpha1.XaTubeClusterStatus) v1alpha1.XaTubeClusterStatus {
	t.Helper()
	raw, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	var out v1alpha1.XaTubeClusterStatus
	if err := json.Unmarshal(raw, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// A17: patience is counted for each reason of each condition, not since the platform was last ready.
func TestPatienceBeginsAnewWithAnotherReason(t *testing.T) {
	in := input()
	in.Cluster.Status = Compute(in, shows(v1alpha1.ReasonProgressing), nil, now)
	at := now.Add(time.Hour)
	in.Cluster.Status = Compute(in, shows(v1alpha1.ReasonSecretNotFound), nil, at)
	if statusOf(in.Cluster.Status, v1alpha1.ConditionStalled) != metav1.ConditionFalse {
		t.Error("stalled by the first look, because something else lasted")
	}
	at = at.Add(partnerPatience)
	in.Cluster.Status = Compute(in, shows(v1alpha1.ReasonSecretInvalid), nil, at)
	if statusOf(in.Cluster.Status, v1alpha1.ConditionStalled) != metav1.ConditionFalse {
		t.Error("stalled while the Secret is being written")
	}
	in.Cluster.Status = Compute(in, edge(func(*Result) {}), nil, at)
	if s := in.Cluster.Status; len(s.Unresolved) != 0 || NextLook(s, at) != 0 {
		t.Errorf("a platform that is ready has %+v", s.Unresolved)
	}
}
