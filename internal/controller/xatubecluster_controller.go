// Package controller is the sequence of one reconcile: observe, render, plan, apply, report.
package controller

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	k8sevents "k8s.io/client-go/tools/events"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"
	"sigs.k8s.io/controller-runtime/pkg/event"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/apply"
	"github.com/xatube/xatube-operator/internal/component"
	"github.com/xatube/xatube-operator/internal/component/naming"
	"github.com/xatube/xatube-operator/internal/component/postgres"
	"github.com/xatube/xatube-operator/internal/component/workload"
	"github.com/xatube/xatube-operator/internal/credential"
	"github.com/xatube/xatube-operator/internal/events"
	"github.com/xatube/xatube-operator/internal/failover"
	"github.com/xatube/xatube-operator/internal/inventory"
	"github.com/xatube/xatube-operator/internal/metrics"
	"github.com/xatube/xatube-operator/internal/observe"
	"github.com/xatube/xatube-operator/internal/outcome"
	"github.com/xatube/xatube-operator/internal/status"
	"github.com/xatube/xatube-operator/internal/turn"
)

// Capabilities tells which optional APIs exist.
type Capabilities interface {
	Installed(ctx context.Context) (map[schema.GroupVersionKind]bool, error)
}

// Reconciler makes XaTubeClusters so.
type Reconciler struct {
	Client       client.Client
	Observer     *observe.Reader
	Credentials  *credential.Ensurer
	Engine       *apply.Engine
	Capabilities Capabilities
	Components   []component.Component
	Options      component.Options
	Certificates *metrics.Certificates
	Recorder     k8sevents.EventRecorder
	// Turns bounds the platforms that a new version of the operator changes at the same time, and Wake is told whose
	// turn has come.
	Turns     *turn.Queue
	Wake      chan<- event.GenericEvent
	Failovers *metrics.Failovers
	Platforms *metrics.Platforms
	// Now is the clock.
	Now func() time.Time
}

// +kubebuilder:rbac:groups=xatube.io,resources=xatubeclusters,verbs=list;watch;patch
// +kubebuilder:rbac:groups=xatube.io,resources=xatubeclusters/status,verbs=patch
// +kubebuilder:rbac:groups=xatube.io,resources=xatubeclusters/finalizers,verbs=update
// +kubebuilder:rbac:groups="",resources=configmaps;services,verbs=get;list;watch;create;patch;delete
// +kubebuilder:rbac:groups="",resources=secrets,verbs=get;list;watch;create;delete
// +kubebuilder:rbac:groups="",resources=persistentvolumeclaims,verbs=get;list;watch;create;patch;delete
// +kubebuilder:rbac:groups="",resources=pods,verbs=get;list;watch;patch;delete
// +kubebuilder:rbac:groups=discovery.k8s.io,resources=endpointslices,verbs=get;list;watch
// +kubebuilder:rbac:groups="",resources=pods/log,verbs=get
// +kubebuilder:rbac:groups="",resources=events,verbs=list
// +kubebuilder:rbac:groups=events.k8s.io,resources=events,verbs=create;patch
// +kubebuilder:rbac:groups=apps,resources=deployments;statefulsets;daemonsets;controllerrevisions,verbs=get;list;watch;create;patch;delete
// +kubebuilder:rbac:groups=batch,resources=jobs,verbs=get;list;watch;create;patch;delete
// +kubebuilder:rbac:groups=policy,resources=poddisruptionbudgets,verbs=get;list;watch;create;patch;delete
// +kubebuilder:rbac:groups=autoscaling,resources=horizontalpodautoscalers,verbs=get;list;watch;create;patch;delete
// +kubebuilder:rbac:groups=networking.k8s.io,resources=ingresses;networkpolicies,verbs=get;list;watch;create;patch;delete
// +kubebuilder:rbac:groups=gateway.networking.k8s.io,resources=httproutes;tcproutes,verbs=get;list;watch;create;patch;delete
// +kubebuilder:rbac:groups=postgresql.cnpg.io,resources=clusters;poolers;scheduledbackups,verbs=get;list;watch;create;patch;delete
// +kubebuilder:rbac:groups=barmancloud.cnpg.io,resources=objectstores,verbs=get;list;watch;create;patch;delete
// +kubebuilder:rbac:groups=monitoring.coreos.com,resources=servicemonitors;podmonitors;prometheusrules;prometheuses,verbs=get;list;watch;create;patch;delete
// +kubebuilder:rbac:groups=grafana.integreatly.org,resources=grafanadashboards,verbs=get;list;watch;create;patch;delete
// +kubebuilder:rbac:groups="",resources=serviceaccounts,verbs=get;list;watch;create;patch;delete
// +kubebuilder:rbac:groups=rbac.authorization.k8s.io,resources=roles;rolebindings,verbs=get;list;watch;create;patch;delete
// +kubebuilder:rbac:groups=elasticsearch.k8s.elastic.co,resources=elasticsearches,verbs=get;list;watch;create;patch;delete
// +kubebuilder:rbac:groups=kibana.k8s.elastic.co,resources=kibanas,verbs=get;list;watch;create;patch;delete
// +kubebuilder:rbac:groups=coordination.k8s.io,resources=leases,verbs=get;list;watch;create;patch
// +kubebuilder:rbac:groups=postgresql.cnpg.io,resources=clusters/status,verbs=patch
// +kubebuilder:rbac:groups=apiextensions.k8s.io,resources=customresourcedefinitions,verbs=list;watch

