package rtmp

import (
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/golden"
)

func TestPublicService(t *testing.T) {
	listener := v1alpha1.ObjectName("rtmp")
	http := &v1alpha1.GatewaySpec{ParentRefs: []v1alpha1.GatewayRef{{Name: "web"}}}
	ingest := &v1alpha1.GatewaySpec{ParentRefs: []v1alpha1.GatewayRef{{Name: "web"}, {Name: "tcp", RTMPSectionName: &listener}}}
	ranges := []v1alpha1.CIDR{"192.0.2.0/24"}
	for _, c := range []struct {
		name    string
		kind    corev1.ServiceType
		gateway *v1alpha1.GatewaySpec
		ranges  []v1alpha1.CIDR
		want    corev1.ServiceType
		err     string
	}{
		{name: "default", want: corev1.ServiceTypeLoadBalancer},
		{name: "default with ranges", ranges: ranges, want: corev1.ServiceTypeLoadBalancer},
		{name: "a gateway for HTTP only", gateway: http, want: corev1.ServiceTypeLoadBalancer},
		{name: "a gateway that carries RTMP", gateway: ingest, want: corev1.ServiceTypeClusterIP},
		{name: "a choice goes before the gateway", kind: corev1.ServiceTypeNodePort, gateway: ingest, want: corev1.ServiceTypeNodePort},
		{name: "ranges that nobody would keep", kind: corev1.ServiceTypeNodePort, ranges: ranges, err: "spec.rtmp.service.loadBalancerSourceRanges"},
		{name: "ranges behind a gateway", gateway: ingest, ranges: ranges, err: "set spec.rtmp.service.type to LoadBalancer"},
	} {
		t.Run(c.name, func(t *testing.T) {
			in := golden.Input(t, "testdata/minimal/in.yaml", New())
			in.Cluster.Spec.Gateway = c.gateway
			in.Cluster.Spec.RTMP.Service.Type = c.kind
			in.Cluster.Spec.RTMP.Service.LoadBalancerSourceRanges = c.ranges
			s, err := publicService(in)
			if c.err != "" {
				expectTerminal(t, err, c.err)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if *s.Spec.Type != c.want {
				t.Errorf("type %s, want %s", *s.Spec.Type, c.want)
			}
			// Kubernetes refuses the policy on a ClusterIP.
			if policy := s.Spec.ExternalTrafficPolicy != nil; policy != (c.want != corev1.ServiceTypeClusterIP) {
				t.Errorf("externalTrafficPolicy set: %v", policy)
			}
		})
	}
}
