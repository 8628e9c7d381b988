package routes

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component"
	"github.com/xatube/xatube-operator/internal/observe"
)

func platform(change func(*v1alpha1.XaTubeClusterSpec)) *v1alpha1.XaTubeCluster {
	c := &v1alpha1.XaTubeCluster{ObjectMeta: metav1.ObjectMeta{Name: "demo", Namespace: "media", Generation: 1}}
	if change != nil {
		change(&c.Spec)
	}
	return c
}

func balancer(addresses ...corev1.LoadBalancerIngress) *corev1.Service {
	return &corev1.Service{
		Spec:   corev1.ServiceSpec{Type: corev1.ServiceTypeLoadBalancer},
		Status: corev1.ServiceStatus{LoadBalancer: corev1.LoadBalancerStatus{Ingress: addresses}},
	}
}

func TestURL(t *testing.T) {
	tests := []struct {
		name string
		spec func(*v1alpha1.XaTubeClusterSpec)
		edge *corev1.Service
		want string
	}{
		{name: "within the cluster", want: "http://demo-edge.media.svc"},
		{
			name: "within the cluster with TLS at the edge",
			spec: func(s *v1alpha1.XaTubeClusterSpec) { s.Edge.TLS = &v1alpha1.TLSSpec{SecretName: "tls"} },
			want: "https://demo-edge.media.svc",
		},
		{name: "load balancer", edge: balancer(corev1.LoadBalancerIngress{IP: "203.0.113.7"}), want: "http://203.0.113.7"},
		{name: "load balancer with IPv6", edge: balancer(corev1.LoadBalancerIngress{IP: "2001:db8::7"}), want: "http://[2001:db8::7]"},
		{
			name: "load balancer with a name", edge: balancer(corev1.LoadBalancerIngress{Hostname: "lb.example.net"}),
			want: "http://lb.example.net",
		},
		{
			name: "load balancer with TLS at the edge", edge: balancer(corev1.LoadBalancerIngress{IP: "203.0.113.7"}),
			spec: func(s *v1alpha1.XaTubeClusterSpec) { s.Edge.TLS = &v1alpha1.TLSSpec{SecretName: "tls"} },
			want: "https://203.0.113.7",
		},
		{name: "load balancer without an address yet", edge: balancer(), want: "http://demo-edge.media.svc"},
		{
			name: "gateway before load balancer", edge: balancer(corev1.LoadBalancerIngress{IP: "203.0.113.7"}),
			spec: func(s *v1alpha1.XaTubeClusterSpec) {
				s.Gateway = &v1alpha1.GatewaySpec{Hostnames: []v1alpha1.Hostname{"gw.example.com"}}
			},
			want: "http://gw.example.com",
		},
		{
			name: "ingress before gateway",
			spec: func(s *v1alpha1.XaTubeClusterSpec) {
				s.Ingress = &v1alpha1.IngressSpec{Host: "tube.example.com"}
				s.Gateway = &v1alpha1.GatewaySpec{Hostnames: []v1alpha1.Hostname{"gw.example.com"}}
			},
			want: "http://tube.example.com",
		},
		{
			name: "ingress with TLS",
			spec: func(s *v1alpha1.XaTubeClusterSpec) {
				s.Ingress = &v1alpha1.IngressSpec{Host: "tube.example.com", TLS: &v1alpha1.TLSSpec{SecretName: "tls"}}
			},
			want: "https://tube.example.com",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			in := component.Input{Cluster: platform(tt.spec), Facts: observe.Facts{Services: map[string]*corev1.Service{"demo-edge": tt.edge}}}
			if got := URL(in); got != tt.want {
				t.Errorf("URL = %q, want %q", got, tt.want)
			}
		})
	}
}

func TestRTMPURL(t *testing.T) {
	carriesRTMP := func(s *v1alpha1.XaTubeClusterSpec) {
		s.Gateway = &v1alpha1.GatewaySpec{
			ParentRefs: []v1alpha1.GatewayRef{{Name: "gw", RTMPSectionName: ptr.To[v1alpha1.ObjectName]("rtmp")}},
			Hostnames:  []v1alpha1.Hostname{"gw.example.com"},
		}
	}
	tests := []struct {
		name string
		spec func(*v1alpha1.XaTubeClusterSpec)
		rtmp *corev1.Service
		want string
	}{
		{name: "within the cluster", want: "rtmp://demo-rtmp.media.svc:1935/live"},
		{name: "load balancer", rtmp: balancer(corev1.LoadBalancerIngress{IP: "203.0.113.7"}), want: "rtmp://203.0.113.7:1935/live"},
		{name: "IPv6", rtmp: balancer(corev1.LoadBalancerIngress{IP: "2001:db8::7"}), want: "rtmp://[2001:db8::7]:1935/live"},
		{name: "gateway that carries RTMP", spec: carriesRTMP, want: "rtmp://gw.example.com:1935/live"},
		{
			name: "gateway that does not",
			spec: func(s *v1alpha1.XaTubeClusterSpec) {
				carriesRTMP(s)
				s.Gateway.ParentRefs[0].RTMPSectionName = nil
			},
			rtmp: balancer(corev1.LoadBalancerIngress{IP: "203.0.113.7"}),
			want: "rtmp://203.0.113.7:1935/live",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			in := component.Input{Cluster: platform(tt.spec), Facts: observe.Facts{Services: map[string]*corev1.Service{"demo-rtmp": tt.rtmp}}}
			if got := RTMPURL(in); got != tt.want {
				t.Errorf("RTMPURL = %q, want %q", got, tt.want)
			}
		})
	}
}

func TestOrigins(t *testing.T) {
	c := platform(func(s *v1alpha1.XaTubeClusterSpec) {
		s.Ingress = &v1alpha1.IngressSpec{Host: "tube.example.com", TLS: &v1alpha1.TLSSpec{SecretName: "tls"}}
		s.Gateway = &v1alpha1.GatewaySpec{Hostnames: []v1alpha1.Hostname{"gw.example.com"}}
	})
	want := []string{"https://tube.example.com", "http://gw.example.com", "https://gw.example.com"}
	if diff := cmp.Diff(want, Origins(c)); diff != "" {
		t.Errorf("Origins (-want +got):\n%s", diff)
	}
}
