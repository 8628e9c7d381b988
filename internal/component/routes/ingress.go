package routes

import (
	networkingv1 "k8s.io/api/networking/v1"
	networkingv1ac "k8s.io/client-go/applyconfigurations/networking/v1"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component/naming"
)

// ingress sends everything under the host to the edge. It goes to the plain HTTP port even when the edge has TLS of
// its own: how a controller is told to speak TLS to a Service differs from one to the next, and none is assumed.
func ingress(c *v1alpha1.XaTubeCluster) *networkingv1ac.IngressApplyConfiguration {
	want := c.Spec.Ingress
	backend := networkingv1ac.IngressBackend().WithService(networkingv1ac.IngressServiceBackend().
		WithName(naming.Child(c, naming.Edge)).
		WithPort(networkingv1ac.ServiceBackendPort().WithName(naming.PortHTTP)))
	spec := networkingv1ac.IngressSpec().WithRules(networkingv1ac.IngressRule().
		WithHost(string(want.Host)).
		WithHTTP(networkingv1ac.HTTPIngressRuleValue().WithPaths(networkingv1ac.HTTPIngressPath().
			WithPath("/").
			WithPathType(networkingv1.PathTypePrefix).
			WithBackend(backend))))
	if want.ClassName != nil {
		spec.WithIngressClassName(string(*want.ClassName))
	}
	if want.TLS != nil {
		spec.WithTLS(networkingv1ac.IngressTLS().
			WithHosts(string(want.Host)).
			WithSecretName(string(want.TLS.SecretName)))
	}
	return networkingv1ac.Ingress(ingressName(c), c.Namespace).
		WithLabels(naming.Labels(c, naming.Routes)).
		WithAnnotations(naming.Metadata(want.Annotations)).
		WithSpec(spec)
}

func ingressName(c *v1alpha1.XaTubeCluster) string { return c.Name }
