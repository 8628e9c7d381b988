package frontend

import (
	"github.com/xatube/xatube-operator/internal/component"
	"github.com/xatube/xatube-operator/internal/component/naming"
	"github.com/xatube/xatube-operator/internal/component/workload"
)

// Health judges the Deployment.
func (Component) Health(in component.Input) component.Health {
	return workload.DeploymentHealth(in, naming.Frontend)
}
