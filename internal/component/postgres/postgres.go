// Package postgres renders the database, a CloudNativePG Cluster, and judges it. Failover is CloudNativePG's: this
// package sets its terms and reads the result.
package postgres

import (
	"slices"

	cnpgv1 "github.com/cloudnative-pg/api/pkg/api/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component"
	"github.com/xatube/xatube-operator/internal/component/external"
	"github.com/xatube/xatube-operator/internal/component/naming"
	"github.com/xatube/xatube-operator/internal/observe"
)

// ClusterGVK is the kind that the managed database needs.
var ClusterGVK = cnpgv1.SchemeGroupVersion.WithKind(cnpgv1.ClusterKind)

// Component is the database.
type Component struct{}

// New is the database.
func New() Component { return Component{} }

// Name of the component.
func (Component) Name() string { return naming.Postgres }

// Condition that Health fills.
func (Component) Condition() string { return v1alpha1.ConditionDatabaseReady }

// Needs CloudNativePG, unless the database is run elsewhere.
func (Component) Needs(c *v1alpha1.XaTubeCluster) []schema.GroupVersionKind {
	if c.Spec.Postgres.External != nil {
		return nil
	}
	if c.Spec.Postgres.Pooler != nil {
		return []schema.GroupVersionKind{ClusterGVK, observe.CNPGPooler}
	}
	return []schema.GroupVersionKind{ClusterGVK}
}

// Render the Cluster, its pooler and what its exporter asks.
func (Component) Render(in component.Input) ([]component.Object, error) {
	if server, ok := elsewhere(in.Cluster); ok {
		_, err := server.URI(in)
		return nil, err
	}
	if err := refuse(in); err != nil {
		return nil, err
	}
	cluster, err := cluster(in)
	if err != nil {
		return nil, err
	}
	return slices.Concat([]component.Object{cluster}, pooler(in), queries(in)), nil
}

// elsewhere is the database that somebody else runs, if the spec names one.
func elsewhere(c *v1alpha1.XaTubeCluster) (external.Server, bool) {
	e := c.Spec.Postgres.External
	if e == nil {
		return external.Server{}, false
	}
	// SQLAlchemy refuses the scheme postgres.
	return external.Server{Field: "spec.postgres.external", Ref: e.SecretRef, Schemes: []string{"postgresql"}}, true
}
