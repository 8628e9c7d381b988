package network

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	metav1ac "k8s.io/client-go/applyconfigurations/meta/v1"
	networkingv1ac "k8s.io/client-go/applyconfigurations/networking/v1"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component"
	"github.com/xatube/xatube-operator/internal/component/naming"
)

// flow is what the pods of one component take.
type flow struct {
	component string
	pods      map[string]string
	rules     []rule
}

type rule = *networkingv1ac.NetworkPolicyIngressRuleApplyConfiguration

type peer = *networkingv1ac.NetworkPolicyPeerApplyConfiguration

// flows of the components that the platform runs itself.
func flows(in component.Input) []flow {
	c := in.Cluster
	ours := func(comp string, rules ...rule) flow {
		return flow{comp, naming.Selector(c, comp), rules}
	}
	of := func(comp string) peer { return pods(naming.Selector(c, comp)) }
	application := []peer{inner(c)}

	out := []flow{
		ours(naming.Edge,
			anyone(naming.EdgeHTTPPort, naming.EdgeHTTPSPort),
			from([]peer{anyPod()}, naming.EdgeMetricsPort)),
		ours(naming.Frontend, from([]peer{of(naming.Edge)}, c.Spec.Frontend.Port)),
		// Its metrics are on the port of the API.
		ours(naming.Backend, from([]peer{of(naming.Edge), of(naming.RTMP)}, naming.BackendPort),
			from(scrapers(c), naming.BackendPort), from([]peer{of(naming.Edge)}, naming.ChatPort)),
		// The operator asks each pod for its publishers, and one that starts asks the others. The statistics hold the keys
		// of the streams; the exporter's metrics do not.
		ours(naming.RTMP, anyone(naming.RTMPPort), from([]peer{anyPod()}, naming.RTMPMetricsPort),
			from(append([]peer{of(naming.Edge), of(naming.RTMP)}, operator(in)...), naming.RTMPHTTPPort)),
	}
	if c.Spec.Logging != nil {
		out = append(out, ours(naming.Logging, from([]peer{anyPod()}, naming.CollectorMetrics)))
	}
	if c.Spec.Redis.External == nil {
		out = append(out, ours(naming.Redis,
			from(application, naming.RedisPort), from([]peer{anyPod()}, naming.RedisMetricsPort)))
	}
	if c.Spec.RabbitMQ.External == nil {
		// Among brokers the ports of the command line tools are not fixed. A Job tells them of a rotated login as those
		// tools do.
		out = append(out, ours(naming.RabbitMQ,
			from(application, naming.AMQPPort), from([]peer{of(naming.RabbitMQ)}),
			from([]peer{of(naming.Credentials)}, naming.EPMDPort, naming.ErlangPort), from([]peer{anyPod()}, naming.RabbitMQMetrics)))
	}
	if c.Spec.Postgres.External == nil {
		out = append(out, database(c, application)...)
	}
	return append(out, monitoring(c, of)...)
}

// monitoring are those who look at the platform. A Prometheus and a Grafana know everything, and the Prometheus asks nobody
// for a password.
func monitoring(c *v1alpha1.XaTubeCluster, of func(string) peer) []flow {
	spec := c.Spec.Monitoring
	var out []flow
	if spec.NodeExporter != nil {
		out = append(out, flow{naming.NodeExporter, naming.Selector(c, naming.NodeExporter), []rule{from(scrapers(c), naming.NodeExporterPort)}})
	}
	if spec.Grafana != nil {
		peers := scrapers(c)
		if spec.Grafana.Edge == v1alpha1.ToggleEnabled {
			peers = append(peers, of(naming.Edge))
		}
		out = append(out, flow{naming.Grafana, naming.Selector(c, naming.Grafana), []rule{from(peers, naming.GrafanaPort)}})
	}
	if spec.Prometheus != nil {
		server := map[string]string{naming.LabelPrometheus: naming.Child(c, naming.Prometheus)}
		out = append(out, flow{naming.Prometheus, server, []rule{from(append(scrapers(c), of(naming.Grafana)), naming.PrometheusPort)}})
	}
	return out
}

