package backend

import (
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component"
	"github.com/xatube/xatube-operator/internal/component/naming"
	"github.com/xatube/xatube-operator/internal/golden"
	"github.com/xatube/xatube-operator/internal/observe"
)

func deploymentFacts(replicas, available int32) observe.Facts {
	return observe.Facts{Deployments: map[string]*appsv1.Deployment{"demo-backend": {
		Spec:   appsv1.DeploymentSpec{Replicas: new(replicas)},
		Status: appsv1.DeploymentStatus{Replicas: replicas, UpdatedReplicas: replicas, AvailableReplicas: available},
	}}}
}

func TestHealth(t *testing.T) {
	pendingVolume := deploymentFacts(3, 0)
	pendingVolume.At = time.Unix(0, 0)
	pendingVolume.Pods = map[string][]*corev1.Pod{naming.Backend: {{
		Spec: corev1.PodSpec{Volumes: []corev1.Volume{{VolumeSource: corev1.VolumeSource{
			PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: "demo-uploads"},
		}}}},
		Status: corev1.PodStatus{Conditions: []corev1.PodCondition{{
			Type: corev1.PodScheduled, Status: corev1.ConditionFalse, Reason: corev1.PodReasonUnschedulable,
			Message: "0/2 nodes are available: pod has unbound immediate PersistentVolumeClaims.",
		}}},
	}}}
	refused := deploymentFacts(3, 0)
	refused.Refusals = map[string]string{"demo-backend": "exceeded quota: small"}

	tests := []struct {
		name    string
		in      string
		facts   observe.Facts
		healthy bool
		reason  string
	}{
		{name: "not there yet", in: "minimal", reason: v1alpha1.ReasonProgressing},
		{name: "all available", in: "minimal", facts: deploymentFacts(3, 3), healthy: true, reason: v1alpha1.ReasonReady},
		{name: "one missing", in: "minimal", facts: deploymentFacts(3, 2), reason: v1alpha1.ReasonProgressing},
		{name: "volume not bound", in: "minimal", facts: pendingVolume, reason: v1alpha1.ReasonVolumePending},
		{name: "quota", in: "minimal", facts: refused, reason: v1alpha1.ReasonQuotaExceeded},
		{name: "none by choice", in: "zero", facts: deploymentFacts(0, 0), healthy: true, reason: v1alpha1.ReasonScaledToZero},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			cluster := golden.Load(t, "testdata/"+tt.in+"/in.yaml")
			got := New().Health(component.Input{Cluster: cluster, Facts: tt.facts})
			if got.Reason != tt.reason || got.Healthy() != tt.healthy {
				t.Errorf("Health = %+v, want %t with reason %s", got, tt.healthy, tt.reason)
			}
		})
	}
}
