package edge

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component"
	"github.com/xatube/xatube-operator/internal/component/naming"
	"github.com/xatube/xatube-operator/internal/component/workload"
)

// exporter counts what users get, if the platform is monitored. It is there before nginx and outlives it, as sidecars do: a pod
// that leaves still answers. It comes without an image.
func exporter(in component.Input) []*corev1ac.ContainerApplyConfiguration {
	if !in.Cluster.Monitored() {
		return nil
	}
	return []*corev1ac.ContainerApplyConfiguration{
		workload.Container(in, workload.ExporterName, "", "/edge-exporter",
			fmt.Sprintf("--address=:%d", naming.EdgeMetricsPort),
			"--log="+requestLog,
			fmt.Sprintf("--status=http://127.0.0.1:%d/status", statusPort)).
			WithRestartPolicy(corev1.ContainerRestartPolicyAlways).
			WithResources(workload.ExporterResources(in.Cluster.Spec.Edge.Exporter)).
			WithVolumeMounts(workload.Mount(volumeRequests, requestsFolder)).
			WithPorts(workload.Port(naming.PortMetrics, naming.EdgeMetricsPort)).
			WithLivenessProbe(workload.HTTPProbe(naming.PortMetrics, "/healthz").
				WithTimeoutSeconds(3).WithPeriodSeconds(30).WithFailureThreshold(3)),
	}
}

func chooseExporterImage(in component.Input, template *corev1ac.PodTemplateSpecApplyConfiguration) error {
	var override v1alpha1.Image
	if e := in.Cluster.Spec.Edge.Exporter; e != nil {
		override = e.Image
	}
	var live *corev1.PodTemplateSpec
	if d := in.Facts.Deployments[naming.Child(in.Cluster, naming.Edge)]; d != nil {
		live = &d.Spec.Template
	}
	return workload.ChooseOwnImage(in, template, live, override)
}
