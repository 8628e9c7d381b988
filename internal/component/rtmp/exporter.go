package rtmp

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component"
	"github.com/xatube/xatube-operator/internal/component/naming"
	"github.com/xatube/xatube-operator/internal/component/workload"
)

// exporter translates the statistics of nginx, if the platform is monitored. It outlives nginx, as sidecars do: the end of
// a drain is to be seen too. It comes without an image.
func exporter(in component.Input) []*corev1ac.ContainerApplyConfiguration {
	if !in.Cluster.Monitored() {
		return nil
	}
	return []*corev1ac.ContainerApplyConfiguration{
		workload.Container(in, workload.ExporterName, "", "/rtmp-exporter",
			fmt.Sprintf("--address=:%d", naming.RTMPMetricsPort),
			fmt.Sprintf("--stat=http://127.0.0.1:%d/stat", naming.RTMPHTTPPort)).
			WithRestartPolicy(corev1.ContainerRestartPolicyAlways).
			WithPorts(workload.Port(naming.PortMetrics, naming.RTMPMetricsPort)).
			WithResources(workload.Requests("10m", "16Mi")).
			WithLivenessProbe(workload.HTTPProbe(naming.PortMetrics, "/healthz").
				WithTimeoutSeconds(3).WithPeriodSeconds(30).WithFailureThreshold(3)),
	}
}

func chooseExporterImage(in component.Input, template *corev1ac.PodTemplateSpecApplyConfiguration) error {
	var override v1alpha1.Image
	if e := in.Cluster.Spec.RTMP.Exporter; e != nil {
		override = e.Image
	}
	var live *corev1.PodTemplateSpec
	if set := in.Facts.StatefulSets[naming.Child(in.Cluster, naming.RTMP)]; set != nil {
		live = &set.Spec.Template
	}
	return workload.ChooseExporterImage(in, template, live, override)
}
