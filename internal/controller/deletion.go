package controller

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	cnpgv1 "github.com/cloudnative-pg/api/pkg/api/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component/naming"
	"github.com/xatube/xatube-operator/internal/component/postgres"
	"github.com/xatube/xatube-operator/internal/events"
	"github.com/xatube/xatube-operator/internal/inventory"
	"github.com/xatube/xatube-operator/internal/observe"
	"github.com/xatube/xatube-operator/internal/status"
)

const (
	// deletionGrace is all that a pod gets when its platform is deleted: nobody is left to drain for.
	deletionGrace = 30 * time.Second
	// deletionPoll is how soon a deletion looks again at objects that it does not watch one by one.
	deletionPoll = 2 * time.Second
	// hibernationPatience is how long a deletion tries to hibernate the database, e.g. while CloudNativePG's webhook is
	// away. After it the database is left as it is: it is retained either way.
	hibernationPatience = 30 * time.Second
)

// delete removes the platform. Under Retain every volume, credential and the database stay, the database hibernated;
// under Delete everything goes. The finalizer is taken off when all that has to go is gone.
func (r *Reconciler) delete(ctx context.Context, cluster *v1alpha1.XaTubeCluster) (ctrl.Result, error) {
	if !controllerutil.ContainsFinalizer(cluster, naming.Finalizer) {
		return ctrl.Result{}, nil
	}
	left, err := r.removeChildren(ctx, cluster)
	if err != nil {
		return ctrl.Result{}, err
	}
	if left != "" {
		message := fmt.Sprintf("deletionPolicy %s: waiting for %s", cluster.Spec.DeletionPolicy, left)
		return ctrl.Result{RequeueAfter: deletionPoll}, r.report(ctx, cluster, status.Deleting(cluster, message, r.Now()))
	}
	before := cluster.DeepCopy()
	controllerutil.RemoveFinalizer(cluster, naming.Finalizer)
	if err := r.Client.Patch(ctx, cluster, locked(before), client.FieldOwner(naming.FieldManager)); err != nil {
		return ctrl.Result{}, client.IgnoreNotFound(fmt.Errorf("removing the finalizer: %w", err))
	}
	ctrl.LoggerFrom(ctx).Info("Released the platform", "deletionPolicy", cluster.Spec.DeletionPolicy)
	return ctrl.Result{}, nil
}

// removeChildren deletes what has to go and names one object that is still there; empty when all are gone.
func (r *Reconciler) removeChildren(ctx context.Context, cluster *v1alpha1.XaTubeCluster) (string, error) {
	if cluster.Spec.DeletionPolicy == v1alpha1.DeletionDelete {
		return r.removeAll(ctx, cluster)
	}
	if left, err := r.hibernate(ctx, cluster); left != "" || err != nil {
		return left, err
	}
	workloads := slices.DeleteFunc(slices.Clone(cluster.Status.Inventory), holdsData)
	return r.removeObjects(ctx, cluster, workloads)
}

func holdsData(ref v1alpha1.ObjectRef) bool {
	return inventory.HoldsData(inventory.GVK(ref).GroupKind())
}

// removeAll removes what the platform has made or taken up, data included. What an earlier platform of the same name has
// left and this one never used is not its to delete.
func (r *Reconciler) removeAll(ctx context.Context, cluster *v1alpha1.XaTubeCluster) (string, error) {
	claims, err := r.usedClaims(ctx, cluster)
	if err != nil {
		return "", err
	}
	var first, last []v1alpha1.ObjectRef
	for _, ref := range inventory.Union(cluster.Status.Inventory, claims) {
		if inventory.GVK(ref).GroupKind() == observe.ObjectStore.GroupKind() {
			// The database archives the end of its log there when it stops.
			last = append(last, ref)
			continue
		}
		first = append(first, ref)
	}
	if left, err := r.removeObjects(ctx, cluster, first); left != "" || err != nil {
		return left, err
	}
	return r.removeObjects(ctx, cluster, last)
}

// removeObjects deletes objects, waits for the pods of the platform that have to go, and names one that is still there.
func (r *Reconciler) removeObjects(ctx context.Context, cluster *v1alpha1.XaTubeCluster, refs []v1alpha1.ObjectRef) (string, error) {
	left := ""
	var errs []error
	for _, ref := range refs {
		gone, err := r.Engine.Delete(ctx, cluster, ref)
		errs = append(errs, err)
		if !gone && left == "" {
			left = fmt.Sprintf("%s %s to be gone", ref.Kind, ref.Name)
		}
	}
	pod, err := r.removePods(ctx, cluster)
	if left == "" {
		left = pod
	}
	return left, errors.Join(append(errs, err)...)
}

// usedClaims are the volume claims of the StatefulSets and of the database in the inventory, which others make: the last
// reconcile may not have seen all of them.
func (r *Reconciler) usedClaims(ctx context.Context, cluster *v1alpha1.XaTubeCluster) ([]v1alpha1.ObjectRef, error) {
	var list corev1.PersistentVolumeClaimList
	if err := r.Client.List(ctx, &list, ofPlatform(cluster)...); err != nil {
		return nil, fmt.Errorf("listing volume claims: %w", err)
	}
	var refs []v1alpha1.ObjectRef
	for i := range list.Items {
		if usesClaim(cluster, &list.Items[i]) {
			refs = append(refs, claimRef(list.Items[i].Name))
		}
	}
	return refs, nil
}

