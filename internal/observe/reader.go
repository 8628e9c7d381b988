package observe

import (
	"context"
	"fmt"
	"time"

	monitoringv1 "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component/naming"
	"github.com/xatube/xatube-operator/internal/grafana"
	"github.com/xatube/xatube-operator/internal/objectstore"
)

// The optional APIs.
var (
	CNPGCluster         = schema.GroupVersionKind{Group: "postgresql.cnpg.io", Version: "v1", Kind: "Cluster"}
	CNPGPooler          = CNPGCluster.GroupVersion().WithKind("Pooler")
	CNPGScheduledBackup = CNPGCluster.GroupVersion().WithKind("ScheduledBackup")
	ObjectStore         = objectstore.GroupVersion.WithKind("ObjectStore")

	ServiceMonitor = monitoringv1.SchemeGroupVersion.WithKind(monitoringv1.ServiceMonitorsKind)
	PodMonitor     = monitoringv1.SchemeGroupVersion.WithKind(monitoringv1.PodMonitorsKind)
	PrometheusRule = monitoringv1.SchemeGroupVersion.WithKind(monitoringv1.PrometheusRuleKind)
	Prometheus     = monitoringv1.SchemeGroupVersion.WithKind(monitoringv1.PrometheusesKind)
	// GrafanaDashboard is of grafana-operator.
	GrafanaDashboard = grafana.GroupVersion.WithKind("GrafanaDashboard")

	HTTPRoute = schema.GroupVersionKind{Group: gatewayv1.GroupName, Version: "v1", Kind: "HTTPRoute"}
	TCPRoute  = schema.GroupVersionKind{Group: gatewayv1.GroupName, Version: "v1", Kind: "TCPRoute"}
)

// Reader reads what the cluster holds of a platform.
type Reader struct {
	// Cached holds the objects with the operator's labels.
	Cached client.Reader
	// Live reads what the caches do not hold: objects of the user, and events.
	Live client.Reader
	// Logs reads the end of a container's log.
	Logs LogReader
	// Silence is since when the primary of a platform has not renewed its lease; zero while it does, or unknown.
	Silence func(types.NamespacedName) time.Time
	// Instances asks an instance of Postgres.
	Instances InstanceReader
	// Ingest counts the publishers of a pod.
	Ingest PublisherCounter
	// Broker reads the alarms of a pod of RabbitMQ.
	Broker AlarmReader
	// Now is the clock.
	Now func() time.Time
	// Wake is told when somebody has answered for a platform; nil tells nobody.
	Wake func(types.NamespacedName)

	tails        inquiry[string]
	counts       inquiry[int32]
	replicas     inquiry[map[string]string]
	brokerAlarms inquiry[[]Alarm]
}

// Observe reads all that the decisions about one platform rest on.
func (r *Reader) Observe(ctx context.Context, c *v1alpha1.XaTubeCluster, apis map[schema.GroupVersionKind]bool) (Facts, error) {
	f := Facts{At: r.Now(), APIs: apis, PrimarySilent: r.Silence(client.ObjectKeyFromObject(c))}
	for _, step := range []func(context.Context, *v1alpha1.XaTubeCluster, *Facts) error{
		r.workloads, r.config, r.pods, r.optional, r.pooler, r.named, r.refusals, r.failedJobs, r.crashes, r.standbys,
		r.publishers, r.alarms,
	} {
		if err := step(ctx, c, &f); err != nil {
			return Facts{}, fmt.Errorf("observing %s: %w", client.ObjectKeyFromObject(c), err)
		}
	}
	return f, nil
}

func (r *Reader) workloads(ctx context.Context, c *v1alpha1.XaTubeCluster, f *Facts) error {
	var deployments appsv1.DeploymentList
	var sets appsv1.StatefulSetList
	var daemons appsv1.DaemonSetList
	var jobs batchv1.JobList
	var revisions appsv1.ControllerRevisionList
	if err := r.list(ctx, c, &deployments, &sets, &daemons, &jobs, &revisions); err != nil {
		return err
	}
	f.Deployments = byName[*appsv1.Deployment](deployments.Items)
	f.StatefulSets = byName[*appsv1.StatefulSet](sets.Items)
	f.DaemonSets = byName[*appsv1.DaemonSet](daemons.Items)
	f.Jobs = byName[*batchv1.Job](jobs.Items)
	f.Revisions = byName[*appsv1.ControllerRevision](revisions.Items)
	return nil
}

