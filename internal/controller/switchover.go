package controller

import (
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/api/equality"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component"
	"github.com/xatube/xatube-operator/internal/component/naming"
	"github.com/xatube/xatube-operator/internal/switchover"
)

// movePrimary does what a primary that moves, or is to move, cannot wait for, and returns the facts with it.
func (r *Reconciler) movePrimary(ctx context.Context, in component.Input) (component.Input, error) {
	r.lead(ctx, in)
	return r.promote(ctx, in)
}

// promote hands a requested switchover to CloudNativePG and returns the facts with it. The request is stored as accepted
// first, so that a crash in between cannot make it count twice.
func (r *Reconciler) promote(ctx context.Context, in component.Input) (component.Input, error) {
	decision := switchover.Decide(in)
	if !decision.Start {
		return in, nil
	}
	if err := r.recordPromotion(ctx, in.Cluster, decision.Status); err != nil {
		return in, err
	}
	request := decision.Status.Request
	db := switchover.Started(in.Facts.Database, request, r.Now())
	if err := r.Client.Status().Patch(ctx, db, locked(in.Facts.Database), client.FieldOwner(naming.FieldManager)); err != nil {
		return in, fmt.Errorf("switching Cluster %s over to %s: %w", db.Name, switchover.Instance(request), err)
	}
	ctrl.LoggerFrom(ctx).Info("Requested switchover", "from", decision.Status.From, "to", switchover.Instance(request), "request", request)
	in.Facts.Database = db
	return in, nil
}

func (r *Reconciler) recordPromotion(ctx context.Context, cluster *v1alpha1.XaTubeCluster, next *v1alpha1.PromotionStatus) error {
	before := cluster.DeepCopy()
	if cluster.Status.Postgres == nil {
		cluster.Status.Postgres = &v1alpha1.PostgresStatus{}
	}
	cluster.Status.Postgres.Promotion = next
	if equality.Semantic.DeepEqual(before.Status, cluster.Status) {
		return nil
	}
	if err := r.Client.Status().Patch(ctx, cluster, locked(before), client.FieldOwner(naming.FieldManager)); err != nil {
		return fmt.Errorf("recording the request for a switchover: %w", err)
	}
	return nil
}