// database is Postgres and its pooler. Instances, the Jobs that make them and the pooler carry CloudNativePG's label. Its
// operator asks each instance how it is, from a namespace and with labels that nobody can know; the port wants a
// certificate.
func database(c *v1alpha1.XaTubeCluster, application []peer) []flow {
	cluster := map[string]string{naming.LabelDatabase: naming.Child(c, naming.Postgres)}
	out := []flow{{naming.Postgres, naming.Selector(c, naming.Postgres), []rule{
		from(append([]peer{pods(cluster)}, application...), naming.PostgresPort),
		from([]peer{anyPod()}, naming.PostgresStatus, naming.PostgresMetrics),
	}}}
	if c.Spec.Postgres.Pooler == nil {
		return out
	}
	return append(out, flow{
		naming.Pooler,
		map[string]string{naming.LabelPooler: naming.Child(c, naming.Pooler)},
		[]rule{
			from(application, naming.PostgresPort), from([]peer{anyPod()}, naming.PoolerMetrics),
		},
	})
}

// inner are the pods of the platform that nobody outside of it reaches: the backends and the Jobs for them.
func inner(c *v1alpha1.XaTubeCluster) peer {
	return networkingv1ac.NetworkPolicyPeer().WithPodSelector(metav1ac.LabelSelector().
		WithMatchLabels(platform(c)).
		WithMatchExpressions(metav1ac.LabelSelectorRequirement().
			WithKey(naming.LabelComponent).
			WithOperator(metav1.LabelSelectorOpNotIn).
			WithValues(naming.Edge, naming.Frontend, naming.RTMP, naming.Grafana, naming.NodeExporter)))
}

// platform are the labels of all its pods but the pooler's.
func platform(c *v1alpha1.XaTubeCluster) map[string]string {
	return map[string]string{naming.LabelName: naming.AppName, naming.LabelInstance: c.Name}
}

// anyone may connect, also from outside the Kubernetes cluster.
func anyone(ports ...int32) *networkingv1ac.NetworkPolicyIngressRuleApplyConfiguration {
	return from(nil, ports...)
}

// from says who may connect to which ports; no ports are all.
func from(peers []peer, ports ...int32) *networkingv1ac.NetworkPolicyIngressRuleApplyConfiguration {
	rule := networkingv1ac.NetworkPolicyIngressRule().WithFrom(peers...)
	for _, p := range ports {
		rule.WithPorts(networkingv1ac.NetworkPolicyPort().WithProtocol(corev1.ProtocolTCP).WithPort(intstr.FromInt32(p)))
	}
	return rule
}

// pods of this namespace.
func pods(labels map[string]string) peer {
	return networkingv1ac.NetworkPolicyPeer().WithPodSelector(metav1ac.LabelSelector().WithMatchLabels(labels))
}

// scrapers are a Prometheus of this namespace, and all pods of the namespaces that the spec names. A label alone proves
// nothing: whoever may make pods in some namespace gives them any label.
func scrapers(c *v1alpha1.XaTubeCluster) []peer {
	out := []peer{pods(map[string]string{naming.LabelName: "prometheus"})}
	for _, namespace := range c.Spec.Monitoring.ScraperNamespaces {
		out = append(out, inNamespace(networkingv1ac.NetworkPolicyPeer(), string(namespace)))
	}
	return out
}

// operator are the pods of the operator; none where it runs outside of Kubernetes.
func operator(in component.Input) []peer {
	if in.Options.Namespace == "" {
		return nil
	}
	return []peer{inNamespace(pods(map[string]string{naming.LabelName: naming.ManagedBy}), in.Options.Namespace)}
}

func inNamespace(p peer, name string) peer {
	return p.WithNamespaceSelector(metav1ac.LabelSelector().WithMatchLabels(map[string]string{corev1.LabelMetadataName: name}))
}

// anyPod of the Kubernetes cluster.
func anyPod() peer {
	return networkingv1ac.NetworkPolicyPeer().WithNamespaceSelector(metav1ac.LabelSelector())
}
