package frontend

import (
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component"
	"github.com/xatube/xatube-operator/internal/component/naming"
	"github.com/xatube/xatube-operator/internal/golden"
	"github.com/xatube/xatube-operator/internal/observe"
)

func TestRender(t *testing.T) {
	golden.Run(t, New(), nil)
}

func TestHealth(t *testing.T) {
	deployment := func(available int32) map[string]*appsv1.Deployment {
		return map[string]*appsv1.Deployment{"demo-frontend": {
			Spec: appsv1.DeploymentSpec{Replicas: ptr.To[int32](2)},
			Status: appsv1.DeploymentStatus{
				Replicas: 2, UpdatedReplicas: 2, AvailableReplicas: available,
			},
		}}
	}
	unpullable := &corev1.Pod{Status: corev1.PodStatus{ContainerStatuses: []corev1.ContainerStatus{{
		State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "ImagePullBackOff"}},
	}}}}
	tests := []struct {
		name   string
		facts  observe.Facts
		reason string
	}{
		{name: "not there yet", reason: v1alpha1.ReasonProgressing},
		{name: "all pods available", facts: observe.Facts{Deployments: deployment(2)}, reason: v1alpha1.ReasonReady},
		{name: "one pod missing", facts: observe.Facts{Deployments: deployment(1)}, reason: v1alpha1.ReasonProgressing},
		{
			name: "image cannot be pulled",
			facts: observe.Facts{
				Deployments: deployment(1),
				Pods:        map[string][]*corev1.Pod{naming.Frontend: {unpullable}},
			},
			reason: v1alpha1.ReasonImagePull,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			cluster := &v1alpha1.XaTubeCluster{ObjectMeta: metav1.ObjectMeta{Name: "demo", Namespace: "media"}}
			got := New().Health(component.Input{Cluster: cluster, Facts: tt.facts})
			if got.Reason != tt.reason || got.Healthy() != (tt.reason == v1alpha1.ReasonReady) {
				t.Errorf("Health = %+v, want reason %s", got, tt.reason)
			}
		})
	}
}
