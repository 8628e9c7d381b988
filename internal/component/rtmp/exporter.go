package rtmp

import (
	"cmp"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component"
	"github.com/xatube/xatube-operator/internal/component/naming"
	"github.com/xatube/xatube-operator/internal/component/workload"
)

const exporterName = "exporter"

// exporter translates the statistics of nginx, if the platform is monitored. It outlives nginx, as sidecars do: the end of
// a drain is to be seen too. It comes without an image.
func exporter(in component.Input) []*corev1ac.ContainerApplyConfiguration {
	if !in.Cluster.Monitored() {
		return nil
	}
	return []*corev1ac.ContainerApplyConfiguration{
		workload.Container(in, exporterName, "", "/rtmp-exporter",
			fmt.Sprintf("--address=:%d", naming.RTMPMetricsPort),
			fmt.Sprintf("--stat=http://127.0.0.1:%d/stat", naming.RTMPHTTPPort)).
			WithRestartPolicy(corev1.ContainerRestartPolicyAlways).
			WithPorts(workload.Port(naming.PortMetrics, naming.RTMPMetricsPort)).
			WithResources(workload.Requests("10m", "16Mi")).
			WithLivenessProbe(workload.HTTPProbe(naming.PortMetrics, "/healthz").
				WithTimeoutSeconds(3).WithPeriodSeconds(30).WithFailureThreshold(3)),
	}
}

// chooseImage of the exporter in a template. Its default is the operator's own, which differs with each version: pods that
// would be the same but for it keep theirs, for replacing them costs publishers.
func chooseImage(in component.Input, template *corev1ac.PodTemplateSpecApplyConfiguration) error {
	if !in.Cluster.Monitored() {
		return nil
	}
	var override v1alpha1.Image
	if e := in.Cluster.Spec.RTMP.Exporter; e != nil {
		override = e.Image
	}
	pods, err := workload.Checksum(template, override)
	if err != nil {
		return err
	}
	template.WithAnnotations(map[string]string{naming.AnnotationPods: pods})
	image := cmp.Or(keptImage(in, pods), naming.Image(in.Cluster, override, in.Options.Image))
	for i := range template.Spec.InitContainers {
		if c := &template.Spec.InitContainers[i]; *c.Name == exporterName {
			c.WithImage(image)
		}
	}
	return nil
}

// keptImage is that of the exporter of the pods that run, if they are the same otherwise.
func keptImage(in component.Input, pods string) string {
	live := in.Facts.StatefulSets[naming.Child(in.Cluster, naming.RTMP)]
	if live == nil || live.Spec.Template.Annotations[naming.AnnotationPods] != pods {
		return ""
	}
	for _, c := range live.Spec.Template.Spec.InitContainers {
		if c.Name == exporterName {
			return c.Image
		}
	}
	return ""
}
