package monitoring

import (
	"slices"

	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component"
	"github.com/xatube/xatube-operator/internal/component/naming"
	"github.com/xatube/xatube-operator/internal/component/workload"
	"github.com/xatube/xatube-operator/internal/observe"
)

// target are pods that are scraped through a Service of their own: those of the application would name each pod twice,
// or show its metrics to whoever reaches a load balancer.
type target struct {
	component string
	// port of the pods, by its name and number.
	portName string
	port     int32
	// scrapes are the pages of metrics; none is /metrics.
	scrapes []scrape
	// more is how else the series are labelled.
	more []map[string]any
	// unwanted are the metrics that are not stored, as a regular expression of their names.
	unwanted string
}

// scrape is a page of metrics.
type scrape struct {
	path   string
	params map[string]any
}

// brokerScrapes are what RabbitMQ as a whole does, and how long each queue is.
var brokerScrapes = []scrape{
	{path: "/metrics"},
	{path: "/metrics/detailed", params: map[string]any{"family": []string{"queue_coarse_metrics"}}},
}

// unboundedMetrics of upstream's application have raw paths as labels, which hold the keys of streams, or the numbers of
// streams. Without the label several series would have one name; the edge counts requests by route.
const unboundedMetrics = "api_requests_.+|api_request_duration_seconds_.+|stream_views_.+"

// targets are the components that the platform runs itself and that have metrics, but the database.
func targets(c *v1alpha1.XaTubeCluster) []target {
	spec := c.Spec
	out := []target{
		{component: naming.Backend, portName: naming.PortHTTP, port: naming.BackendPort, unwanted: unboundedMetrics},
		{component: naming.Edge, portName: naming.PortMetrics, port: naming.EdgeMetricsPort},
		{component: naming.RTMP, portName: naming.PortMetrics, port: naming.RTMPMetricsPort},
	}
	add := func(runs bool, t target) {
		if runs {
			out = append(out, t)
		}
	}
	add(spec.Redis.External == nil, target{component: naming.Redis, portName: naming.PortMetrics, port: naming.RedisMetricsPort})
	add(spec.RabbitMQ.External == nil, target{
		component: naming.RabbitMQ, portName: naming.PortMetrics, port: naming.RabbitMQMetrics, scrapes: brokerScrapes,
	})
	add(spec.Monitoring.NodeExporter != nil, target{
		component: naming.NodeExporter, portName: naming.PortMetrics, port: naming.NodeExporterPort,
		more: []map[string]any{relabeling("node", "__meta_kubernetes_pod_node_name")},
	})
	add(spec.Monitoring.Grafana != nil, target{
		component: naming.Grafana, portName: naming.PortHTTP, port: naming.GrafanaPort,
		scrapes: []scrape{{path: grafanaPath + "metrics"}},
	})
	add(spec.Monitoring.Prometheus != nil, target{component: naming.Prometheus, portName: portWeb, port: naming.PrometheusPort})
	return out
}

// services through which the pods are scraped. They make no sense without a monitor.
func services(in component.Input) ([]component.Object, error) {
	if !in.Facts.Installed(apis...) {
		return nil, nil
	}
	var out []component.Object
	for _, t := range targets(in.Cluster) {
		s := workload.Service(in, naming.Metrics(in.Cluster, t.component), naming.Monitoring,
			workload.ServicePort(naming.PortMetrics, t.port))
		s.Labels[naming.LabelScrape] = t.component
		s.Spec.Selector = podsOf(in.Cluster, t.component)
		s.Spec.Ports[0].WithTargetPort(intstr.FromString(t.portName))
		// A pod that is not ready is the one whose metrics are wanted.
		s.Spec.WithClusterIP("None").WithPublishNotReadyAddresses(true)
		out = append(out, s)
	}
	return out, nil
}

// podsOf a component; prometheus-operator labels those of a Prometheus.
func podsOf(c *v1alpha1.XaTubeCluster, comp string) map[string]string {
	if comp == naming.Prometheus {
		return map[string]string{naming.LabelPrometheus: naming.Child(c, naming.Prometheus)}
	}
	return naming.Selector(c, comp)
}

