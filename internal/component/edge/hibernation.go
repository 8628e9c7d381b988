package edge

import (
	"fmt"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component"
	"github.com/xatube/xatube-operator/internal/component/hibernation"
	"github.com/xatube/xatube-operator/internal/component/naming"
	"github.com/xatube/xatube-operator/internal/component/workload"
)

// refuses says that the edge answers everything with 503 because the platform is hibernated.
func refuses(in component.Input) bool {
	return stays(in) && hibernation.Stops(in, naming.Edge)
}

// stays says that the edge outlives the rest.
func stays(in component.Input) bool {
	return in.Cluster.Spec.Edge.WhileHibernated == v1alpha1.EdgeServe
}

func replicas(in component.Input) int32 {
	n := in.Cluster.Spec.Edge.Replicas
	if stays(in) {
		return n
	}
	return hibernation.Replicas(in, naming.Edge, n)
}

// refusingHealth is the health of pods that answer 503, as the spec says.
func refusingHealth(in component.Input) component.Health {
	h := workload.RunningDeploymentHealth(in, naming.Edge)
	if !h.Healthy() {
		return h
	}
	return hibernation.Asleep(fmt.Sprintf("%s and answer 503 with Retry-After", h.Message))
}