// Reconcile is one pass over one platform. A conflict only means that the cache is behind a write of ours.
func (r *Reconciler) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	result, err := r.pass(ctx, req)
	if apierrors.IsConflict(err) {
		return ctrl.Result{RequeueAfter: cacheLag}, nil
	}
	if err != nil {
		r.Platforms.Failed(req.NamespacedName, reasonOf(err))
	}
	return result, err
}

// reasonOf a failed pass, as the API server calls it.
func reasonOf(err error) string {
	if reason := apierrors.ReasonForError(err); reason != metav1.StatusReasonUnknown {
		return string(reason)
	}
	return v1alpha1.ReasonError
}

func (r *Reconciler) pass(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	if err := r.resumeTurns(ctx); err != nil {
		return ctrl.Result{}, err
	}
	cluster := &v1alpha1.XaTubeCluster{}
	if err := r.Client.Get(ctx, req.NamespacedName, cluster); err != nil {
		if apierrors.IsNotFound(err) {
			r.Certificates.Forget(req.NamespacedName)
			r.Failovers.Forget(req.NamespacedName)
			r.Platforms.Forget(req.NamespacedName)
			return ctrl.Result{}, r.endTurn(ctx, req.NamespacedName)
		}
		return ctrl.Result{}, err
	}
	if !cluster.DeletionTimestamp.IsZero() {
		if err := r.endTurn(ctx, req.NamespacedName); err != nil {
			return ctrl.Result{}, err
		}
		return r.delete(ctx, cluster)
	}
	if err := r.admit(ctx, cluster); err != nil {
		return ctrl.Result{}, err
	}
	return r.reconcilePlatform(ctx, req, cluster)
}

// reconcilePlatform brings a platform nearer to its spec: observe, plan, apply, prune, report.
func (r *Reconciler) reconcilePlatform(ctx context.Context, req ctrl.Request, cluster *v1alpha1.XaTubeCluster) (ctrl.Result, error) {
	in, err := r.observe(ctx, cluster)
	if err != nil {
		return ctrl.Result{}, err
	}
	r.Certificates.Report(req.NamespacedName, in.Facts.Secrets, cluster.SecretNames())
	if err := r.recordIntent(ctx, cluster, r.missingCredentials(in), cluster.Status.OperatorUpdate); err != nil {
		return ctrl.Result{}, err
	}
	plan := r.plan(ctx, in)
	if err := r.recordIntent(ctx, cluster, plan.inventory(), r.update(cluster, plan)); err != nil {
		return ctrl.Result{}, err
	}
	results := r.applyAll(ctx, in, plan)
	remaining, pruneErr := r.prune(ctx, cluster, plan, plan.spare(in, results))
	if err := r.report(ctx, cluster, status.Compute(in, results, remaining, r.Now())); err != nil {
		return ctrl.Result{}, err
	}
	if cluster.Status.OperatorUpdate == nil && !plan.waits() {
		if err := r.endTurn(ctx, req.NamespacedName); err != nil {
			return ctrl.Result{}, err
		}
	}
	return r.conclude(in, results, pruneErr)
}

