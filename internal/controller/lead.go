package controller

import (
	"context"
	"fmt"

	cnpgv1 "github.com/cloudnative-pg/api/pkg/api/v1"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/xatube/xatube-operator/internal/component"
	"github.com/xatube/xatube-operator/internal/component/naming"
	"github.com/xatube/xatube-operator/internal/component/postgres"
)

// lead points the Service of the primary at a new one as soon as that has said, in the status of the database, that it is
// promoted. CloudNativePG does the same a little later, so a failure is no more than a note.
func (r *Reconciler) lead(ctx context.Context, in component.Input) {
	pod := postgres.Unrouted(in)
	if pod == nil {
		return
	}
	// CloudNativePG takes the label from a failed primary only after it has written another target: whoever has seen the
	// one without the other, as caches may, reads the target now. The lock keeps a later change of the label.
	db := &cnpgv1.Cluster{}
	key := client.ObjectKeyFromObject(in.Facts.Database)
	err := r.Observer.Live.Get(ctx, key, db)
	if err == nil && postgres.Leads(db, pod.Name) {
		err = r.Client.Patch(ctx, postgres.Routed(pod), locked(pod), client.FieldOwner(naming.FieldManager))
	}
	if err != nil {
		ctrl.LoggerFrom(ctx).Info("Left the label of the primary to CloudNativePG", "pod", pod.Name, "reason", fmt.Sprint(err))
	}
}
