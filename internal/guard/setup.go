package guard

import (
	"context"
	"fmt"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/workqueue"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component/naming"
	"github.com/xatube/xatube-operator/internal/failover"
)

const (
	// concurrency is how many primaries may be looked at at once, and each look must come in time. Ten nodes that are lost
	// together hold at most 1100 pods by default. A worker at rest costs a few kilobytes.
	concurrency = 1024
	// roundTimeout bounds one round, of which every look and every write has a shorter deadline of its own.
	roundTimeout = 10 * time.Second
)

// SetupWithManager starts the guard, on every replica of the operator.
func (g *Guard) SetupWithManager(mgr ctrl.Manager) error {
	err := ctrl.NewControllerManagedBy(mgr).
		Named("guard").
		For(&v1alpha1.XaTubeCluster{}).
		Watches(&coordinationv1.Lease{}, handler.EnqueueRequestsFromMapFunc(beats)).
		Watches(&corev1.Pod{}, g.pods()).
		WithOptions(controller.Options{NeedLeaderElection: new(false), MaxConcurrentReconciles: concurrency, ReconciliationTimeout: roundTimeout}).
		Complete(g)
	if err != nil {
		return fmt.Errorf("setting up the guard: %w", err)
	}
	return nil
}

// beats maps the Lease of a primary to its platform. The operator's own Lease beside it would wake the guard by each look.
func beats(_ context.Context, o client.Object) []reconcile.Request {
	if o.GetName() != o.GetLabels()[naming.LabelInstance]+"-"+naming.Postgres {
		return nil
	}
	return requests(o)
}

type queue = workqueue.TypedRateLimitingInterface[reconcile.Request]

// pods takes note of the end of an instance from the events themselves: the last word of a pod that goes comes with
// its removal from the cache.
func (g *Guard) pods() handler.EventHandler {
	note := func(o client.Object, q queue) {
		for _, r := range requests(o) {
			if pod, ok := o.(*corev1.Pod); ok {
				g.note(r.NamespacedName, pod)
			}
			q.Add(r)
		}
	}
	return handler.Funcs{
		CreateFunc: func(_ context.Context, e event.CreateEvent, q queue) { note(e.Object, q) },
		UpdateFunc: func(_ context.Context, e event.UpdateEvent, q queue) { note(e.ObjectNew, q) },
		DeleteFunc: func(_ context.Context, e event.DeleteEvent, q queue) { note(e.Object, q) },
	}
}

func (g *Guard) note(key types.NamespacedName, pod *corev1.Pod) {
	m := g.memories.known(key)
	if finished, dead := failover.DeathOf(pod); dead && m != nil {
		m.died(pod.Name, finished, g.Now())
	}
}

// requests maps an object of a database to its platform.
func requests(o client.Object) []reconcile.Request {
	labels := o.GetLabels()
	if labels[naming.LabelManagedBy] != naming.ManagedBy || labels[naming.LabelComponent] != naming.Postgres {
		return nil
	}
	return []reconcile.Request{{NamespacedName: types.NamespacedName{Namespace: o.GetNamespace(), Name: labels[naming.LabelInstance]}}}
}
