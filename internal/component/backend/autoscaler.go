package backend

import (
	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	autoscalingv2ac "k8s.io/client-go/applyconfigurations/autoscaling/v2"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component/naming"
)

// autoscaler owns the number of replicas of the Deployment, which then does not say one.
func autoscaler(c *v1alpha1.XaTubeCluster) *autoscalingv2ac.HorizontalPodAutoscalerApplyConfiguration {
	name := naming.Child(c, naming.Backend)
	want := c.Spec.Backend.Autoscaling
	return autoscalingv2ac.HorizontalPodAutoscaler(name, c.Namespace).
		WithLabels(naming.Labels(c, naming.Backend)).
		WithSpec(autoscalingv2ac.HorizontalPodAutoscalerSpec().
			WithScaleTargetRef(autoscalingv2ac.CrossVersionObjectReference().
				WithAPIVersion(appsv1.SchemeGroupVersion.String()).WithKind("Deployment").WithName(name)).
			WithMinReplicas(want.MinReplicas).
			WithMaxReplicas(want.MaxReplicas).
			WithMetrics(autoscalingv2ac.MetricSpec().
				WithType(autoscalingv2.ResourceMetricSourceType).
				WithResource(autoscalingv2ac.ResourceMetricSource().
					WithName(corev1.ResourceCPU).
					WithTarget(autoscalingv2ac.MetricTarget().
						WithType(autoscalingv2.UtilizationMetricType).
						WithAverageUtilization(want.TargetCPUUtilization)))))
}
