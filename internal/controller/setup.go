package controller

import (
	"cmp"
	"fmt"
	"os"
	"time"

	cnpgv1 "github.com/cloudnative-pg/api/pkg/api/v1"
	monitoringv1 "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	"k8s.io/client-go/kubernetes"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/event"
	ctrlmetrics "sigs.k8s.io/controller-runtime/pkg/metrics"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/apply"
	"github.com/xatube/xatube-operator/internal/capability"
	"github.com/xatube/xatube-operator/internal/component"
	"github.com/xatube/xatube-operator/internal/component/catalog"
	"github.com/xatube/xatube-operator/internal/credential"
	"github.com/xatube/xatube-operator/internal/eck"
	"github.com/xatube/xatube-operator/internal/grafana"
	"github.com/xatube/xatube-operator/internal/guard"
	"github.com/xatube/xatube-operator/internal/metrics"
	"github.com/xatube/xatube-operator/internal/objectstore"
	"github.com/xatube/xatube-operator/internal/observe"
	"github.com/xatube/xatube-operator/internal/turn"
)

// Config is what the operator was started with.
type Config struct {
	// Namespaces to watch; none means all.
	Namespaces []string
	// ClusterDomain is the DNS domain of the Kubernetes cluster.
	ClusterDomain string
	// Image is the operator's own, which holds the exporter of the ingest too.
	Image string
	// Namespace that the operator runs in; empty outside of Kubernetes.
	Namespace string
	// CollectorImages that platforms may run besides the default one.
	CollectorImages []string
	// Instances asks instances of Postgres; nil asks them by HTTP.
	Instances observe.InstanceReader
	// Ingest counts the publishers of a pod; nil asks it by HTTP.
	Ingest observe.PublisherCounter
	// Broker reads the alarms of a pod of RabbitMQ; nil asks it by HTTP.
	Broker observe.AlarmReader
	// Logs reads the logs of containers; nil asks the API server.
	Logs observe.LogReader
	// Concurrency is the number of platforms that are reconciled at the same time.
	Concurrency int
	// Rollouts is the number of platforms whose pods are replaced at the same time because a new version
	// of the operator changes them.
	Rollouts int
	// Prober asks primaries for a sign of life; nil means over the network.
	Prober guard.Prober
	// Now is the clock; nil is time.Now.
	Now func() time.Time
}

// NewScheme knows every kind that the operator reads or writes.
func NewScheme() *runtime.Scheme {
	scheme := runtime.NewScheme()
	utilruntime.Must(clientgoscheme.AddToScheme(scheme))
	utilruntime.Must(v1alpha1.AddToScheme(scheme))
	utilruntime.Must(cnpgv1.AddToScheme(scheme))
	utilruntime.Must(objectstore.AddToScheme(scheme))
	utilruntime.Must(monitoringv1.AddToScheme(scheme))
	utilruntime.Must(grafana.AddToScheme(scheme))
	utilruntime.Must(eck.AddToScheme(scheme))
	utilruntime.Must(gatewayv1.Install(scheme))
	return scheme
}

// optionalAPIs are followed as they come and go.
var optionalAPIs = []capability.API{
	{GVK: observe.CNPGCluster, CRD: "clusters.postgresql.cnpg.io"},
	{GVK: observe.CNPGPooler, CRD: "poolers.postgresql.cnpg.io"},
	{GVK: observe.CNPGScheduledBackup, CRD: "scheduledbackups.postgresql.cnpg.io"},
	{GVK: observe.ObjectStore, CRD: "objectstores.barmancloud.cnpg.io"},
	{GVK: observe.ServiceMonitor, CRD: "servicemonitors.monitoring.coreos.com"},
	{GVK: observe.PodMonitor, CRD: "podmonitors.monitoring.coreos.com"},
	{GVK: observe.PrometheusRule, CRD: "prometheusrules.monitoring.coreos.com"},
	{GVK: observe.Prometheus, CRD: "prometheuses.monitoring.coreos.com"},
	{GVK: observe.GrafanaDashboard, CRD: "grafanadashboards.grafana.integreatly.org"},
	{GVK: eck.ElasticsearchKind, CRD: "elasticsearches.elasticsearch.k8s.elastic.co"},
	{GVK: eck.KibanaKind, CRD: "kibanas.kibana.k8s.elastic.co"},
	{GVK: observe.HTTPRoute, CRD: "httproutes.gateway.networking.k8s.io"},
	{GVK: observe.TCPRoute, CRD: "tcproutes.gateway.networking.k8s.io"},
}

