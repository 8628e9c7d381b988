package controller

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	cnpgv1 "github.com/cloudnative-pg/api/pkg/api/v1"
	monitoringv1 "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component/naming"
	"github.com/xatube/xatube-operator/internal/eck"
	"github.com/xatube/xatube-operator/internal/grafana"
	"github.com/xatube/xatube-operator/internal/objectstore"
	"github.com/xatube/xatube-operator/internal/observe"
)

// watched are the kinds of children that always exist in a cluster.
func watched() []client.Object {
	return []client.Object{
		&appsv1.Deployment{}, &appsv1.StatefulSet{}, &appsv1.DaemonSet{}, &appsv1.ControllerRevision{},
		&autoscalingv2.HorizontalPodAutoscaler{}, &batchv1.Job{},
		&corev1.ConfigMap{}, &corev1.PersistentVolumeClaim{}, &corev1.Pod{}, &corev1.Secret{}, &corev1.Service{},
		&corev1.ServiceAccount{}, &rbacv1.Role{}, &rbacv1.RoleBinding{},
		&networkingv1.Ingress{}, &networkingv1.NetworkPolicy{}, &policyv1.PodDisruptionBudget{},
	}
}

// optional are the kinds of children whose API may be absent.
func optional() map[schema.GroupVersionKind]client.Object {
	return map[schema.GroupVersionKind]client.Object{
		observe.CNPGCluster:         &cnpgv1.Cluster{},
		observe.CNPGPooler:          &cnpgv1.Pooler{},
		observe.CNPGScheduledBackup: &cnpgv1.ScheduledBackup{},
		observe.ObjectStore:         &objectstore.ObjectStore{},
		observe.ServiceMonitor:      &monitoringv1.ServiceMonitor{},
		observe.PodMonitor:          &monitoringv1.PodMonitor{},
		observe.PrometheusRule:      &monitoringv1.PrometheusRule{},
		observe.Prometheus:          &monitoringv1.Prometheus{},
		observe.GrafanaDashboard:    &grafana.Dashboard{},
		eck.ElasticsearchKind:       &eck.Elasticsearch{},
		eck.KibanaKind:              &eck.Kibana{},
		observe.HTTPRoute:           &gatewayv1.HTTPRoute{},
		observe.TCPRoute:            &gatewayv1.TCPRoute{},
	}
}

// passTimeout bounds one pass, most of which takes no more than some requests to the API server: a request without an answer
// must not keep a worker for ever.
const passTimeout = time.Minute

// SetupWithManager starts the controller. named is a second cache, of metadata only, that holds the Secrets and
// ConfigMaps of users; apis delivers an event when an optional API has come or gone, woken one for a platform whose turn
// has come.
func (r *Reconciler) SetupWithManager(mgr ctrl.Manager, named cache.Cache, apis, woken <-chan event.GenericEvent, concurrency int) (controller.Controller, error) {
	b := ctrl.NewControllerManagedBy(mgr).
		For(&v1alpha1.XaTubeCluster{}, builder.WithPredicates(predicate.Or[client.Object](
			predicate.GenerationChangedPredicate{}, predicate.AnnotationChangedPredicate{}))).
		WatchesRawSource(source.Channel(apis, handler.EnqueueRequestsFromMapFunc(r.all))).
		WatchesRawSource(source.Channel(woken, &handler.EnqueueRequestForObject{})).
		WithOptions(controller.Options{MaxConcurrentReconciles: concurrency, ReconciliationTimeout: passTimeout})
	for _, o := range watched() {
		b = b.Watches(o, handler.EnqueueRequestsFromMapFunc(owner))
	}
	for kind, names := range map[string]func(*v1alpha1.XaTubeCluster) []string{
		"Secret":    (*v1alpha1.XaTubeCluster).SecretNames,
		"ConfigMap": (*v1alpha1.XaTubeCluster).ConfigMapNames,
	} {
		object := &metav1.PartialObjectMetadata{}
		object.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind(kind))
		b = b.WatchesRawSource(source.Kind[client.Object](named, object, handler.EnqueueRequestsFromMapFunc(r.naming(names))))
	}
	c, err := b.Build(r)
	if err != nil {
		return nil, fmt.Errorf("setting up the controller: %w", err)
	}
	return c, nil
}

// owner is the platform that a child belongs to. Labels tell it, because children that hold data carry no owner
// reference.
func owner(_ context.Context, o client.Object) []reconcile.Request {
	name := o.GetLabels()[naming.LabelInstance]
	if pooler := o.GetLabels()[naming.LabelPooler]; pooler != "" {
		platform, ours := strings.CutSuffix(pooler, "-"+naming.Pooler)
		if !ours {
			return nil
		}
		return []reconcile.Request{{NamespacedName: types.NamespacedName{Namespace: o.GetNamespace(), Name: platform}}}
	}
	if name == "" || o.GetLabels()[naming.LabelManagedBy] != naming.ManagedBy {
		return nil
	}
	return []reconcile.Request{{NamespacedName: types.NamespacedName{Namespace: o.GetNamespace(), Name: name}}}
}

// naming maps an object of the user to the platforms whose spec names it.
func (r *Reconciler) naming(names func(*v1alpha1.XaTubeCluster) []string) handler.MapFunc {
	return func(ctx context.Context, o client.Object) []reconcile.Request {
		return r.requests(ctx, func(c *v1alpha1.XaTubeCluster) bool {
			return slices.Contains(names(c), o.GetName())
		}, client.InNamespace(o.GetNamespace()))
	}
}

// all platforms look again when an API has come or gone.
func (r *Reconciler) all(ctx context.Context, _ client.Object) []reconcile.Request {
	return r.requests(ctx, func(*v1alpha1.XaTubeCluster) bool { return true })
}

func (r *Reconciler) requests(ctx context.Context, match func(*v1alpha1.XaTubeCluster) bool, opts ...client.ListOption) []reconcile.Request {
	var list v1alpha1.XaTubeClusterList
	if err := r.Client.List(ctx, &list, opts...); err != nil {
		ctrl.LoggerFrom(ctx).Error(err, "Listing XaTubeClusters")
		return nil
	}
	var out []reconcile.Request
	for i := range list.Items {
		if match(&list.Items[i]) {
			out = append(out, reconcile.Request{NamespacedName: client.ObjectKeyFromObject(&list.Items[i])})
		}
	}
	return out
}

// Watches starts and ends the watches on optional kinds.
type Watches struct {
	Controller controller.Controller
	Cache      cache.Cache
}

// Start watches a kind that has appeared.
func (w *Watches) Start(_ context.Context, gvk schema.GroupVersionKind) error {
	err := w.Controller.Watch(source.Kind(w.Cache, optional()[gvk], handler.EnqueueRequestsFromMapFunc(owner)))
	if err != nil {
		return fmt.Errorf("watching %s: %w", gvk, err)
	}
	return nil
}

// Stop forgets a kind that has gone.
func (w *Watches) Stop(ctx context.Context, gvk schema.GroupVersionKind) error {
	if err := w.Cache.RemoveInformer(ctx, optional()[gvk]); err != nil {
		return fmt.Errorf("ending the watch on %s: %w", gvk, err)
	}
	return nil
}
