package workload

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/intstr"
	appsv1ac "k8s.io/client-go/applyconfigurations/apps/v1"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"
	metav1ac "k8s.io/client-go/applyconfigurations/meta/v1"
	policyv1ac "k8s.io/client-go/applyconfigurations/policy/v1"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component"
	"github.com/xatube/xatube-operator/internal/component/naming"
)

// Service of a component, by name, over the component's pods.
func Service(in component.Input, name, comp string, ports ...*corev1ac.ServicePortApplyConfiguration) *corev1ac.ServiceApplyConfiguration {
	return corev1ac.Service(name, in.Cluster.Namespace).
		WithLabels(naming.Labels(in.Cluster, comp)).
		WithSpec(corev1ac.ServiceSpec().
			WithType(corev1.ServiceTypeClusterIP).
			WithSelector(naming.Selector(in.Cluster, comp)).
			WithPorts(ports...))
}

// HeadlessService of a component resolves to the addresses of its ready pods.
func HeadlessService(in component.Input, comp string, ports ...*corev1ac.ServicePortApplyConfiguration) *corev1ac.ServiceApplyConfiguration {
	s := Service(in, naming.Headless(in.Cluster, comp), comp, ports...)
	s.Spec.WithClusterIP(corev1.ClusterIPNone)
	return s
}

// BalancedServices are the two Services of a component behind the edge: one that resolves to each pod, among which the
// edge chooses, and one that always resolves and leads to a ready pod as soon as there is one, which the edge falls back
// on. More ports are those that only the edge asks, of each pod.
func BalancedServices(in component.Input, comp string, port int32, more ...*corev1ac.ServicePortApplyConfiguration) []component.Object {
	return []component.Object{
		HeadlessService(in, comp, append([]*corev1ac.ServicePortApplyConfiguration{ServicePort(naming.PortHTTP, port)}, more...)...),
		Service(in, naming.Child(in.Cluster, comp), comp, ServicePort(naming.PortHTTP, port)),
	}
}

// ServicePort forwards to the container port of the same name.
func ServicePort(name string, number int32) *corev1ac.ServicePortApplyConfiguration {
	return corev1ac.ServicePort().WithName(name).WithPort(number).
		WithTargetPort(intstr.FromString(name)).WithProtocol(corev1.ProtocolTCP)
}

// Budget lets one pod of a component go at a time. A single pod gets none: it would block every drain.
func Budget(in component.Input, comp string, replicas int32) []component.Object {
	return BudgetOver(in, comp, replicas, naming.Selector(in.Cluster, comp))
}

// BudgetOver is a Budget over pods that somebody else labels.
func BudgetOver(in component.Input, comp string, replicas int32, selector map[string]string) []component.Object {
	if replicas < 2 {
		return nil
	}
	return []component.Object{policyv1ac.PodDisruptionBudget(naming.Child(in.Cluster, comp), in.Cluster.Namespace).
		WithLabels(naming.Labels(in.Cluster, comp)).
		WithSpec(policyv1ac.PodDisruptionBudgetSpec().
			WithMaxUnavailable(intstr.FromInt32(1)).
			// A pod that is not ready protects nobody and must not block the drain of its node.
			WithUnhealthyPodEvictionPolicy(policyv1.AlwaysAllow).
			WithSelector(metav1ac.LabelSelector().WithMatchLabels(selector)))}
}

// ConfigMap of a component.
func ConfigMap(in component.Input, name, comp string, data map[string]string) *corev1ac.ConfigMapApplyConfiguration {
	return corev1ac.ConfigMap(name, in.Cluster.Namespace).
		WithLabels(naming.Labels(in.Cluster, comp)).
		WithData(data)
}

// Claim asks for a volume. It is kept when the resource is deleted with policy Retain, so a claim may be older than the
// spec and larger: it keeps what Kubernetes lets nobody change, and never asks for less than it has.
func Claim(in component.Input, name, comp string, v v1alpha1.VolumeSpec, modes ...corev1.PersistentVolumeAccessMode) (*corev1ac.PersistentVolumeClaimApplyConfiguration, error) {
	if live := in.Facts.Claims[name]; live != nil {
		v, modes = keepClaim(v, live), live.Spec.AccessModes
	}
	size, err := v.Size.Quantity()
	if err != nil {
		return nil, err
	}
	spec := corev1ac.PersistentVolumeClaimSpec().
		WithAccessModes(modes...).
		WithResources(corev1ac.VolumeResourceRequirements().
			WithRequests(corev1.ResourceList{corev1.ResourceStorage: size}))
	if v.StorageClassName != nil {
		spec.WithStorageClassName(string(*v.StorageClassName))
	}
	return corev1ac.PersistentVolumeClaim(name, in.Cluster.Namespace).
		WithLabels(naming.Labels(in.Cluster, comp)).
		WithSpec(spec), nil
}

