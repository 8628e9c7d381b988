package v1alpha1

import (
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
)

// Size is an amount of bytes as a Kubernetes quantity, e.g. 20Gi. It is kept as the user wrote it.
//
// +kubebuilder:validation:Pattern=`^[0-9]{1,12}(\.[0-9]{1,3})?([MGTP]i?|Ki|k)?$`
// +kubebuilder:validation:MaxLength=20
// +kubebuilder:validation:XValidation:rule="quantity(self).isGreaterThan(quantity('0')) && !quantity(self).isGreaterThan(quantity('1Pi'))",message="must be a size above zero and at most 1Pi; write e.g. 10Gi"
type Size string

// Quantity is the size in bytes. It fails only on values that admission refuses.
func (s Size) Quantity() (resource.Quantity, error) {
	q, err := resource.ParseQuantity(string(s))
	if err != nil {
		return q, fmt.Errorf("parsing size %q: %w", string(s), err)
	}
	return q, nil
}

// Duration is a span of time, e.g. 90s, 10m or 1h30m. It is kept as the user wrote it. Every field of this type
// has a rule with its bounds, whose message also helps with a malformed value.
//
// +kubebuilder:validation:Pattern=`^([0-9]{1,6}([.][0-9]{1,3})?(ms|s|m|h)){1,3}$`
// +kubebuilder:validation:MaxLength=20
type Duration string

// Parse is the span of time. It fails only on values that admission refuses.
func (d Duration) Parse() (time.Duration, error) {
	v, err := time.ParseDuration(string(d))
	if err != nil {
		return 0, fmt.Errorf("parsing duration %q: %w", string(d), err)
	}
	return v, nil
}

// Image is a container image reference; a digest is welcome.
//
// +kubebuilder:validation:MaxLength=512
// +kubebuilder:validation:XValidation:rule="self.matches('^[a-z0-9]([a-z0-9._-]*[a-z0-9])?(:[0-9]{1,5})?(/[a-z0-9]+([._-]+[a-z0-9]+)*)*(:[A-Za-z0-9_][A-Za-z0-9._-]{0,127})?(@sha256:[a-f0-9]{64})?$')",message="must be an image reference; write e.g. example.com/backend:1.2.3"
type Image string

// Hostname is a DNS name, e.g. tube.example.com.
//
// +kubebuilder:validation:MaxLength=253
// +kubebuilder:validation:XValidation:rule="self.matches('^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?([.][a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)*$')",message="must be a host name in lower case, without scheme, port or path; write e.g. tube.example.com"
type Hostname string

// ObjectName is the name of an object in the namespace of the resource.
//
// +kubebuilder:validation:Pattern=`^[a-z0-9]((-*|[.])[a-z0-9])*$`
// +kubebuilder:validation:MaxLength=253
type ObjectName string

// LabelValue is the value of a label.
//
// +kubebuilder:validation:Pattern=`^([A-Za-z0-9]([-\w.]*[A-Za-z0-9])?)?$`
// +kubebuilder:validation:MaxLength=63
type LabelValue string

// AnnotationValue is the value of an annotation. As many as a map may have are together below the 256 KiB that
// Kubernetes allows for an object, in any script.
//
// +kubebuilder:validation:MaxLength=2048
type AnnotationValue string

// CIDR is a network, e.g. 10.0.0.0/8 or fd00::/8.
//
// +kubebuilder:validation:MaxLength=43
// +kubebuilder:validation:XValidation:rule="isCIDR(self) && cidr(self) == cidr(self).masked()",message="must be a network in CIDR notation with no bits beyond the prefix; write e.g. 10.0.0.0/8"
type CIDR string

// Toggle switches a part of the platform on or off.
//
// +kubebuilder:validation:Enum=Enabled;Disabled
type Toggle string

// The values of Toggle.
const (
	ToggleEnabled  Toggle = "Enabled"
	ToggleDisabled Toggle = "Disabled"
)

// ImageDefaults applies to every image of the platform.
type ImageDefaults struct {
	// registry replaces the registry of every default image, e.g. mirror.example.com/xatube. An image that is
	// set in the spec is used as it is.
	// +optional
	// +kubebuilder:validation:MaxLength=255
	// +kubebuilder:validation:XValidation:rule="self.matches('^[a-z0-9]([a-z0-9._-]*[a-z0-9])?(:[0-9]{1,5})?(/[a-z0-9]+([._-]+[a-z0-9]+)*)*$')",message="must be a registry with an optional path, without scheme and trailing slash; write e.g. mirror.example.com/xatube"
	Registry string `json:"registry,omitempty"`

	// pullPolicy of every container.
	// +optional
	// +kubebuilder:default=IfNotPresent
	// +kubebuilder:validation:Enum=Always;IfNotPresent;Never
	PullPolicy corev1.PullPolicy `json:"pullPolicy,omitempty"`

	// pullSecrets of every pod; Secrets of type kubernetes.io/dockerconfigjson in this namespace.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=8
	PullSecrets []LocalSecret `json:"pullSecrets,omitempty"`
}