// Setup adds the controllers to a manager that was made with NewScheme and CacheOptions.
func Setup(mgr ctrl.Manager, cfg Config) error {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	clientset, err := kubernetes.NewForConfig(mgr.GetConfig())
	if err != nil {
		return fmt.Errorf("creating a client: %w", err)
	}
	named, err := newNamedCache(mgr, cfg.Namespaces)
	if err != nil {
		return err
	}
	tracker := &capability.Tracker{
		APIs:      optionalAPIs,
		Reader:    mgr.GetCache(),
		Discovery: clientset.DiscoveryClient,
		Changed:   make(chan event.GenericEvent, 1),
		Now:       cfg.Now,
	}
	woken := make(chan event.GenericEvent, wakeBuffer)
	counted, err := metrics.New(ctrlmetrics.Registry)
	if err != nil {
		return err
	}
	cached, live, recorder := mgr.GetClient(), mgr.GetAPIReader(), mgr.GetEventRecorder("xatube-operator")
	primaries := &guard.Guard{
		Client: cached, Live: live, Prober: cmp.Or[guard.Prober](cfg.Prober, guard.NewHTTP()), Capabilities: tracker,
		Recorder: recorder, Metrics: counted.Failovers, Identity: identity(), Now: cfg.Now,
	}
	if err := primaries.SetupWithManager(mgr); err != nil {
		return err
	}
	reader := newReader(cfg, clientset)
	reader.Cached, reader.Live, reader.Silence, reader.Wake = cached, live, primaries.Silence, waker(woken)
	r := &Reconciler{
		Client:       cached,
		Observer:     reader,
		Credentials:  &credential.Ensurer{Client: cached, Live: live},
		Engine:       &apply.Engine{Client: cached, Live: live},
		Capabilities: tracker,
		Certificates: counted.Certificates,
		Components:   catalog.Components(),
		Options: component.Options{
			ClusterDomain: cfg.ClusterDomain, Image: cfg.Image, Namespace: cfg.Namespace, CollectorImages: cfg.CollectorImages,
		},
		Turns:     turn.NewQueue(cfg.Rollouts),
		Wake:      woken,
		Recorder:  recorder,
		Failovers: counted.Failovers,
		Platforms: counted.Platforms,
		Now:       cfg.Now,
	}
	c, err := r.SetupWithManager(mgr, named, tracker.Changed, woken, cfg.Concurrency)
	if err != nil {
		return err
	}
	tracker.Watches = &Watches{Controller: c, Cache: mgr.GetCache()}
	return tracker.SetupWithManager(mgr)
}

// newReader asks pods and the API server, or what stands in for them.
func newReader(cfg Config, clientset kubernetes.Interface) *observe.Reader {
	return &observe.Reader{
		Logs:      cmp.Or[observe.LogReader](cfg.Logs, observe.PodLogs{Client: clientset}),
		Instances: cmp.Or[observe.InstanceReader](cfg.Instances, observe.InstanceStatus{Port: observe.StatusPort}),
		Ingest:    cmp.Or[observe.PublisherCounter](cfg.Ingest, observe.NewIngest()),
		Broker:    cmp.Or[observe.AlarmReader](cfg.Broker, observe.NewBroker()),
		Now:       cfg.Now,
	}
}

// wakeBuffer is how many platforms may wait to be woken. Each of them has a timer besides.
const wakeBuffer = 1024

// waker wakes a platform for which a pod has answered.
func waker(woken chan<- event.GenericEvent) func(types.NamespacedName) {
	return func(key types.NamespacedName) {
		select {
		case woken <- wakeUp(key):
		default:
		}
	}
}

// identity of this replica: the name of its pod.
func identity() string {
	name, err := os.Hostname()
	if err != nil {
		return "xatube-operator"
	}
	return name
}
