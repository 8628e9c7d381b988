package routes

import (
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component"
	"github.com/xatube/xatube-operator/internal/observe"
)

// Health judges what the spec asks for, one after the other; the first trouble counts.
func (Component) Health(in component.Input) component.Health {
	if in.Cluster.Spec.Ingress == nil && in.Cluster.Spec.Gateway == nil {
		return component.Off(v1alpha1.ReasonDisabled, "neither spec.ingress nor spec.gateway is set")
	}
	for _, judge := range []func(component.Input) (component.Health, bool){
		ingressTrouble, missingAPI, httpRouteTrouble, tcpRouteTrouble,
	} {
		if h, found := judge(in); found {
			return h
		}
	}
	return component.Ready("the platform is published")
}

// ingressTrouble does not wait for an address: many controllers never write one.
func ingressTrouble(in component.Input) (component.Health, bool) {
	want := in.Cluster.Spec.Ingress
	if want == nil {
		return component.Health{}, false
	}
	if in.Facts.Ingresses[ingressName(in.Cluster)] == nil {
		return absent("Ingress", ingressName(in.Cluster)), true
	}
	if want.TLS != nil && in.Facts.Secrets[string(want.TLS.SecretName)] == nil {
		return component.NotReady(v1alpha1.ReasonSecretNotFound, fmt.Sprintf(
			"Secret %s, named by spec.ingress.tls.secretName, does not exist: create it with type kubernetes.io/tls",
			want.TLS.SecretName)), true
	}
	return component.Health{}, false
}

func missingAPI(in component.Input) (component.Health, bool) {
	var kinds []string
	for _, gvk := range gatewayKinds(in.Cluster) {
		if !in.Facts.Installed(gvk) {
			kinds = append(kinds, gvk.Kind)
		}
	}
	if len(kinds) == 0 {
		return component.Health{}, false
	}
	return component.NotReady(v1alpha1.ReasonAPINotInstalled, fmt.Sprintf(
		"%s of %s is not installed: install the Gateway API, 1.6 or newer for TCPRoute, or remove spec.gateway",
		strings.Join(kinds, " and "), observe.HTTPRoute.GroupVersion())), true
}

func httpRouteTrouble(in component.Input) (component.Health, bool) {
	parents := httpParents(in.Cluster)
	if len(parents) == 0 {
		return component.Health{}, false
	}
	name := httpRouteName(in.Cluster)
	route := in.Facts.HTTPRoutes[name]
	if route == nil {
		return absent("HTTPRoute", name), true
	}
	return routeTrouble("HTTPRoute "+name, parents, route.ObjectMeta, route.Status.RouteStatus)
}

func tcpRouteTrouble(in component.Input) (component.Health, bool) {
	parents := rtmpParents(in.Cluster)
	if len(parents) == 0 {
		return component.Health{}, false
	}
	name := tcpRouteName(in.Cluster)
	route := in.Facts.TCPRoutes[name]
	if route == nil {
		return absent("TCPRoute", name), true
	}
	return routeTrouble("TCPRoute "+name, parents, route.ObjectMeta, route.Status.RouteStatus)
}

func absent(kind, name string) component.Health {
	return component.NotReady(v1alpha1.ReasonProgressing, fmt.Sprintf("%s %s does not exist yet", kind, name))
}

// routeTrouble finds the first Gateway that does not carry the route, or cannot reach what the route names.
func routeTrouble(route string, parents []parent, m metav1.ObjectMeta, status gatewayv1.RouteStatus) (component.Health, bool) {
	for _, p := range parents {
		conditions := conditionsOf(p, m.Namespace, status)
		for _, t := range []gatewayv1.RouteConditionType{gatewayv1.RouteConditionAccepted, gatewayv1.RouteConditionResolvedRefs} {
			c := meta.FindStatusCondition(conditions, string(t))
			switch {
			case c == nil || c.ObservedGeneration < m.Generation:
				return component.NotReady(v1alpha1.ReasonProgressing, fmt.Sprintf(
					"%s has no answer from Gateway %s: check that the Gateway exists and its controller runs", route, p)), true
			case c.Status != metav1.ConditionTrue:
				return component.NotReady(v1alpha1.ReasonRouteNotAccepted, fmt.Sprintf(
					"Gateway %s answers %s with %s=%s (%s): %s; correct spec.gateway or the Gateway's listeners",
					p, route, c.Type, c.Status, c.Reason, c.Message)), true
			}
		}
	}
	return component.Health{}, false
}

// conditionsOf are what a Gateway says of a route; none while it says nothing.
func conditionsOf(p parent, routeNamespace string, status gatewayv1.RouteStatus) []metav1.Condition {
	for _, s := range status.Parents {
		answering := parent{
			namespace: string(ptr.Deref(s.ParentRef.Namespace, gatewayv1.Namespace(routeNamespace))),
			name:      string(s.ParentRef.Name),
			section:   string(ptr.Deref(s.ParentRef.SectionName, "")),
		}
		if answering == p {
			return s.Conditions
		}
	}
	return nil
}
