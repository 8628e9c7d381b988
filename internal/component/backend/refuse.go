package backend

import (
	corev1 "k8s.io/api/core/v1"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component"
	"github.com/xatube/xatube-operator/internal/outcome"
)

// refuse what cannot work and admission does not see.
func refuse(in component.Input) error {
	spec := in.Cluster.Spec.Backend
	if onePod(in) && mostReplicas(spec) > 1 {
		return outcome.Terminal(v1alpha1.ReasonInvalid,
			"spec.backend.uploads.accessModes ReadWriteOncePod lets one pod use the volume: set spec.backend.replicas to 1 and remove spec.backend.autoscaling")
	}
	if spec.Autoscaling != nil && !requestsCPU(spec.Pod.Resources) {
		return outcome.Terminal(v1alpha1.ReasonInvalid,
			"spec.backend.autoscaling measures against the CPU request: set spec.backend.pod.resources.requests.cpu")
	}
	return nil
}

// requestsCPU knows that Kubernetes takes a limit for the request where none is given, and that there is a default
// where the user gives no resources at all.
func requestsCPU(r *v1alpha1.Resources) bool {
	if r == nil {
		return true
	}
	_, requested := r.Requests[corev1.ResourceCPU]
	_, limited := r.Limits[corev1.ResourceCPU]
	return requested || limited
}
