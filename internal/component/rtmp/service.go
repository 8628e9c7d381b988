package rtmp

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component"
	"github.com/xatube/xatube-operator/internal/component/naming"
	"github.com/xatube/xatube-operator/internal/component/workload"
	"github.com/xatube/xatube-operator/internal/outcome"
)

// podService resolves to every pod that may hold a stream. A pod that drains is not ready any more and still has
// viewers, so pods are published ready or not; the edge asks the next pod when one does not answer or has no such
// stream.
func podService(in component.Input) *corev1ac.ServiceApplyConfiguration {
	s := workload.HeadlessService(in, naming.RTMP,
		workload.ServicePort(naming.PortHTTP, naming.RTMPHTTPPort),
		workload.ServicePort(naming.PortRTMP, naming.RTMPPort))
	s.Spec.WithPublishNotReadyAddresses(true)
	return s
}

// publicService takes the publishers to the pods that are ready.
func publicService(in component.Input) (*corev1ac.ServiceApplyConfiguration, error) {
	spec := in.Cluster.Spec.RTMP.Service
	kind := serviceType(in.Cluster)
	if len(spec.LoadBalancerSourceRanges) > 0 && kind != corev1.ServiceTypeLoadBalancer {
		return nil, outcome.Terminal(v1alpha1.ReasonInvalid,
			"spec.rtmp.service.loadBalancerSourceRanges does not protect a Service of type %s; "+
				"set spec.rtmp.service.type to LoadBalancer or remove the ranges", kind)
	}
	s := workload.Service(in, naming.Child(in.Cluster, naming.RTMP), naming.RTMP,
		workload.ServicePort(naming.PortRTMP, naming.RTMPPort))
	s.Spec.WithType(kind)
	s.WithAnnotations(naming.Metadata(spec.Annotations))
	if kind != corev1.ServiceTypeClusterIP {
		// With Local the node of a draining pod fails the load balancer's health check, and many load balancers then
		// cut the connections that the drain waits for. The price is that the logs show the nodes' addresses.
		s.Spec.WithExternalTrafficPolicy(corev1.ServiceExternalTrafficPolicyCluster)
	}
	for _, r := range spec.LoadBalancerSourceRanges {
		s.Spec.WithLoadBalancerSourceRanges(string(r))
	}
	return s, nil
}

func serviceType(c *v1alpha1.XaTubeCluster) corev1.ServiceType {
	if kind := c.Spec.RTMP.Service.Type; kind != "" {
		return kind
	}
	if c.Spec.Gateway != nil && slices.ContainsFunc(c.Spec.Gateway.ParentRefs, carriesRTMP) {
		return corev1.ServiceTypeClusterIP
	}
	return corev1.ServiceTypeLoadBalancer
}

func carriesRTMP(ref v1alpha1.GatewayRef) bool { return ref.RTMPSectionName != nil }
