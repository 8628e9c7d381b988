// Package eck has the types of Elastic Cloud on Kubernetes that the operator reads. ECK's own module is not one to
// import: its licence is Elastic's.
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
type Elasticsearch struct {
	Object `json:",inline"`
}

// Kibana is one that ECK runs.
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
type ElasticsearchList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitzero"`

	Items []Elasticsearch `json:"items"`
}

// KibanaList is a list of them.
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

func (o Object) deepCopy() Object {
	out := Object{TypeMeta: o.TypeMeta, Status: o.Status}
	o.ObjectMeta.DeepCopyInto(&out.ObjectMeta)
	o.Spec.DeepCopyInto(&out.Spec)
	return out
}

// DeepCopyObject makes an Elasticsearch an object of Kubernetes.
func (e *Elasticsearch) DeepCopyObject() runtime.Object {
	return &Elasticsearch{Object: e.deepCopy()}
}

// DeepCopyObject makes a Kibana an object of Kubernetes.
func (k *Kibana) DeepCopyObject() runtime.Object {
	return &Kibana{Object: k.deepCopy()}
}

// DeepCopyObject makes a list an object of Kubernetes.
func (l *ElasticsearchList) DeepCopyObject() runtime.Object {
	out := &ElasticsearchList{TypeMeta: l.TypeMeta}
	l.ListMeta.DeepCopyInto(&out.ListMeta)
	for _, item := range l.Items {
		out.Items = append(out.Items, Elasticsearch{Object: item.deepCopy()})
	}
	return out
}

// DeepCopyObject makes a list an object of Kubernetes.
func (l *KibanaList) DeepCopyObject() runtime.Object {
	out := &KibanaList{TypeMeta: l.TypeMeta}
	l.ListMeta.DeepCopyInto(&out.ListMeta)
	for _, item := range l.Items {
		out.Items = append(out.Items, Kibana{Object: item.deepCopy()})
	}
	return out
}