// usesClaim reports whether the inventory holds what the claim was made for.
func usesClaim(cluster *v1alpha1.XaTubeCluster, claim *corev1.PersistentVolumeClaim) bool {
	owner := naming.Child(cluster, claim.Labels[naming.LabelComponent])
	return slices.ContainsFunc(cluster.Status.Inventory, func(ref v1alpha1.ObjectRef) bool {
		switch ref.Kind {
		case "StatefulSet", observe.CNPGCluster.Kind:
			return ref.Name == owner
		case observe.Prometheus.Kind:
			return claim.Labels[naming.LabelComponent] == naming.Monitoring
		}
		return false
	})
}

func claimRef(name string) v1alpha1.ObjectRef {
	return inventory.Of(corev1.SchemeGroupVersion.WithKind("PersistentVolumeClaim"), name)
}

// removePods shortens the grace of the pods that are left, e.g. of an ingest that waits for its publishers, and names
// one of them. The pods of a retained database are CloudNativePG's, which stops only a healthy one.
func (r *Reconciler) removePods(ctx context.Context, cluster *v1alpha1.XaTubeCluster) (string, error) {
	var pods corev1.PodList
	if err := r.Client.List(ctx, &pods, ofPlatform(cluster)...); err != nil {
		return "", fmt.Errorf("listing pods: %w", err)
	}
	left := ""
	for i := range pods.Items {
		pod := &pods.Items[i]
		if pod.Labels[naming.LabelComponent] == naming.Postgres && !deletesDatabase(cluster) {
			continue
		}
		left = fmt.Sprintf("Pod %s to be gone", pod.Name)
		grace := pod.DeletionGracePeriodSeconds
		if pod.DeletionTimestamp == nil || grace == nil || *grace <= int64(deletionGrace.Seconds()) {
			continue
		}
		err := r.Client.Delete(ctx, pod, client.GracePeriodSeconds(int64(deletionGrace.Seconds())), client.Preconditions{UID: &pod.UID})
		if client.IgnoreNotFound(err) != nil {
			return left, fmt.Errorf("shortening the grace of Pod %s: %w", pod.Name, err)
		}
	}
	return left, nil
}

// hibernate tells CloudNativePG to stop the database and keep its volumes. It names the database while CloudNativePG
// cannot be told; empty when nothing is left to do.
func (r *Reconciler) hibernate(ctx context.Context, cluster *v1alpha1.XaTubeCluster) (string, error) {
	apis, err := r.Capabilities.Installed(ctx)
	if err != nil || !usesDatabase(cluster) || !apis[observe.CNPGCluster] {
		return "", err
	}
	db := &cnpgv1.Cluster{}
	err = r.Client.Get(ctx, client.ObjectKey{Namespace: cluster.Namespace, Name: naming.Child(cluster, naming.Postgres)}, db)
	switch {
	case apierrors.IsNotFound(err), meta.IsNoMatchError(err):
		return "", nil
	case err != nil:
		return "", fmt.Errorf("reading the database: %w", err)
	case db.DeletionTimestamp != nil, postgres.Hibernates(db):
		return "", nil
	}
	before := db.DeepCopy()
	postgres.Hibernate(db)
	if err := r.Client.Patch(ctx, db, client.MergeFrom(before), client.FieldOwner(naming.FieldManager)); err != nil {
		return r.deferHibernation(ctx, cluster, fmt.Errorf("hibernating Cluster %s: %w", db.Name, err))
	}
	ctrl.LoggerFrom(ctx).Info("Hibernated the database of a deleted platform", "cluster", db.Name)
	return "", nil
}

// usesDatabase reports whether the platform has made or taken up the database of its name.
func usesDatabase(cluster *v1alpha1.XaTubeCluster) bool {
	return slices.Contains(cluster.Status.Inventory, inventory.Of(observe.CNPGCluster, naming.Child(cluster, naming.Postgres)))
}

func deletesDatabase(cluster *v1alpha1.XaTubeCluster) bool {
	return cluster.Spec.DeletionPolicy == v1alpha1.DeletionDelete && usesDatabase(cluster)
}

// deferHibernation waits for CloudNativePG, at most for hibernationPatience. Then the database is left running.
func (r *Reconciler) deferHibernation(ctx context.Context, cluster *v1alpha1.XaTubeCluster, err error) (string, error) {
	if apierrors.IsNotFound(err) {
		return "", nil
	}
	if r.Now().Sub(cluster.DeletionTimestamp.Time) < hibernationPatience {
		return err.Error(), nil
	}
	ctrl.LoggerFrom(ctx).Error(err, "Left the database of a deleted platform running")
	events.Emit(r.Recorder, cluster, []events.Event{events.DatabaseLeftRunning(err)})
	return "", nil
}

func ofPlatform(cluster *v1alpha1.XaTubeCluster) []client.ListOption {
	return []client.ListOption{client.InNamespace(cluster.Namespace), client.MatchingLabels{
		naming.LabelManagedBy: naming.ManagedBy,
		naming.LabelInstance:  cluster.Name,
	}}
}
