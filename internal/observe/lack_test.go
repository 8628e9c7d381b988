package observe

import (
	"slices"
	"testing"

	monitoringv1 "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// TestLackPods: a Job that has given up is not looked at again and again.
func TestLackPods(t *testing.T) {
	started, one := metav1.Now(), int32(1)
	f := Facts{
		Jobs: map[string]*batchv1.Job{
			"refused": {Status: batchv1.JobStatus{StartTime: &started}},
			"runs":    {Status: batchv1.JobStatus{StartTime: &started, Active: 1}},
			"gave-up": {Status: batchv1.JobStatus{StartTime: &started, Conditions: []batchv1.JobCondition{
				{Type: batchv1.JobFailed, Status: corev1.ConditionTrue, Reason: batchv1.JobReasonDeadlineExceeded},
			}}},
		},
		Prometheus: &monitoringv1.Prometheus{ObjectMeta: metav1.ObjectMeta{Name: "demo-prometheus"}},
	}
	f.Prometheus.Spec.Replicas = &one
	if got, want := f.LackPods(), []string{"refused", "prometheus-demo-prometheus"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	f.Prometheus.Status.Replicas = one
	if got := f.LackPods(); !slices.Equal(got, []string{"refused"}) {
		t.Errorf("got %v", got)
	}
}
