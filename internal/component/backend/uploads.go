package backend

import (
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	appsv1ac "k8s.io/client-go/applyconfigurations/apps/v1"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"
	metav1ac "k8s.io/client-go/applyconfigurations/meta/v1"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component"
	"github.com/xatube/xatube-operator/internal/component/naming"
	"github.com/xatube/xatube-operator/internal/component/workload"
)

const uploads = "uploads"

func claimName(c *v1alpha1.XaTubeCluster) string { return naming.Child(c, uploads) }

// accessModes of the volume of the uploads. A volume that an earlier platform has left keeps those that it has.
func accessModes(in component.Input) []corev1.PersistentVolumeAccessMode {
	if live := in.Facts.Claims[claimName(in.Cluster)]; live != nil {
		return live.Spec.AccessModes
	}
	return in.Cluster.Spec.Backend.Uploads.AccessModes
}

// SharesUploads reports whether any pod may use the volume of the uploads while the backend does.
func SharesUploads(in component.Input) bool {
	return slices.Contains(accessModes(in), corev1.ReadWriteMany)
}

// UploadsVolume is the volume of the uploads.
func UploadsVolume(c *v1alpha1.XaTubeCluster) *corev1ac.VolumeApplyConfiguration {
	return corev1ac.Volume().WithName(uploads).WithPersistentVolumeClaim(
		corev1ac.PersistentVolumeClaimVolumeSource().WithClaimName(claimName(c)))
}

// UploadsMount puts the uploads where the application expects them.
func UploadsMount() *corev1ac.VolumeMountApplyConfiguration {
	return workload.Mount(uploads, "/app/uploads")
}

// onePod reports whether the volume takes only one pod at a time.
func onePod(in component.Input) bool {
	return slices.Contains(accessModes(in), corev1.ReadWriteOncePod)
}

// fitVolume makes a roll possible with a volume that is not ReadWriteMany. On a volume of one pod the old one has to
// go first. On a volume of one node all pods stay together, or the new pod would wait elsewhere for the volume for
// ever; an affinity of the user among pods is left as it is.
func fitVolume(in component.Input, d *appsv1ac.DeploymentApplyConfiguration) {
	switch {
	case SharesUploads(in):
		return
	case onePod(in):
		d.Spec.Strategy = appsv1ac.DeploymentStrategy().WithType(appsv1.RecreateDeploymentStrategyType)
		return
	}
	pod := d.Spec.Template.Spec
	if pod.Affinity == nil {
		pod.WithAffinity(corev1ac.Affinity())
	}
	if pod.Affinity.PodAffinity == nil {
		pod.Affinity.WithPodAffinity(corev1ac.PodAffinity())
	}
	pod.Affinity.PodAffinity.WithRequiredDuringSchedulingIgnoredDuringExecution(corev1ac.PodAffinityTerm().
		WithTopologyKey(corev1.LabelHostname).
		WithLabelSelector(metav1ac.LabelSelector().WithMatchLabels(naming.Selector(in.Cluster, naming.Backend))))
}
