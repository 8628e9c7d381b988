package edge

import (
	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component"
	"github.com/xatube/xatube-operator/internal/component/naming"
	"github.com/xatube/xatube-operator/internal/component/workload"
	"github.com/xatube/xatube-operator/internal/outcome"
)

// Health judges the certificate first: pods that serve with a former one do not make up for it.
func (Component) Health(in component.Input) component.Health {
	if blocked, found := outcome.AsBlocked(checkCertificate(in)); found {
		return component.NotReady(blocked.Reason, blocked.Message)
	}
	if refuses(in) {
		return refusingHealth(in)
	}
	h := workload.DeploymentHealth(in, naming.Edge)
	if h.Reason == v1alpha1.ReasonReady {
		h.Message += unknownClients(in.Cluster.Spec)
	}
	return h
}