func monitors(in component.Input) ([]component.Object, error) {
	if !in.Facts.Installed(apis...) {
		return nil, nil
	}
	c := in.Cluster
	var out []component.Object
	for _, t := range targets(c) {
		out = append(out, document(c, observe.ServiceMonitor, naming.Child(c, t.component), map[string]any{
			"selector": matching(map[string]string{
				naming.LabelName: naming.AppName, naming.LabelInstance: c.Name, naming.LabelScrape: t.component,
			}),
			"endpoints": t.endpoints(c),
		}))
	}
	if c.Spec.Postgres.External != nil {
		return out, nil
	}
	out = append(out, podMonitor(c, naming.Postgres, map[string]string{
		naming.LabelDatabase: naming.Child(c, naming.Postgres), labelPodRole: "instance",
	}, relabeling("role", labelRole)))
	if c.Spec.Postgres.Pooler != nil {
		out = append(out, podMonitor(c, naming.Pooler, map[string]string{naming.LabelPooler: naming.Child(c, naming.Pooler)}))
	}
	return out, nil
}

func (t target) endpoints(c *v1alpha1.XaTubeCluster) []any {
	if len(t.scrapes) == 0 {
		e := endpoint(c, t.component, t.more...)
		if t.unwanted != "" {
			e["metricRelabelings"] = []any{dropping(t.unwanted)}
		}
		return []any{e}
	}
	var out []any
	for _, s := range t.scrapes {
		more := t.more
		if len(t.scrapes) > 1 {
			// Without a label that differs, each page would say of itself that the same target is up.
			more = append(slices.Clone(more), relabeling("metrics_path", "__metrics_path__"))
		}
		e := endpoint(c, t.component, more...)
		e["path"] = s.path
		if s.params != nil {
			e["params"] = s.params
		}
		out = append(out, e)
	}
	return out
}

// podMonitor of pods that CloudNativePG makes and labels.
func podMonitor(c *v1alpha1.XaTubeCluster, comp string, pods map[string]string, more ...map[string]any) component.Object {
	return document(c, observe.PodMonitor, naming.Child(c, comp), map[string]any{
		"selector":            matching(pods),
		"podMetricsEndpoints": []any{endpoint(c, comp, more...)},
	})
}

const (
	// labelPodRole tells instances of the database from its pooler, which is of the same cluster.
	labelPodRole = "cnpg.io/podRole"
	// labelRole is CloudNativePG's label with the values primary and replica, as Prometheus calls it.
	labelRole = "__meta_kubernetes_pod_label_cnpg_io_instanceRole"
)

// endpoint is how a page is scraped. Every series says which platform and component it is of, and which pod; namespace and
// pod are prometheus-operator's own doing.
func endpoint(c *v1alpha1.XaTubeCluster, comp string, more ...map[string]any) map[string]any {
	relabelings := []any{
		map[string]any{"targetLabel": "platform", "replacement": c.Name},
		map[string]any{"targetLabel": "component", "replacement": comp},
		relabeling("instance", "__meta_kubernetes_pod_name"),
	}
	for _, r := range more {
		relabelings = append(relabelings, r)
	}
	return map[string]any{
		"port":        naming.PortMetrics,
		"interval":    string(c.Spec.Monitoring.Interval),
		"relabelings": relabelings,
	}
}

// relabeling gives each series of a target a label from what is known of the target.
func relabeling(label, source string) map[string]any {
	return map[string]any{"sourceLabels": []string{source}, "targetLabel": label}
}

// dropping keeps metrics from being stored, by a regular expression of their names.
func dropping(names string) map[string]any {
	return map[string]any{"action": "drop", "sourceLabels": []string{"__name__"}, "regex": names}
}

func matching(labels map[string]string) map[string]any { return map[string]any{"matchLabels": labels} }
