package backend

import (
	"k8s.io/utils/ptr"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component"
	"github.com/xatube/xatube-operator/internal/component/hibernation"
	"github.com/xatube/xatube-operator/internal/component/naming"
)

// ownReplicas is the number that the operator owns; nil leaves it to the autoscaler. An autoscaler never touches a
// Deployment without replicas, so one that stands still is started with the least number first.
func ownReplicas(in component.Input) *int32 {
	spec := in.Cluster.Spec.Backend
	switch {
	case hibernation.Stops(in, naming.Backend):
		return new(int32(0))
	case spec.Autoscaling == nil:
		return new(replicas(spec))
	case standsStill(in):
		return new(spec.Autoscaling.MinReplicas)
	}
	return nil
}

// Starts says that backends are wanted where none are: after hibernation, or after a scaling to zero.
func Starts(in component.Input) bool {
	return standsStill(in) && !hibernation.Wanted(in.Cluster) && mostReplicas(in.Cluster.Spec.Backend) > 0
}

// standsStill says that the live Deployment is to have no pods.
func standsStill(in component.Input) bool {
	live := in.Facts.Deployments[naming.Child(in.Cluster, naming.Backend)]
	return live != nil && live.Spec.Replicas != nil && *live.Spec.Replicas == 0
}

func replicas(spec v1alpha1.BackendSpec) int32 {
	return ptr.Deref(spec.Replicas, defaultReplicas)
}

// mostReplicas that ever run.
func mostReplicas(spec v1alpha1.BackendSpec) int32 {
	if spec.Autoscaling != nil {
		return spec.Autoscaling.MaxReplicas
	}
	return replicas(spec)
}
