// Package objectstore has the types of the barman-cloud plugin of CloudNativePG that the operator reads. The plugin's own
// module is not one to import: it is a program with all that it needs.
//
// +kubebuilder:object:generate=true
package objectstore

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// GroupVersion of the plugin's API.
var GroupVersion = schema.GroupVersion{Group: "barmancloud.cnpg.io", Version: "v1"}

// ObjectStore says where the backups of databases are.
//
// +kubebuilder:object:root=true
type ObjectStore struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitzero"`

	// Spec as it is: the operator applies it as a document.
	Spec   runtime.RawExtension `json:"spec,omitzero"`
	Status Status               `json:"status,omitzero"`
}

// Status is what the plugin last saw.
type Status struct {
	// ServerRecoveryWindow maps each database to what it can be restored to.
	ServerRecoveryWindow map[string]RecoveryWindow `json:"serverRecoveryWindow,omitempty"`
}

// RecoveryWindow is what a database can be restored to.
type RecoveryWindow struct {
	FirstRecoverabilityPoint *metav1.Time `json:"firstRecoverabilityPoint,omitempty"`
	LastSuccessfulBackupTime *metav1.Time `json:"lastSuccessfulBackupTime,omitempty"`
	LastFailedBackupTime     *metav1.Time `json:"lastFailedBackupTime,omitempty"`
	LastArchivedWALTime      *metav1.Time `json:"lastArchivedWALTime,omitempty"`
}

// List of ObjectStores.
//
// +kubebuilder:object:root=true
type List struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitzero"`

	Items []ObjectStore `json:"items"`
}

// AddToScheme makes the types known.
func AddToScheme(scheme *runtime.Scheme) error {
	scheme.AddKnownTypeWithName(GroupVersion.WithKind("ObjectStore"), &ObjectStore{})
	scheme.AddKnownTypeWithName(GroupVersion.WithKind("ObjectStoreList"), &List{})
	metav1.AddToGroupVersion(scheme, GroupVersion)
	return nil
}
