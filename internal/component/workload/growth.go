package workload

import (
	"fmt"
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component"
	"github.com/xatube/xatube-operator/internal/component/naming"
)

// Grown is the health of a component, unless it is ready but for a volume that is still smaller than its claim asks for. The
// API server takes the claim at once; whether the volume follows is up to the storage.
func Grown(in component.Input, comp string, h component.Health) component.Health {
	if h.Reason != v1alpha1.ReasonReady {
		return h
	}
	for _, name := range slices.Sorted(maps.Keys(in.Facts.Claims)) {
		if claim := in.Facts.Claims[name]; claim.Labels[naming.LabelComponent] == comp && grows(claim) {
			return component.NotReady(v1alpha1.ReasonProgressing, fmt.Sprintf(
				"the volume of claim %s grows from %s to %s; see kubectl describe pvc %s",
				name, claim.Status.Capacity.Storage(), claim.Spec.Resources.Requests.Storage(), name))
		}
	}
	return h
}

func grows(claim *corev1.PersistentVolumeClaim) bool {
	return claim.Status.Phase == corev1.ClaimBound &&
		claim.Status.Capacity.Storage().Cmp(*claim.Spec.Resources.Requests.Storage()) < 0
}
