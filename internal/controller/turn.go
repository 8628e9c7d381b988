package controller

import (
	"context"
	"fmt"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component"
	"github.com/xatube/xatube-operator/internal/rollout"
	"github.com/xatube/xatube-operator/internal/status"
)

// resumeTurns tells the queue who had their turn when the operator ended. It comes before the first status is written,
// for the statuses are what tells it.
func (r *Reconciler) resumeTurns(ctx context.Context) error {
	return r.Turns.Resume(func() (map[types.NamespacedName]time.Time, error) {
		var list v1alpha1.XaTubeClusterList
		if err := r.Client.List(ctx, &list); err != nil {
			return nil, fmt.Errorf("looking for rollouts under way: %w", err)
		}
		had := map[types.NamespacedName]time.Time{}
		for i := range list.Items {
			if u := list.Items[i].Status.OperatorUpdate; u != nil {
				had[client.ObjectKeyFromObject(&list.Items[i])] = u.StartedAt.Time
			}
		}
		return had, nil
	})
}

// queue lets a platform wait whose pods would be replaced for no other reason than a new version of the operator, until
// it is its turn.
func (r *Reconciler) queue(in component.Input, parts plan) {
	key := client.ObjectKeyFromObject(in.Cluster)
	if !parts.rolls() || !rollout.ByOperator(in) || r.Turns.Take(key, r.Now()) {
		return
	}
	for i := range parts {
		parts[i].wait(in)
	}
}

// update is what the status is to say of an update by the operator before the first pod is replaced.
func (r *Reconciler) update(cluster *v1alpha1.XaTubeCluster, parts plan) *v1alpha1.OperatorUpdateStatus {
	former := cluster.Status.DeepCopy()
	since, has := r.Turns.Since(client.ObjectKeyFromObject(cluster), r.Now())
	if !has {
		return former.OperatorUpdate
	}
	for _, p := range parts {
		if p.rolls {
			former.OperatorUpdate = status.Begin(*former, p.component.Name(), p.component.Condition(), metav1.NewTime(since))
		}
	}
	return former.OperatorUpdate
}

func (r *Reconciler) turn(in component.Input, p part) status.Turn {
	if p.waits {
		return status.TurnAwaited
	}
	if _, has := r.Turns.Since(client.ObjectKeyFromObject(in.Cluster), r.Now()); has {
		return status.TurnTaken
	}
	return status.TurnNone
}

// endTurn lets the next platforms begin when the turn of this one has ended.
func (r *Reconciler) endTurn(ctx context.Context, key types.NamespacedName) error {
	for _, next := range r.Turns.Leave(key, r.Now()) {
		select {
		case r.Wake <- wakeUp(next):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

func wakeUp(platform types.NamespacedName) event.GenericEvent {
	return event.GenericEvent{Object: &v1alpha1.XaTubeCluster{ObjectMeta: metav1.ObjectMeta{Namespace: platform.Namespace, Name: platform.Name}}}
}
