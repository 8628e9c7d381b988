package backend

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"

	"github.com/xatube/xatube-operator/internal/component"
	"github.com/xatube/xatube-operator/internal/component/naming"
	"github.com/xatube/xatube-operator/internal/component/postgres"
	"github.com/xatube/xatube-operator/internal/component/workload"
)

// doorName of the sidecar.
const doorName = "database-door"

// databaseDoor lets the connections of the pod wait while the database fails over, and names what leads to it. It starts
// before the server, ends after it, and comes without an image.
func databaseDoor(in component.Input) (doors []*corev1ac.ContainerApplyConfiguration, names []string) {
	door, ok := postgres.DoorOf(in)
	if !ok {
		return nil, nil
	}
	container := workload.Container(in, doorName, "", "/database-door",
		fmt.Sprintf("--listen=127.0.0.1:%d", door.Port),
		"--upstream="+door.Upstream).
		WithRestartPolicy(corev1.ContainerRestartPolicyAlways).
		WithResources(workload.Requests("10m", "16Mi"))
	return []*corev1ac.ContainerApplyConfiguration{container}, door.Names
}

func chooseDoorImage(in component.Input, template *corev1ac.PodTemplateSpecApplyConfiguration) error {
	var live *corev1.PodTemplateSpec
	if d := in.Facts.Deployments[naming.Child(in.Cluster, naming.Backend)]; d != nil {
		live = &d.Spec.Template
	}
	return workload.ChooseOwnImage(in, template, live, "")
}