// admit makes a new resource ready for its first pass: the finalizer comes before the first child, and the first
// status before the first wait, so that nobody takes silence for readiness.
func (r *Reconciler) admit(ctx context.Context, cluster *v1alpha1.XaTubeCluster) error {
	if !controllerutil.ContainsFinalizer(cluster, naming.Finalizer) {
		before := cluster.DeepCopy()
		controllerutil.AddFinalizer(cluster, naming.Finalizer)
		if err := r.Client.Patch(ctx, cluster, locked(before), client.FieldOwner(naming.FieldManager)); err != nil {
			return fmt.Errorf("adding the finalizer: %w", err)
		}
	}
	if cluster.Status.Phase != "" {
		return nil
	}
	conditions := make([]string, len(r.Components))
	for i, c := range r.Components {
		conditions[i] = c.Condition()
	}
	return r.report(ctx, cluster, status.Initial(cluster, conditions, r.Now()))
}

// observe reads the facts, and follows a primary that moves before anything else is decided.
func (r *Reconciler) observe(ctx context.Context, cluster *v1alpha1.XaTubeCluster) (component.Input, error) {
	apis, err := r.Capabilities.Installed(ctx)
	if err != nil {
		return component.Input{}, err
	}
	facts, err := r.Observer.Observe(ctx, cluster, apis)
	if err != nil {
		return component.Input{}, err
	}
	return r.movePrimary(ctx, component.Input{Cluster: cluster, Facts: facts, Options: r.Options})
}

// conditions of the components, by their names.
func (r *Reconciler) conditions() map[string]string {
	out := make(map[string]string, len(r.Components))
	for _, c := range r.Components {
		out[c.Name()] = c.Condition()
	}
	return out
}

// recordIntent stores what is about to exist, and whose pods are about to be replaced, before that happens, so that a
// crash in between forgets nothing.
func (r *Reconciler) recordIntent(
	ctx context.Context, cluster *v1alpha1.XaTubeCluster, more []v1alpha1.ObjectRef, update *v1alpha1.OperatorUpdateStatus,
) error {
	before := cluster.DeepCopy()
	cluster.Status.Inventory, cluster.Status.OperatorUpdate = inventory.Union(cluster.Status.Inventory, more), update
	if equality.Semantic.DeepEqual(before.Status, cluster.Status) {
		return nil
	}
	if err := r.Client.Status().Patch(ctx, cluster, locked(before), client.FieldOwner(naming.FieldManager)); err != nil {
		return fmt.Errorf("recording what is about to be done: %w", err)
	}
	return nil
}

// report writes the status if it differs, and tells of transitions.
func (r *Reconciler) report(ctx context.Context, cluster *v1alpha1.XaTubeCluster, next v1alpha1.XaTubeClusterStatus) error {
	key, before := client.ObjectKeyFromObject(cluster), cluster.DeepCopy()
	r.Platforms.Report(key, next, r.conditions())
	if equality.Semantic.DeepEqual(cluster.Status, next) {
		r.Failovers.Report(key, next.Postgres, next.Postgres)
		return nil
	}
	cluster.Status = next
	if err := r.Client.Status().Patch(ctx, cluster, locked(before), client.FieldOwner(naming.FieldManager)); err != nil {
		return fmt.Errorf("writing the status: %w", err)
	}
	events.Emit(r.Recorder, cluster, events.Transitions(before.Status, next))
	r.Failovers.Report(key, before.Status.Postgres, next.Postgres)
	return nil
}

// locked makes a patch fail when somebody, or the cache, was behind.
func locked(before client.Object) client.Patch {
	return client.MergeFromWithOptions(before, client.MergeFromWithOptimisticLock{})
}

