// Package migration is the Job that prepares the database for a backend image, before the image is rolled out.
package migration

import (
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component"
	"github.com/xatube/xatube-operator/internal/component/hibernation"
	"github.com/xatube/xatube-operator/internal/component/naming"
	"github.com/xatube/xatube-operator/internal/credential"
)

// Component is the migration.
type Component struct{}

// New returns the component.
func New() Component { return Component{} }

// Name is the value of the component label.
func (Component) Name() string { return naming.Migration }

// Condition that Health fills.
func (Component) Condition() string { return v1alpha1.ConditionMigrationsApplied }

// Needs no optional API.
func (Component) Needs(*v1alpha1.XaTubeCluster) []schema.GroupVersionKind { return nil }

// Credentials are the backend's.
func (Component) Credentials(component.Input) []credential.Request { return nil }

// Render returns the Job of the wanted image, and keeps those of earlier images. A Job that exists stays as it is:
// Kubernetes lets nobody change what it runs. A hibernated platform starts none.
func (Component) Render(in component.Input) ([]component.Object, error) {
	if hibernation.Wanted(in.Cluster) && in.Facts.Jobs[JobName(in)] == nil {
		return earlier(in), nil
	}
	job, err := job(in)
	if err != nil {
		return nil, err
	}
	return append([]component.Object{job}, earlier(in)...), nil
}
