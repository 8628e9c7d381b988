package routes

import (
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/utils/ptr"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
	gatewayv1ac "sigs.k8s.io/gateway-api/applyconfiguration/apis/v1"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component/naming"
	"github.com/xatube/xatube-operator/internal/observe"
)

// edgePort is the port of the edge's Service for HTTP: a route names ports by number. It is the plain one for the
// reason given at ingress.
const edgePort gatewayv1.PortNumber = 80

// parent is one listener, or all listeners, of a Gateway.
type parent struct {
	namespace, name string
	// section is the listener; empty means every listener that accepts the route.
	section string
}

func (p parent) String() string {
	s := p.namespace + "/" + p.name
	if p.section != "" {
		s += ", listener " + p.section
	}
	return s
}

// httpParents are the Gateways that carry HTTP.
func httpParents(c *v1alpha1.XaTubeCluster) []parent {
	if c.Spec.Gateway == nil {
		return nil
	}
	var parents []parent
	for _, ref := range c.Spec.Gateway.ParentRefs {
		parents = append(parents, parentOf(c, ref, ref.SectionName))
	}
	return parents
}

// rtmpParents are the listeners that carry RTMP.
func rtmpParents(c *v1alpha1.XaTubeCluster) []parent {
	if c.Spec.Gateway == nil {
		return nil
	}
	var parents []parent
	for _, ref := range c.Spec.Gateway.ParentRefs {
		if ref.RTMPSectionName != nil {
			parents = append(parents, parentOf(c, ref, ref.RTMPSectionName))
		}
	}
	return parents
}

// gatewayKinds are the routes that the spec asks for.
func gatewayKinds(c *v1alpha1.XaTubeCluster) []schema.GroupVersionKind {
	var kinds []schema.GroupVersionKind
	if c.Spec.Gateway != nil {
		kinds = append(kinds, observe.HTTPRoute)
	}
	if len(rtmpParents(c)) > 0 {
		kinds = append(kinds, observe.TCPRoute)
	}
	return kinds
}

func parentOf(c *v1alpha1.XaTubeCluster, ref v1alpha1.GatewayRef, section *v1alpha1.ObjectName) parent {
	return parent{
		namespace: ptr.Deref(ref.Namespace, c.Namespace),
		name:      string(ref.Name),
		section:   string(ptr.Deref(section, "")),
	}
}

func parentRefs(c *v1alpha1.XaTubeCluster, parents []parent) []*gatewayv1ac.ParentReferenceApplyConfiguration {
	refs := make([]*gatewayv1ac.ParentReferenceApplyConfiguration, 0, len(parents))
	for _, p := range parents {
		ref := gatewayv1ac.ParentReference().WithName(gatewayv1.ObjectName(p.name))
		if p.namespace != c.Namespace {
			ref.WithNamespace(gatewayv1.Namespace(p.namespace))
		}
		if p.section != "" {
			ref.WithSectionName(gatewayv1.SectionName(p.section))
		}
		refs = append(refs, ref)
	}
	return refs
}

// httpRoute sends every request to the edge, which does all further routing.
func httpRoute(c *v1alpha1.XaTubeCluster) *gatewayv1ac.HTTPRouteApplyConfiguration {
	hostnames := make([]gatewayv1.Hostname, 0, len(c.Spec.Gateway.Hostnames))
	for _, h := range c.Spec.Gateway.Hostnames {
		hostnames = append(hostnames, gatewayv1.Hostname(h))
	}
	backend := gatewayv1ac.HTTPBackendRef().
		WithName(gatewayv1.ObjectName(naming.Child(c, naming.Edge))).
		WithPort(edgePort)
	return gatewayv1ac.HTTPRoute(httpRouteName(c), c.Namespace).
		WithLabels(naming.Labels(c, naming.Routes)).
		WithSpec(gatewayv1ac.HTTPRouteSpec().
			WithParentRefs(parentRefs(c, httpParents(c))...).
			WithHostnames(hostnames...).
			WithRules(gatewayv1ac.HTTPRouteRule().WithBackendRefs(backend)))
}

// tcpRoute sends publishers to the ingest.
func tcpRoute(c *v1alpha1.XaTubeCluster) *gatewayv1ac.TCPRouteApplyConfiguration {
	backend := gatewayv1ac.BackendRef().
		WithName(gatewayv1.ObjectName(naming.Child(c, naming.RTMP))).
		WithPort(gatewayv1.PortNumber(naming.RTMPPort))
	return gatewayv1ac.TCPRoute(tcpRouteName(c), c.Namespace).
		WithLabels(naming.Labels(c, naming.Routes)).
		WithSpec(gatewayv1ac.TCPRouteSpec().
			WithParentRefs(parentRefs(c, rtmpParents(c))...).
			WithRules(gatewayv1ac.TCPRouteRule().WithBackendRefs(backend)))
}

func httpRouteName(c *v1alpha1.XaTubeCluster) string { return c.Name }

func tcpRouteName(c *v1alpha1.XaTubeCluster) string { return naming.Child(c, naming.RTMP) }
