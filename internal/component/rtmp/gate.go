package rtmp

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component"
	"github.com/xatube/xatube-operator/internal/component/naming"
	"github.com/xatube/xatube-operator/internal/component/workload"
)

const gateName = "gate"

// gateOf is where publishers enter, and what tells Prometheus of them and of the space for live fragments. It outlives
// nginx, as sidecars do: the end of a drain is to be seen too. It comes without an image.
func gateOf(in component.Input, scratch resource.Quantity) *corev1ac.ContainerApplyConfiguration {
	return workload.Container(in, gateName, "", "/rtmp-gate",
		fmt.Sprintf("--listen=:%d", naming.RTMPPort),
		fmt.Sprintf("--upstream=127.0.0.1:%d", ingestPort),
		fmt.Sprintf("--metrics=:%d", naming.RTMPMetricsPort),
		fmt.Sprintf("--stat=http://127.0.0.1:%d/stat", controlPort),
		"--scratch="+liveDir,
		fmt.Sprintf("--scratch-size=%d", scratch.Value())).
		WithRestartPolicy(corev1.ContainerRestartPolicyAlways).
		WithPorts(workload.Port(naming.PortMetrics, naming.RTMPMetricsPort)).
		WithVolumeMounts(workload.Mount(liveVolume, liveDir).WithReadOnly(true)).
		WithResources(workload.Requests("50m", "48Mi")).
		// A restart cuts every publisher of the pod.
		WithLivenessProbe(workload.HTTPProbe(naming.PortMetrics, "/healthz").
			WithTimeoutSeconds(5).WithPeriodSeconds(30).WithFailureThreshold(3))
}

func chooseGateImage(in component.Input, template *corev1ac.PodTemplateSpecApplyConfiguration) error {
	var override v1alpha1.Image
	if e := in.Cluster.Spec.RTMP.Exporter; e != nil {
		override = e.Image
	}
	var live *corev1.PodTemplateSpec
	if set := in.Facts.StatefulSets[naming.Child(in.Cluster, naming.RTMP)]; set != nil {
		live = &set.Spec.Template
	}
	return workload.ChooseOwnImage(in, template, live, override)
}