// LocalSecret names a Secret in the namespace of the resource.
type LocalSecret struct {
	// name of the Secret.
	// +required
	Name ObjectName `json:"name"`
}

// SecretKey names one key of a Secret in the namespace of the resource.
type SecretKey struct {
	// name of the Secret.
	// +required
	Name ObjectName `json:"name"`

	// key within the Secret.
	// +optional
	// +kubebuilder:default=uri
	// +kubebuilder:validation:Pattern=`^[.]?[-\w][-.\w]*$`
	// +kubebuilder:validation:MaxLength=253
	Key string `json:"key,omitempty"`
}

// ExternalSpec points to a server that the operator does not run.
type ExternalSpec struct {
	// secretRef names the Secret, and the key in it, that holds the connection URI.
	// +required
	SecretRef SecretKey `json:"secretRef"`
}

// VolumeSpec asks for a volume. It can grow, never shrink; its class is fixed when it is created.
//
// +kubebuilder:validation:XValidation:rule="quantity(self.size).compareTo(quantity(oldSelf.size)) >= 0",fieldPath=".size",message="size can only grow: a volume cannot be shrunk; restore the former size or a larger one"
// +kubebuilder:validation:XValidation:rule="(has(self.storageClassName) ? self.storageClassName : '-') == (has(oldSelf.storageClassName) ? oldSelf.storageClassName : '-')",message="storageClassName cannot be set, changed or removed once the volume exists; restore the former value"
type VolumeSpec struct {
	// size of the volume.
	// +required
	// +kubebuilder:validation:XValidation:rule="quantity(self).compareTo(quantity('64Mi')) >= 0",message="a volume has at least 64Mi; write e.g. 10Gi"
	Size Size `json:"size"`

	// storageClassName of the volume; absent means the cluster's default class.
	// +optional
	StorageClassName *ObjectName `json:"storageClassName,omitempty"`
}

// EnvFromSource takes every key of a Secret or ConfigMap as an environment variable.
//
// +kubebuilder:validation:XValidation:rule="has(self.secretRef) != has(self.configMapRef)",message="set exactly one of secretRef and configMapRef"
type EnvFromSource struct {
	// secretRef names a Secret.
	// +optional
	SecretRef *LocalSecret `json:"secretRef,omitempty"`

	// configMapRef names a ConfigMap.
	// +optional
	ConfigMapRef *LocalConfigMap `json:"configMapRef,omitempty"`
}

// LocalConfigMap names a ConfigMap in the namespace of the resource.
type LocalConfigMap struct {
	// name of the ConfigMap.
	// +required
	Name ObjectName `json:"name"`
}

// ExporterSpec is a container that translates the metrics of another one.
type ExporterSpec struct {
	// image of the exporter.
	// +optional
	Image Image `json:"image,omitempty"`

	// resources of the exporter.
	// +optional
	Resources *Resources `json:"resources,omitempty"`
}

// ExporterImage is an exporter that needs little, always.
type ExporterImage struct {
	// image of the exporter.
	// +optional
	Image Image `json:"image,omitempty"`
}

// ServiceSpec shapes the Service through which a component is reached from outside.
type ServiceSpec struct {
	// annotations of the Service, e.g. for a cloud's load balancer.
	// +optional
	// +kubebuilder:validation:MaxProperties=24
	// +kubebuilder:validation:XValidation:rule="self.all(k, !format.qualifiedName().validate(k).hasValue())",message="must have valid names; write e.g. example.com/scheme: internal"
	// +kubebuilder:validation:XValidation:rule="!('service.beta.kubernetes.io/load-balancer-source-ranges' in self)",message="set loadBalancerSourceRanges instead of annotation service.beta.kubernetes.io/load-balancer-source-ranges"
	Annotations map[string]AnnotationValue `json:"annotations,omitempty"`

	// loadBalancerSourceRanges limits who may connect through a load balancer.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=64
	LoadBalancerSourceRanges []CIDR `json:"loadBalancerSourceRanges,omitempty"`
}
