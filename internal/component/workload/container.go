package workload

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/intstr"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component"
	"github.com/xatube/xatube-operator/internal/component/naming"
)

// Container starts a container under restricted security: read-only root, no capabilities, an explicit command.
func Container(in component.Input, name, image string, command ...string) *corev1ac.ContainerApplyConfiguration {
	policy := corev1.PullIfNotPresent
	if d := in.Cluster.Spec.ImageDefaults; d != nil && d.PullPolicy != "" {
		policy = d.PullPolicy
	}
	return corev1ac.Container().
		WithName(name).
		WithImage(image).
		WithImagePullPolicy(policy).
		WithCommand(command...).
		WithSecurityContext(corev1ac.SecurityContext().
			WithAllowPrivilegeEscalation(false).
			WithReadOnlyRootFilesystem(true).
			WithCapabilities(corev1ac.Capabilities().WithDrop("ALL")))
}

// Requests are the default resource requests of a container.
func Requests(cpu, memory string) *corev1ac.ResourceRequirementsApplyConfiguration {
	return corev1ac.ResourceRequirements().WithRequests(corev1.ResourceList{
		corev1.ResourceCPU:    resource.MustParse(cpu),
		corev1.ResourceMemory: resource.MustParse(memory),
	})
}

// RequestDisk adds a request for the node's disk, which emptyDirs, logs and the writable layer share.
func RequestDisk(r *corev1ac.ResourceRequirementsApplyConfiguration, disk resource.Quantity) *corev1ac.ResourceRequirementsApplyConfiguration {
	(*r.Requests)[corev1.ResourceEphemeralStorage] = disk
	return r
}

// ExporterImage is the user's, or the default.
func ExporterImage(in component.Input, e *v1alpha1.ExporterSpec, fallback string) string {
	if e == nil {
		return naming.Image(in.Cluster, "", fallback)
	}
	return naming.Image(in.Cluster, e.Image, fallback)
}

// ExporterResources are the user's, or requests that fit all exporters.
func ExporterResources(e *v1alpha1.ExporterSpec) *corev1ac.ResourceRequirementsApplyConfiguration {
	if e == nil || e.Resources == nil {
		return Requests("10m", "32Mi")
	}
	return Resources(*e.Resources)
}

// Resources renders the user's resources of a container.
func Resources(r v1alpha1.Resources) *corev1ac.ResourceRequirementsApplyConfiguration {
	out := corev1ac.ResourceRequirements()
	if len(r.Requests) > 0 {
		out.WithRequests(r.Requests)
	}
	if len(r.Limits) > 0 {
		out.WithLimits(r.Limits)
	}
	return out
}

// Port is a named TCP port of a container.
func Port(name string, number int32) *corev1ac.ContainerPortApplyConfiguration {
	return corev1ac.ContainerPort().WithName(name).WithContainerPort(number).WithProtocol(corev1.ProtocolTCP)
}

// HTTPProbe asks a path on a named port.
func HTTPProbe(port, path string) *corev1ac.ProbeApplyConfiguration {
	return corev1ac.Probe().WithHTTPGet(corev1ac.HTTPGetAction().WithPath(path).WithPort(intstr.FromString(port)))
}

// TCPProbe connects to a named port.
func TCPProbe(port string) *corev1ac.ProbeApplyConfiguration {
	return corev1ac.Probe().WithTCPSocket(corev1ac.TCPSocketAction().WithPort(intstr.FromString(port)))
}

// ExecProbe runs a command in the container.
func ExecProbe(command ...string) *corev1ac.ProbeApplyConfiguration {
	return corev1ac.Probe().WithExec(corev1ac.ExecAction().WithCommand(command...))
}

// Scratch is a writable folder that lives as long as the pod. A pod that writes more than the limit is evicted, before the
// disk of its node is full and others are.
func Scratch(name string, limit resource.Quantity) *corev1ac.VolumeApplyConfiguration {
	return corev1ac.Volume().WithName(name).WithEmptyDir(corev1ac.EmptyDirVolumeSource().WithSizeLimit(limit))
}

// SmallScratch is for what stays small: configuration, sockets, temporary files of programs.
func SmallScratch(name string) *corev1ac.VolumeApplyConfiguration {
	return Scratch(name, resource.MustParse("64Mi"))
}

// SecretVolume is a Secret as files, readable by the pod's group only.
func SecretVolume(name, secret string) *corev1ac.VolumeApplyConfiguration {
	return corev1ac.Volume().WithName(name).
		WithSecret(corev1ac.SecretVolumeSource().WithSecretName(secret).WithDefaultMode(0o440))
}

// ConfigVolume is a ConfigMap as files.
func ConfigVolume(name, configMap string) *corev1ac.VolumeApplyConfiguration {
	return corev1ac.Volume().WithName(name).WithConfigMap(corev1ac.ConfigMapVolumeSource().WithName(configMap))
}

// Mount puts a volume at a path.
func Mount(volume, path string) *corev1ac.VolumeMountApplyConfiguration {
	return corev1ac.VolumeMount().WithName(volume).WithMountPath(path)
}
