// Package edge renders the NGINX load balancer in front of everything that speaks HTTP.
package edge

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component"
	"github.com/xatube/xatube-operator/internal/component/naming"
	"github.com/xatube/xatube-operator/internal/component/workload"
	"github.com/xatube/xatube-operator/internal/credential"
)

// Ports of the Service.
const (
	servicePortHTTP  int32 = 80
	servicePortHTTPS int32 = 443
)

// Component is the edge.
type Component struct{}

// New makes the component.
func New() Component { return Component{} }

// Name of the component.
func (Component) Name() string { return naming.Edge }

// Condition that Health fills.
func (Component) Condition() string { return v1alpha1.ConditionEdgeReady }

// Needs no optional API.
func (Component) Needs(*v1alpha1.XaTubeCluster) []schema.GroupVersionKind { return nil }

// Credentials are none.
func (Component) Credentials(component.Input) []credential.Request { return nil }

// Render returns the Service and the disruption budget, the configuration and the Deployment. While the certificate
// is missing or unusable the last two stay as they are: a new configuration without new pods would reach a pod that
// is replaced for another reason.
func (Component) Render(in component.Input) ([]component.Object, error) {
	objects := []component.Object{service(in)}
	objects = append(objects, workload.Budget(in, naming.Edge, replicas(in))...)
	if err := checkCertificate(in); err != nil {
		return objects, err
	}
	configuration, err := configurationFiles(in)
	if err != nil {
		return objects, err
	}
	deployment, err := deployment(in, configuration)
	if err != nil {
		return objects, err
	}
	return append(objects,
		workload.ConfigMap(in, naming.Child(in.Cluster, naming.Edge), naming.Edge, configuration),
		deployment), nil
}

func service(in component.Input) *corev1ac.ServiceApplyConfiguration {
	spec := in.Cluster.Spec.Edge.Service
	ports := []*corev1ac.ServicePortApplyConfiguration{workload.ServicePort(naming.PortHTTP, servicePortHTTP)}
	if in.Cluster.Spec.Edge.TLS != nil {
		ports = append(ports, workload.ServicePort(naming.PortHTTPS, servicePortHTTPS))
	}
	s := workload.Service(in, naming.Child(in.Cluster, naming.Edge), naming.Edge, ports...).
		WithAnnotations(naming.Metadata(spec.Annotations))
	s.Spec.WithType(spec.Type)
	if spec.Type == corev1.ServiceTypeLoadBalancer {
		// The client's address survives: rate limits and the access log count clients, not nodes.
		s.Spec.WithExternalTrafficPolicy(corev1.ServiceExternalTrafficPolicyLocal)
		for _, network := range spec.LoadBalancerSourceRanges {
			s.Spec.WithLoadBalancerSourceRanges(string(network))
		}
	}
	return s
}
