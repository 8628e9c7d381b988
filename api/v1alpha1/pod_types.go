package v1alpha1

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// PodSettings are the scheduling and resource settings of the pods of one component. What carries no description
// here and below means what it means in a Pod: the CRD holds a copy for each component, and its size is bounded.
//
// +kubebuilder:validation:XValidation:rule="[self.?labels.orValue({}), self.?annotations.orValue({}), self.?nodeSelector.orValue({})].all(m, m.all(k, !format.qualifiedName().validate(k).hasValue()))",message="labels, annotations and nodeSelector need valid names; write e.g. example.com/team"
type PodSettings struct {
	// +optional
	Resources *Resources `json:"resources,omitempty"`

	// +optional
	// +kubebuilder:validation:MaxProperties=16
	NodeSelector map[string]LabelValue `json:"nodeSelector,omitempty"`

	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=16
	Tolerations []Toleration `json:"tolerations,omitempty"`

	// +optional
	// +kubebuilder:pruning:PreserveUnknownFields
	// +kubebuilder:validation:Type=object
	Affinity *runtime.RawExtension `json:"affinity,omitempty"`

	// topologySpreadConstraints replace the default, an even spread over nodes and zones.
	// +optional
	// +listType=map
	// +listMapKey=topologyKey
	// +kubebuilder:validation:MaxItems=4
	TopologySpreadConstraints []SpreadConstraint `json:"topologySpreadConstraints,omitempty"`

	// +optional
	// +kubebuilder:validation:Pattern=`^[a-z0-9]((-*|[.])[a-z0-9])*$`
	// +kubebuilder:validation:MaxLength=253
	PriorityClassName string `json:"priorityClassName,omitempty"`

	// +optional
	// +kubebuilder:validation:MaxProperties=24
	Annotations map[string]AnnotationValue `json:"annotations,omitempty"`

	// labels added to the pods; the operator's own win.
	// +optional
	// +kubebuilder:validation:MaxProperties=32
	Labels map[string]LabelValue `json:"labels,omitempty"`

	// env of the main container. The operator's own variables win, but for Postgres, where yours do.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=64
	Env []EnvVar `json:"env,omitempty"`
}

// Resources of a container.
//
// +kubebuilder:validation:XValidation:rule="[self.?requests.orValue({}), self.?limits.orValue({})].all(m, m.all(k, isQuantity(string(m[k])) && !string(m[k]).startsWith('-')))",message="amounts must be quantities, not negative; write e.g. cpu: 250m"
// +kubebuilder:validation:XValidation:rule="!has(self.requests) || !has(self.limits) || self.requests.all(k, !(k in self.limits) || !quantity(string(self.requests[k])).isGreaterThan(quantity(string(self.limits[k]))))",message="requests must not exceed limits; raise limits or lower requests"
type Resources struct {
	// +optional
	// +kubebuilder:validation:MaxProperties=6
	Requests corev1.ResourceList `json:"requests,omitempty"`

	// +optional
	// +kubebuilder:validation:MaxProperties=6
	Limits corev1.ResourceList `json:"limits,omitempty"`
}

// Toleration of a taint.
//
// +kubebuilder:validation:XValidation:rule="has(self.operator) && self.operator == 'Exists' ? !has(self.value) : has(self.key)",message="operator Equal, the default, needs a key; operator Exists takes no value"
// +kubebuilder:validation:XValidation:rule="!has(self.tolerationSeconds) || (has(self.effect) && self.effect == 'NoExecute')",message="tolerationSeconds needs effect: NoExecute"
type Toleration struct {
	// +optional
	// +kubebuilder:validation:Pattern=`^([a-z0-9]((-*|[.])[a-z0-9])*/)?[A-Za-z0-9]([-\w.]{0,61}[A-Za-z0-9])?$`
	// +kubebuilder:validation:MaxLength=255
	Key string `json:"key,omitempty"`

	// +optional
	// +kubebuilder:validation:Enum=Exists;Equal
	Operator corev1.TolerationOperator `json:"operator,omitempty"`

	// +optional
	Value LabelValue `json:"value,omitempty"`

	// +optional
	// +kubebuilder:validation:Enum=NoSchedule;PreferNoSchedule;NoExecute
	Effect corev1.TaintEffect `json:"effect,omitempty"`

	// +optional
	TolerationSeconds *int64 `json:"tolerationSeconds,omitempty"`
}

// SpreadConstraint of pods over a topology. The operator adds the label selector.
type SpreadConstraint struct {
	// +required
	// +kubebuilder:validation:Pattern=`^([a-z0-9]((-*|[.])[a-z0-9])*/)?[A-Za-z0-9]([-\w.]{0,61}[A-Za-z0-9])?$`
	// +kubebuilder:validation:MaxLength=255
	TopologyKey string `json:"topologyKey"`

	// +optional
	// +kubebuilder:default=1
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=100
	MaxSkew int32 `json:"maxSkew,omitempty"`

	// +optional
	// +kubebuilder:default=ScheduleAnyway
	// +kubebuilder:validation:Enum=DoNotSchedule;ScheduleAnyway
	WhenUnsatisfiable corev1.UnsatisfiableConstraintAction `json:"whenUnsatisfiable,omitempty"`
}

// EnvVar is an environment variable.
//
// +kubebuilder:validation:XValidation:rule="[has(self.value), self.?valueFrom.?secretKeyRef.hasValue(), self.?valueFrom.?configMapKeyRef.hasValue()].exists_one(x, x)",message="set one of value, valueFrom.secretKeyRef and valueFrom.configMapKeyRef"
type EnvVar struct {
	// +required
	// +kubebuilder:validation:Pattern=`^[A-Za-z_]\w*$`
	// +kubebuilder:validation:MaxLength=128
	Name string `json:"name"`

	// +optional
	// +kubebuilder:validation:MaxLength=4096
	Value *string `json:"value,omitempty"`

	// +optional
	ValueFrom *EnvVarSource `json:"valueFrom,omitempty"`
}

// EnvVarSource is a Secret or ConfigMap.
type EnvVarSource struct {
	// +optional
	SecretKeyRef *KeySelector `json:"secretKeyRef,omitempty"`

	// +optional
	ConfigMapKeyRef *KeySelector `json:"configMapKeyRef,omitempty"`
}

// KeySelector names a key of an object.
type KeySelector struct {
	// name of the object.
	// +required
	Name ObjectName `json:"name"`

	// +required
	// +kubebuilder:validation:Pattern=`^[.]?[-\w][-.\w]*$`
	// +kubebuilder:validation:MaxLength=253
	Key string `json:"key"`
}
