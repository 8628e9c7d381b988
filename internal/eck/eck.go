// Package eck has the types of Elastic Cloud on Kubernetes that the operator reads. ECK's own module is not one to
// import: its licence is Elastic's.
//
// +kubebuilder:object:generate=true
package eck

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// The kinds.
var (
	ElasticsearchKind = schema.GroupVersionKind{Group: "elasticsearch.k8s.elastic.co", Version: "v1", Kind: "Elasticsearch"}
	KibanaKind        = schema.GroupVersionKind{Group: "kibana.k8s.elastic.co", Version: "v1", Kind: "Kibana"}
)

// The values of health and phase that decide something.
const (
	HealthGreen  = "green"
	HealthYellow = "yellow"
	PhaseInvalid = "Invalid"
)

// Elasticsearch is one that ECK runs.
//
// +kubebuilder:object:root=true
type Elasticsearch struct {
	Object `json:",inline"`
}

// Kibana is one that ECK runs.
//
// +kubebuilder:object:root=true
type Kibana struct {
	Object `json:",inline"`
}

// Object is what both kinds have in common.
type Object struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitzero"`

	// Spec as it is: the operator applies it as a document.
	Spec   runtime.RawExtension `json:"spec,omitzero"`
	Status Status               `json:"status,omitzero"`
}

// Status is what ECK last saw.
type Status struct {
	// Health is green, yellow, red or unknown.
	Health string `json:"health,omitempty"`
	// Phase of an Elasticsearch: Ready, ApplyingChanges, MigratingData or Invalid.
	Phase string `json:"phase,omitempty"`
}

// ElasticsearchList is a list of them.
//
// +kubebuilder:object:root=true
type ElasticsearchList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitzero"`

	Items []Elasticsearch `json:"items"`
}

// KibanaList is a list of them.
//
// +kubebuilder:object:root=true
type KibanaList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitzero"`

	Items []Kibana `json:"items"`
}

// AddToScheme makes the types known.
func AddToScheme(scheme *runtime.Scheme) error {
	for gvk, types := range map[schema.GroupVersionKind][2]runtime.Object{
		ElasticsearchKind: {&Elasticsearch{}, &ElasticsearchList{}},
		KibanaKind:        {&Kibana{}, &KibanaList{}},
	} {
		scheme.AddKnownTypeWithName(gvk, types[0])
		scheme.AddKnownTypeWithName(gvk.GroupVersion().WithKind(gvk.Kind+"List"), types[1])
		metav1.AddToGroupVersion(scheme, gvk.GroupVersion())
	}
	return nil
}
