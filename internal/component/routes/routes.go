// Package routes publishes a platform: the edge through an Ingress or an HTTPRoute, the ingest through a TCPRoute.
package routes

import (
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component"
	"github.com/xatube/xatube-operator/internal/component/naming"
	"github.com/xatube/xatube-operator/internal/credential"
	"github.com/xatube/xatube-operator/internal/observe"
)

// Component is the Ingress and the routes of the Gateway API.
type Component struct{}

// New returns the component.
func New() Component { return Component{} }

// Name is the value of the component label.
func (Component) Name() string { return naming.Routes }

// Condition that Health fills.
func (Component) Condition() string { return v1alpha1.ConditionRoutesReady }

// Needs nothing without which none of it works: an Ingress runs without the Gateway API, and HTTP through a Gateway
// without TCPRoute. Render leaves out the routes whose API is absent, and Health tells of them.
func (Component) Needs(*v1alpha1.XaTubeCluster) []schema.GroupVersionKind { return nil }

// Credentials are none.
func (Component) Credentials(component.Input) []credential.Request { return nil }

// Render returns the Ingress and the routes.
func (Component) Render(in component.Input) ([]component.Object, error) {
	var objects []component.Object
	if in.Cluster.Spec.Ingress != nil {
		objects = append(objects, ingress(in.Cluster))
	}
	if in.Cluster.Spec.Gateway != nil && in.Facts.Installed(observe.HTTPRoute) {
		objects = append(objects, httpRoute(in.Cluster))
	}
	if len(rtmpParents(in.Cluster)) > 0 && in.Facts.Installed(observe.TCPRoute) {
		objects = append(objects, tcpRoute(in.Cluster))
	}
	return objects, nil
}
