// Package grafana has the one type of grafana-operator that the operator writes. Its own module is not one to import: it
// is a program with all that it needs.
//
// +kubebuilder:object:generate=true
package grafana

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// GroupVersion of grafana-operator's API.
var GroupVersion = schema.GroupVersion{Group: "grafana.integreatly.org", Version: "v1beta1"}

// Dashboard is a GrafanaDashboard: a dashboard for the Grafanas that its selector finds.
//
// +kubebuilder:object:root=true
type Dashboard struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitzero"`

	// Spec as it is: the operator applies it as a document.
	Spec runtime.RawExtension `json:"spec,omitzero"`
}

// DashboardList is a list of them.
//
// +kubebuilder:object:root=true
type DashboardList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitzero"`

	Items []Dashboard `json:"items"`
}

// AddToScheme makes the types known.
func AddToScheme(scheme *runtime.Scheme) error {
	scheme.AddKnownTypeWithName(GroupVersion.WithKind("GrafanaDashboard"), &Dashboard{})
	scheme.AddKnownTypeWithName(GroupVersion.WithKind("GrafanaDashboardList"), &DashboardList{})
	metav1.AddToGroupVersion(scheme, GroupVersion)
	return nil
}
