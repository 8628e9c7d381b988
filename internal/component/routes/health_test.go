package routes

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/utils/ptr"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component"
	"github.com/xatube/xatube-operator/internal/observe"
)

// published asks for everything: an Ingress with TLS, HTTP through a Gateway elsewhere and RTMP through the same.
func published() *v1alpha1.XaTubeCluster {
	return platform(func(s *v1alpha1.XaTubeClusterSpec) {
		s.Ingress = &v1alpha1.IngressSpec{Host: "tube.example.com", TLS: &v1alpha1.TLSSpec{SecretName: "tube-tls"}}
		s.Gateway = &v1alpha1.GatewaySpec{ParentRefs: []v1alpha1.GatewayRef{{
			Name: "public", Namespace: new("gateways"),
			RTMPSectionName: ptr.To[v1alpha1.ObjectName]("rtmp"),
		}}}
	})
}

func answer(section *gatewayv1.SectionName, conditions ...metav1.Condition) gatewayv1.RouteStatus {
	return gatewayv1.RouteStatus{Parents: []gatewayv1.RouteParentStatus{{
		ParentRef: gatewayv1.ParentReference{
			Name: "public", Namespace: ptr.To[gatewayv1.Namespace]("gateways"), SectionName: section,
		},
		Conditions: conditions,
	}}}
}

func said(t gatewayv1.RouteConditionType, status metav1.ConditionStatus, generation int64) metav1.Condition {
	return metav1.Condition{Type: string(t), Status: status, ObservedGeneration: generation, Reason: "BecauseOf", Message: "what it said"}
}

// carried is the state in which everything that published asks for is in place.
func carried() observe.Facts {
	good := func(section *gatewayv1.SectionName) gatewayv1.RouteStatus {
		return answer(section,
			said(gatewayv1.RouteConditionAccepted, metav1.ConditionTrue, 2),
			said(gatewayv1.RouteConditionResolvedRefs, metav1.ConditionTrue, 2))
	}
	route := metav1.ObjectMeta{Namespace: "media", Generation: 2}
	return observe.Facts{
		APIs:      map[schema.GroupVersionKind]bool{observe.HTTPRoute: true, observe.TCPRoute: true},
		Secrets:   map[string]*corev1.Secret{"tube-tls": {}},
		Ingresses: map[string]*networkingv1.Ingress{"demo": {}},
		HTTPRoutes: map[string]*gatewayv1.HTTPRoute{
			"demo": {ObjectMeta: route, Status: gatewayv1.HTTPRouteStatus{RouteStatus: good(nil)}},
		},
		TCPRoutes: map[string]*gatewayv1.TCPRoute{
			"demo-rtmp": {ObjectMeta: route, Status: gatewayv1.TCPRouteStatus{
				RouteStatus: good(ptr.To[gatewayv1.SectionName]("rtmp")),
			}},
		},
	}
}

func TestHealth(t *testing.T) {
	tests := []struct {
		name    string
		facts   func(*observe.Facts)
		reason  string
		message string
	}{
		{name: "all is carried", reason: v1alpha1.ReasonReady},
		{
			name:   "Ingress missing",
			facts:  func(f *observe.Facts) { f.Ingresses = nil },
			reason: v1alpha1.ReasonProgressing, message: "Ingress demo",
		},
		{
			name:   "TLS Secret missing",
			facts:  func(f *observe.Facts) { f.Secrets = nil },
			reason: v1alpha1.ReasonSecretNotFound, message: "Secret tube-tls, named by spec.ingress.tls.secretName",
		},
		{
			name:   "no Gateway API",
			facts:  func(f *observe.Facts) { f.APIs = nil },
			reason: v1alpha1.ReasonAPINotInstalled, message: "HTTPRoute and TCPRoute of gateway.networking.k8s.io/v1",
		},
		{
			name:   "Gateway API without TCPRoute",
			facts:  func(f *observe.Facts) { delete(f.APIs, observe.TCPRoute) },
			reason: v1alpha1.ReasonAPINotInstalled, message: "TCPRoute of gateway.networking.k8s.io/v1",
		},
		{
			name:   "HTTPRoute missing",
			facts:  func(f *observe.Facts) { f.HTTPRoutes = nil },
			reason: v1alpha1.ReasonProgressing, message: "HTTPRoute demo does not exist",
		},
		{
			name:   "TCPRoute missing",
			facts:  func(f *observe.Facts) { f.TCPRoutes = nil },
			reason: v1alpha1.ReasonProgressing, message: "TCPRoute demo-rtmp does not exist",
		},
		{
			name:   "no Gateway answers",
			facts:  func(f *observe.Facts) { f.HTTPRoutes["demo"].Status.Parents = nil },
			reason: v1alpha1.ReasonProgressing, message: "no answer from Gateway gateways/public",
		},
		{
			name: "a Gateway of the same name in another namespace answers",
			facts: func(f *observe.Facts) {
				f.HTTPRoutes["demo"].Status.Parents[0].ParentRef.Namespace = nil
			},
			reason: v1alpha1.ReasonProgressing, message: "no answer from Gateway gateways/public",
		},
		{
			name: "the answer is about an older route",
			facts: func(f *observe.Facts) {
				f.HTTPRoutes["demo"].Generation = 3
			},
			reason: v1alpha1.ReasonProgressing, message: "no answer",
		},
		{
			name: "the Gateway refuses",
			facts: func(f *observe.Facts) {
				f.HTTPRoutes["demo"].Status.Parents[0].Conditions[0] = said(gatewayv1.RouteConditionAccepted, metav1.ConditionFalse, 2)
			},
			reason: v1alpha1.ReasonRouteNotAccepted, message: "HTTPRoute demo with Accepted=False (BecauseOf): what it said",
		},
		{
			name: "another listener answers",
			facts: func(f *observe.Facts) {
				f.TCPRoutes["demo-rtmp"].Status.Parents[0].ParentRef.SectionName = ptr.To[gatewayv1.SectionName]("https")
			},
			reason: v1alpha1.ReasonProgressing, message: "no answer from Gateway gateways/public, listener rtmp",
		},
		{
			name: "the Service is not found",
			facts: func(f *observe.Facts) {
				f.TCPRoutes["demo-rtmp"].Status.Parents[0].Conditions[1] = said(gatewayv1.RouteConditionResolvedRefs, metav1.ConditionFalse, 2)
			},
			reason: v1alpha1.ReasonRouteNotAccepted, message: "TCPRoute demo-rtmp with ResolvedRefs=False",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			in := component.Input{Cluster: published(), Facts: carried()}
			if tt.facts != nil {
				tt.facts(&in.Facts)
			}
			got := New().Health(in)
			if got.Reason != tt.reason || !strings.Contains(got.Message, tt.message) {
				t.Errorf("Health = %s: %q, want %s: …%q…", got.Reason, got.Message, tt.reason, tt.message)
			}
			if got.Healthy() != (tt.reason == v1alpha1.ReasonReady) {
				t.Errorf("Healthy = %t for reason %s", got.Healthy(), got.Reason)
			}
		})
	}
}

func TestHealthOfAnUnpublishedPlatform(t *testing.T) {
	got := New().Health(component.Input{Cluster: platform(nil)})
	if !got.Healthy() || got.Reason != v1alpha1.ReasonDisabled {
		t.Errorf("Health = %+v, want True with reason Disabled", got)
	}
}
