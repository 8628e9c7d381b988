package migration

import (
	"strings"
	"testing"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component/naming"
	"github.com/xatube/xatube-operator/internal/observe"
)

func ended(t batchv1.JobConditionType, reason string) *batchv1.Job {
	return &batchv1.Job{Status: batchv1.JobStatus{Conditions: []batchv1.JobCondition{
		{Type: batchv1.JobSuspended, Status: corev1.ConditionFalse},
		{Type: t, Status: corev1.ConditionTrue, Reason: reason},
	}}}
}

func TestHealth(t *testing.T) {
	name := JobName(input(t, "minimal"))
	unpullable := &corev1.Pod{Status: corev1.PodStatus{ContainerStatuses: []corev1.ContainerStatus{{
		State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "ErrImagePull"}},
	}}}}
	tests := []struct {
		name    string
		facts   observe.Facts
		applied bool
		reason  string
		message string
	}{
		{name: "not started", reason: v1alpha1.ReasonWaiting, message: name},
		{
			name:   "only the Job of another image is complete",
			facts:  observe.Facts{Jobs: map[string]*batchv1.Job{"demo-migration-00000000": ended(batchv1.JobComplete, "")}},
			reason: v1alpha1.ReasonWaiting, message: name,
		},
		{
			name:   "running",
			facts:  observe.Facts{Jobs: map[string]*batchv1.Job{name: {}}},
			reason: v1alpha1.ReasonMigrationRunning, message: "docker.io/saneome2/xatube-backend:6ddf065",
		},
		{
			name:   "trying again",
			facts:  observe.Facts{Jobs: map[string]*batchv1.Job{name: {Status: batchv1.JobStatus{Failed: 2}}}},
			reason: v1alpha1.ReasonMigrationRunning, message: "an attempt has failed",
		},
		{
			name:    "complete",
			facts:   observe.Facts{Jobs: map[string]*batchv1.Job{name: ended(batchv1.JobComplete, "CompletionsReached")}},
			applied: true, reason: v1alpha1.ReasonReady,
		},
		{
			name: "failed",
			facts: observe.Facts{
				Jobs:    map[string]*batchv1.Job{name: ended(batchv1.JobFailed, "BackoffLimitExceeded")},
				JobLogs: map[string]string{name: "relation does not exist"},
			},
			reason:  v1alpha1.ReasonMigrationFailed,
			message: "(BackoffLimitExceeded): correct spec.backend.image or spec.backend.migration, or give annotation xatube.io/retry-migration a new value to try again; the container's last lines: relation does not exist",
		},
		{
			name:   "too late",
			facts:  observe.Facts{Jobs: map[string]*batchv1.Job{name: ended(batchv1.JobFailed, "DeadlineExceeded")}},
			reason: v1alpha1.ReasonMigrationFailed, message: "DeadlineExceeded",
		},
		{
			name: "image cannot be pulled",
			facts: observe.Facts{
				Jobs: map[string]*batchv1.Job{name: {}},
				Pods: map[string][]*corev1.Pod{naming.Migration: {unpullable}},
			},
			reason: v1alpha1.ReasonImagePull,
		},
		{
			name: "quota",
			facts: observe.Facts{
				Jobs:     map[string]*batchv1.Job{name: {}},
				Refusals: map[string]string{name: "exceeded quota: small"},
			},
			reason: v1alpha1.ReasonQuotaExceeded, message: name,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			in := input(t, "minimal")
			in.Facts = tt.facts
			got := New().Health(in)
			if got.Reason != tt.reason || !strings.Contains(got.Message, tt.message) || got.Healthy() != tt.applied {
				t.Errorf("Health = %+v, want %t with reason %s: …%s…", got, tt.applied, tt.reason, tt.message)
			}
			if applied := Applied(in); applied != tt.applied {
				t.Errorf("Applied = %t, want %t", applied, tt.applied)
			}
		})
	}
}

// C7: the object that holds the SQL is among what to correct.
func TestFailureNamesTheSQL(t *testing.T) {
	in := input(t, "full")
	in.Facts.Jobs = map[string]*batchv1.Job{JobName(in): ended(batchv1.JobFailed, "BackoffLimitExceeded")}
	if got := New().Health(in).Message; !strings.Contains(got, "spec.backend.migration or key documents.sql of ConfigMap seeds, or give annotation") {
		t.Errorf("message: %s", got)
	}
}
