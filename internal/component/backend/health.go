package backend

import (
	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component"
	"github.com/xatube/xatube-operator/internal/component/naming"
	"github.com/xatube/xatube-operator/internal/component/workload"
)

// Health judges the Deployment.
func (Component) Health(in component.Input) component.Health {
	h := workload.DeploymentHealth(in, naming.Backend)
	if h.Reason == v1alpha1.ReasonReady && mostReplicas(in.Cluster.Spec.Backend) == 0 {
		return component.Off(v1alpha1.ReasonScaledToZero, "spec.backend.replicas is 0: nothing runs, by choice")
	}
	return h
}