func keepClaim(v v1alpha1.VolumeSpec, live *corev1.PersistentVolumeClaim) v1alpha1.VolumeSpec {
	v.Size = LargerSize(v.Size, v1alpha1.Size(live.Spec.Resources.Requests.Storage().String()))
	v.StorageClassName = nil
	if class := live.Spec.StorageClassName; class != nil {
		v.StorageClassName = new(v1alpha1.ObjectName(*class))
	}
	return v
}

// LargerSize is the larger of two sizes. One that cannot be read counts as none.
func LargerSize(a, b v1alpha1.Size) v1alpha1.Size {
	sizeA, err := a.Quantity()
	if err != nil {
		return b
	}
	if sizeB, err := b.Quantity(); err == nil && sizeA.Cmp(sizeB) < 0 {
		return b
	}
	return a
}

// ClaimTemplate is the volume claim template of a StatefulSet. Kubernetes refuses to change one, so an existing
// StatefulSet keeps the size with which it was made; GrownClaims enlarges the volumes themselves.
func ClaimTemplate(in component.Input, set, name, comp string, v v1alpha1.VolumeSpec) (*corev1ac.PersistentVolumeClaimApplyConfiguration, error) {
	if live := in.Facts.StatefulSets[set]; live != nil {
		for _, t := range live.Spec.VolumeClaimTemplates {
			if t.Name == name {
				v.Size = v1alpha1.Size(t.Spec.Resources.Requests.Storage().String())
			}
		}
	}
	claim, err := Claim(in, name, comp, v, corev1.ReadWriteOnce)
	if err != nil {
		return nil, err
	}
	// The template of a claim is no object: Kubernetes keeps neither its kind nor a namespace.
	claim.Kind, claim.APIVersion, claim.Namespace = nil, nil, nil
	return claim, nil
}

// GrownClaims are the existing claims of a StatefulSet that are smaller than wanted, at the wanted size.
func GrownClaims(in component.Input, set, template, comp string, v v1alpha1.VolumeSpec, replicas int32) ([]component.Object, error) {
	want, err := v.Size.Quantity()
	if err != nil {
		return nil, err
	}
	var out []component.Object
	for i := range replicas {
		name := fmt.Sprintf("%s-%s-%d", template, set, i)
		live := in.Facts.Claims[name]
		if live == nil {
			continue
		}
		if _, grown := live.Annotations[naming.AnnotationApplied]; !grown && live.Spec.Resources.Requests.Storage().Cmp(want) >= 0 {
			continue
		}
		out = append(out, corev1ac.PersistentVolumeClaim(name, in.Cluster.Namespace).
			WithLabels(naming.Labels(in.Cluster, comp)).
			WithSpec(corev1ac.PersistentVolumeClaimSpec().WithResources(corev1ac.VolumeResourceRequirements().
				WithRequests(corev1.ResourceList{corev1.ResourceStorage: largest(want, *live.Spec.Resources.Requests.Storage())}))))
	}
	return out, nil
}

func largest(a, b resource.Quantity) resource.Quantity {
	if a.Cmp(b) < 0 {
		return b
	}
	return a
}

// StatefulSet selector and labels are the same everywhere.
func StatefulSet(in component.Input, comp string) *appsv1ac.StatefulSetApplyConfiguration {
	return appsv1ac.StatefulSet(naming.Child(in.Cluster, comp), in.Cluster.Namespace).
		WithLabels(naming.Labels(in.Cluster, comp)).
		WithSpec(appsv1ac.StatefulSetSpec().
			WithSelector(metav1ac.LabelSelector().WithMatchLabels(naming.Selector(in.Cluster, comp))))
}

// Deployment with the selector and labels of a component, that never takes a pod away before its successor is ready.
func Deployment(in component.Input, comp string) *appsv1ac.DeploymentApplyConfiguration {
	return appsv1ac.Deployment(naming.Child(in.Cluster, comp), in.Cluster.Namespace).
		WithLabels(naming.Labels(in.Cluster, comp)).
		WithSpec(appsv1ac.DeploymentSpec().
			WithSelector(metav1ac.LabelSelector().WithMatchLabels(naming.Selector(in.Cluster, comp))).
			WithRevisionHistoryLimit(3).
			WithStrategy(appsv1ac.DeploymentStrategy().
				WithType("RollingUpdate").
				WithRollingUpdate(appsv1ac.RollingUpdateDeployment().
					WithMaxUnavailable(intstr.FromInt32(0)).
					WithMaxSurge(intstr.FromInt32(1)))))
}

// Checksum is a short stable hash over configuration and the content of Secrets, for AnnotationChecksum.
func Checksum(parts ...any) (string, error) {
	h := sha256.New()
	for _, p := range parts {
		b, err := json.Marshal(p)
		if err != nil {
			return "", fmt.Errorf("hashing configuration: %w", err)
		}
		h.Write(b)
		h.Write([]byte{0})
	}
	return hex.EncodeToString(h.Sum(nil))[:16], nil
}
