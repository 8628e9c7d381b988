// Package v1alpha1 is the API of group xatube.io: one resource, XaTubeCluster, that describes a whole
// XaTube platform.
//
// +kubebuilder:object:generate=true
// +groupName=xatube.io
package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

var (
	// GroupVersion is the group and version of this package.
	GroupVersion = schema.GroupVersion{Group: "xatube.io", Version: "v1alpha1"}

	schemeBuilder = runtime.NewSchemeBuilder(addKnownTypes)

	// AddToScheme registers the types of this package.
	AddToScheme = schemeBuilder.AddToScheme
)

// Kind is the kind of the resource.
const Kind = "XaTubeCluster"

func addKnownTypes(scheme *runtime.Scheme) error {
	scheme.AddKnownTypes(GroupVersion, &XaTubeCluster{}, &XaTubeClusterList{})
	metav1.AddToGroupVersion(scheme, GroupVersion)
	return nil
}