func (r *Reader) config(ctx context.Context, c *v1alpha1.XaTubeCluster, f *Facts) error {
	var claims corev1.PersistentVolumeClaimList
	var services corev1.ServiceList
	var secrets corev1.SecretList
	var ingresses networkingv1.IngressList
	if err := r.list(ctx, c, &claims, &services, &secrets, &ingresses); err != nil {
		return err
	}
	f.Claims = byName[*corev1.PersistentVolumeClaim](claims.Items)
	f.Services = byName[*corev1.Service](services.Items)
	f.Secrets = byName[*corev1.Secret](secrets.Items)
	f.Ingresses = byName[*networkingv1.Ingress](ingresses.Items)
	return nil
}

func (r *Reader) pods(ctx context.Context, c *v1alpha1.XaTubeCluster, f *Facts) error {
	var pods corev1.PodList
	if err := r.list(ctx, c, &pods); err != nil {
		return err
	}
	f.Pods = map[string][]*corev1.Pod{}
	for i := range pods.Items {
		p := &pods.Items[i]
		comp := p.Labels[naming.LabelComponent]
		f.Pods[comp] = append(f.Pods[comp], p)
	}
	return nil
}

func (r *Reader) optional(ctx context.Context, c *v1alpha1.XaTubeCluster, f *Facts) error {
	if err := r.database(ctx, c, f); err != nil {
		return err
	}
	if err := r.elastic(ctx, c, f); err != nil {
		return err
	}
	var err error
	if f.Prometheus, err = read(ctx, r, c, f, Prometheus, naming.Child(c, naming.Prometheus), &monitoringv1.Prometheus{}); err != nil {
		return err
	}
	if f.Installed(HTTPRoute) {
		var list gatewayv1.HTTPRouteList
		if err := r.list(ctx, c, &list); err != nil {
			return err
		}
		f.HTTPRoutes = byName[*gatewayv1.HTTPRoute](list.Items)
	}
	if f.Installed(TCPRoute) {
		var list gatewayv1.TCPRouteList
		if err := r.list(ctx, c, &list); err != nil {
			return err
		}
		f.TCPRoutes = byName[*gatewayv1.TCPRoute](list.Items)
	}
	return nil
}

// named reads the Secrets and ConfigMaps that the spec names. They are the user's, so no cache holds them.
func (r *Reader) named(ctx context.Context, c *v1alpha1.XaTubeCluster, f *Facts) error {
	names := c.SecretNames()
	if c.Spec.Postgres.External == nil {
		names = append(names, naming.PostgresAppSecret(c))
	}
	if undecided(c) {
		// CloudNativePG gives this one none of our labels.
		names = append(names, naming.PostgresCASecret(c))
	}
	for _, name := range names {
		if err := lookUp(ctx, r.Live, c.Namespace, name, f.Secrets, &corev1.Secret{}); err != nil {
			return err
		}
	}
	f.ConfigMaps = map[string]*corev1.ConfigMap{}
	for _, name := range c.ConfigMapNames() {
		if err := lookUp(ctx, r.Live, c.Namespace, name, f.ConfigMaps, &corev1.ConfigMap{}); err != nil {
			return err
		}
	}
	return nil
}

func lookUp[T client.Object](ctx context.Context, live client.Reader, namespace, name string, into map[string]T, obj T) error {
	if _, known := into[name]; known {
		return nil
	}
	err := live.Get(ctx, client.ObjectKey{Namespace: namespace, Name: name}, obj)
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("reading %T %s: %w", obj, name, err)
	}
	into[name] = obj
	return nil
}

func (r *Reader) list(ctx context.Context, c *v1alpha1.XaTubeCluster, lists ...client.ObjectList) error {
	for _, l := range lists {
		err := r.Cached.List(ctx, l, client.InNamespace(c.Namespace), client.MatchingLabels{
			naming.LabelManagedBy: naming.ManagedBy,
			naming.LabelInstance:  c.Name,
		})
		if err != nil {
			return fmt.Errorf("listing %T: %w", l, err)
		}
	}
	return nil
}

// object is a pointer to an item of a list.
type object[T any] interface {
	*T
	client.Object
}

func byName[P object[T], T any](items []T) map[string]P {
	out := make(map[string]P, len(items))
	for i := range items {
		p := P(&items[i])
		out[p.GetName()] = p
	}
	return out
}
