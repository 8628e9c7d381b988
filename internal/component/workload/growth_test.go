package workload

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component"
	"github.com/xatube/xatube-operator/internal/component/naming"
)

func TestGrown(t *testing.T) {
	ready := component.Ready("1 of 1 pods are ready")
	for _, tt := range []struct {
		name       string
		phase      corev1.PersistentVolumeClaimPhase
		asks, has  string
		component  string
		health     component.Health
		reason     string
		mentioning string
	}{
		{"as large as asked for", corev1.ClaimBound, "2Gi", "2Gi", naming.Redis, ready, v1alpha1.ReasonReady, ""},
		{"larger", corev1.ClaimBound, "2Gi", "3Gi", naming.Redis, ready, v1alpha1.ReasonReady, ""},
		{"smaller", corev1.ClaimBound, "2Gi", "1Gi", naming.Redis, ready, v1alpha1.ReasonProgressing, "data-demo-redis-0 grows from 1Gi to 2Gi"},
		{"of another component", corev1.ClaimBound, "2Gi", "1Gi", naming.RabbitMQ, ready, v1alpha1.ReasonReady, ""},
		{"not bound yet", corev1.ClaimPending, "2Gi", "0", naming.Redis, ready, v1alpha1.ReasonReady, ""},
		{
			"asleep: a file system may grow only when a pod uses it", corev1.ClaimBound, "2Gi", "1Gi", naming.Redis,
			component.Off(v1alpha1.ReasonHibernated, "asleep"), v1alpha1.ReasonHibernated, "asleep",
		},
		{
			"worse is the matter", corev1.ClaimBound, "2Gi", "1Gi", naming.Redis,
			component.NotReady(v1alpha1.ReasonCrashLoop, "ends"), v1alpha1.ReasonCrashLoop, "ends",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			claim := &corev1.PersistentVolumeClaim{}
			claim.Labels = map[string]string{naming.LabelComponent: tt.component}
			claim.Spec.Resources.Requests = corev1.ResourceList{corev1.ResourceStorage: resource.MustParse(tt.asks)}
			claim.Status.Phase = tt.phase
			claim.Status.Capacity = corev1.ResourceList{corev1.ResourceStorage: resource.MustParse(tt.has)}
			in := component.Input{}
			in.Facts.Claims = map[string]*corev1.PersistentVolumeClaim{"data-demo-redis-0": claim}
			got := Grown(in, naming.Redis, tt.health)
			if got.Reason != tt.reason || !strings.Contains(got.Message, tt.mentioning) {
				t.Errorf("got %s: %s", got.Reason, got.Message)
			}
		})
	}
}
