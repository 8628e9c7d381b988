package workload

import (
	"cmp"

	corev1 "k8s.io/api/core/v1"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component"
	"github.com/xatube/xatube-operator/internal/component/naming"
)

// ExporterName of a sidecar that exports metrics.
const ExporterName = "exporter"

// ChooseOwnImage of a template's sidecar that comes with the operator and so without an image, if there is one. The default is the
// operator's own image, which differs with each version: pods that would be the same as the live ones but for it keep theirs, for
// replacing them costs publishers and visitors.
func ChooseOwnImage(in component.Input, template *corev1ac.PodTemplateSpecApplyConfiguration, live *corev1.PodTemplateSpec, override v1alpha1.Image) error {
	sidecar := withoutImage(template)
	if sidecar == nil {
		return nil
	}
	pods, err := Checksum(template, override)
	if err != nil {
		return err
	}
	template.WithAnnotations(map[string]string{naming.AnnotationPods: pods})
	sidecar.WithImage(cmp.Or(keptImage(live, pods, *sidecar.Name), naming.Image(in.Cluster, override, in.Options.Image)))
	return nil
}

func withoutImage(template *corev1ac.PodTemplateSpecApplyConfiguration) *corev1ac.ContainerApplyConfiguration {
	for i := range template.Spec.InitContainers {
		if c := &template.Spec.InitContainers[i]; *c.Image == "" {
			return c
		}
	}
	return nil
}

// keptImage is that of the sidecar of the pods that run, if they are the same otherwise.
func keptImage(live *corev1.PodTemplateSpec, pods, sidecar string) string {
	if live == nil || live.Annotations[naming.AnnotationPods] != pods {
		return ""
	}
	for _, c := range live.Spec.InitContainers {
		if c.Name == sidecar {
			return c.Image
		}
	}
	return ""
}