const (
	// cacheLag is how soon a pass is repeated that the cache was too late for.
	cacheLag = 200 * time.Millisecond
	// refusalDelay is how soon a workload that lacks pods is looked at again: the reason arrives as an event of the
	// workload's controller, after the last change of the workload itself.
	refusalDelay = 5 * time.Second
	// blockedDelay is how soon a pass is tried again that waits for what nobody watches: a quota, or an object that
	// belongs to somebody else.
	blockedDelay = 15 * time.Second
	// drainDelay is how soon the publishers of a pod that drains are counted again, and lostDelay when it should have gone
	// already: its node is lost.
	drainDelay = 5 * time.Second
	lostDelay  = time.Minute
	// answerDelay is how soon a pass is repeated at the latest that lacks what a pod was asked for.
	answerDelay = 10 * time.Second
)

// conclude decides when to look again. What is watched needs no timer.
func (r *Reconciler) conclude(in component.Input, results []status.Result, pruneErr error) (ctrl.Result, error) {
	errs := []error{pruneErr}
	after := soonest(nextLook(in), nextAnswer(in), nextAlarms(in), status.NextLook(in.Cluster.Status, in.Facts.At))
	for _, res := range results {
		for _, err := range outcome.Split(res.Err) {
			b, blocked := outcome.AsBlocked(err)
			switch {
			case !blocked:
				errs = append(errs, err)
			case !b.Terminal:
				after = soonest(after, blockedDelay)
			}
		}
		if res.Turn != status.TurnNone {
			after = soonest(after, r.Turns.Expiry(in.Facts.At))
		}
	}
	return ctrl.Result{RequeueAfter: after}, errors.Join(errs...)
}

// soonest of the waits that are not zero; zero when there is none.
func soonest(waits ...time.Duration) time.Duration {
	var first time.Duration
	for _, w := range waits {
		if w > 0 && (first == 0 || w < first) {
			first = w
		}
	}
	return first
}

// poolerLacksPods says that CloudNativePG's Deployment of the pooler is not complete. Its pods carry its labels, so no
// cache holds them.
func poolerLacksPods(in component.Input) bool {
	d := in.Facts.Deployments[naming.Child(in.Cluster, naming.Pooler)]
	return d != nil && d.Spec.Replicas != nil && d.Status.AvailableReplicas < *d.Spec.Replicas
}

// nextAnswer is how soon a pass is repeated that lacks an answer. It is woken by the answer, but for a crowd.
func nextAnswer(in component.Input) time.Duration {
	if len(in.Facts.LogsAwaited) > 0 || in.Facts.StandbysAwaited {
		return answerDelay
	}
	return 0
}

// nextAlarms is how soon the brokers are asked again for their alarms.
func nextAlarms(in component.Input) time.Duration {
	if len(in.Facts.Pods[naming.RabbitMQ]) > 0 {
		return observe.AlarmInterval
	}
	return 0
}

// nextCount is how soon the publishers of the pods that drain are counted again.
func nextCount(in component.Input) time.Duration {
	inTime := func(p *corev1.Pod) bool { return observe.Drains(p) && in.Facts.At.Before(p.DeletionTimestamp.Time) }
	if slices.ContainsFunc(in.Facts.Pods[naming.RTMP], inTime) {
		return drainDelay
	}
	return lostDelay
}

// nextLook is when something is looked at again for which time alone is the event: a pod that is missing or has no
// node, publishers that a pod waits for, a failover that may stall. Zero when there is none.
func nextLook(in component.Input) time.Duration {
	if slices.ContainsFunc(in.Facts.Pods[naming.RTMP], observe.Drains) {
		return nextCount(in)
	}
	if len(in.Facts.LackPods()) > 0 || poolerLacksPods(in) {
		return refusalDelay
	}
	for _, pods := range in.Facts.Pods {
		if slices.ContainsFunc(pods, func(p *corev1.Pod) bool { return p.Status.Phase == corev1.PodPending && p.Spec.NodeName == "" }) {
			return workload.SchedulingPatience
		}
	}
	var last *v1alpha1.FailoverStatus
	if p := in.Cluster.Status.Postgres; p != nil {
		last = p.LastFailover
	}
	return failover.NextLook(in.Facts.Database, postgres.Primary(in), last, in.Facts.PrimarySilent, in.Facts.At)
}
