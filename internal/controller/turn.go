package controller

import (
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/api/meta"
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
	return r.Turns.Resume(func() ([]types.NamespacedName, error) {
		var list v1alpha1.XaTubeClusterList
		if err := r.Client.List(ctx, &list); err != nil {
			return nil, fmt.Errorf("looking for rollouts under way: %w", err)
		}
		var had []types.NamespacedName
		for i := range list.Items {
			c := meta.FindStatusCondition(list.Items[i].Status.Conditions, v1alpha1.ConditionReconciling)
			if c != nil && c.Status == metav1.ConditionTrue && c.Reason == v1alpha1.ReasonOperatorUpdate {
				had = append(had, client.ObjectKeyFromObject(&list.Items[i]))
			}
		}
		return had, nil
	})
}

// queue lets a platform wait whose pods would be replaced for no other reason than a new version of the operator, until
// it is its turn.
func (r *Reconciler) queue(in component.Input, parts plan) {
	key := client.ObjectKeyFromObject(in.Cluster)
	if !parts.rolls() || !rollout.ByOperator(in) || r.Turns.Take(key) {
		return
	}
	for i := range parts {
		parts[i].wait(in)
	}
}

func (r *Reconciler) turn(in component.Input, p part) status.Turn {
	switch {
	case p.waits:
		return status.TurnAwaited
	case r.Turns.Has(client.ObjectKeyFromObject(in.Cluster)):
		return status.TurnTaken
	}
	return status.TurnNone
}

// endTurn lets the next platforms begin when this one rests: ready, or waiting for its user.
func (r *Reconciler) endTurn(ctx context.Context, key types.NamespacedName) error {
	for _, next := range r.Turns.Leave(key) {
		woken := &v1alpha1.XaTubeCluster{ObjectMeta: metav1.ObjectMeta{Namespace: next.Namespace, Name: next.Name}}
		select {
		case r.Wake <- event.GenericEvent{Object: woken}:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

func rests(s v1alpha1.XaTubeClusterStatus) bool {
	return meta.IsStatusConditionFalse(s.Conditions, v1alpha1.ConditionReconciling)
}
