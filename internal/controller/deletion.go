package controller

import (
	"context"
	"errors"
	"fmt"
	"time"

	cnpgv1 "github.com/cloudnative-pg/api/pkg/api/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component/naming"
	"github.com/xatube/xatube-operator/internal/component/postgres"
	"github.com/xatube/xatube-operator/internal/inventory"
	"github.com/xatube/xatube-operator/internal/observe"
	"github.com/xatube/xatube-operator/internal/status"
)

const (
	// deletionGrace is all that a pod gets when its platform is deleted: nobody is left to drain for.
	deletionGrace = 30 * time.Second
	// deletionPoll is how soon a deletion looks again at objects that it does not watch one by one.
	deletionPoll = 2 * time.Second
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
		message := fmt.Sprintf("waiting until %s is gone (deletionPolicy %s)", left, cluster.Spec.DeletionPolicy)
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
	withData := cluster.Spec.DeletionPolicy == v1alpha1.DeletionDelete
	refs := cluster.Status.Inventory
	if withData {
		claims, err := r.claims(ctx, cluster)
		if err != nil {
			return "", err
		}
		refs = inventory.Union(refs, claims)
	} else if err := r.hibernate(ctx, cluster); err != nil {
		return "", err
	}
	left := ""
	var errs []error
	for _, ref := range refs {
		gone, err := r.remove(ctx, cluster, ref, withData)
		errs = append(errs, err)
		if !gone && left == "" {
			left = ref.Kind + " " + ref.Name
		}
	}
	pod, err := r.removePods(ctx, cluster)
	if left == "" {
		left = pod
	}
	return left, errors.Join(append(errs, err)...)
}

func (r *Reconciler) remove(ctx context.Context, cluster *v1alpha1.XaTubeCluster, ref v1alpha1.ObjectRef, withData bool) (bool, error) {
	if inventory.HoldsData(inventory.GVK(ref).GroupKind()) && !withData {
		return true, nil
	}
	return r.Engine.Delete(ctx, cluster, ref)
}

// claims are all volume claims of the platform: those of StatefulSets are in no inventory.
func (r *Reconciler) claims(ctx context.Context, cluster *v1alpha1.XaTubeCluster) ([]v1alpha1.ObjectRef, error) {
	var list corev1.PersistentVolumeClaimList
	if err := r.Client.List(ctx, &list, ofPlatform(cluster)...); err != nil {
		return nil, fmt.Errorf("listing volume claims: %w", err)
	}
	refs := make([]v1alpha1.ObjectRef, len(list.Items))
	for i := range list.Items {
		refs[i] = v1alpha1.ObjectRef{APIVersion: "v1", Kind: "PersistentVolumeClaim", Name: list.Items[i].Name}
	}
	return refs, nil
}

// removePods shortens the grace of the pods that are left, e.g. of an ingest that waits for its publishers, and names
// one of them.
func (r *Reconciler) removePods(ctx context.Context, cluster *v1alpha1.XaTubeCluster) (string, error) {
	var pods corev1.PodList
	if err := r.Client.List(ctx, &pods, ofPlatform(cluster)...); err != nil {
		return "", fmt.Errorf("listing pods: %w", err)
	}
	left := ""
	for i := range pods.Items {
		pod := &pods.Items[i]
		left = "Pod " + pod.Name
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

// hibernate stops the database and keeps its volumes.
func (r *Reconciler) hibernate(ctx context.Context, cluster *v1alpha1.XaTubeCluster) error {
	apis, err := r.Capabilities.Installed(ctx)
	if err != nil {
		return err
	}
	if cluster.Spec.Postgres.External != nil || !apis[observe.CNPGCluster] {
		return nil
	}
	db := &cnpgv1.Cluster{}
	err = r.Client.Get(ctx, client.ObjectKey{Namespace: cluster.Namespace, Name: naming.Child(cluster, naming.Postgres)}, db)
	if apierrors.IsNotFound(err) || (err == nil && postgres.Hibernates(db)) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("reading the database: %w", err)
	}
	before := db.DeepCopy()
	postgres.Hibernate(db)
	if err := r.Client.Patch(ctx, db, client.MergeFrom(before), client.FieldOwner(naming.FieldManager)); err != nil {
		return fmt.Errorf("hibernating the database: %w", err)
	}
	ctrl.LoggerFrom(ctx).Info("Hibernated the database of a platform that goes", "cluster", db.Name)
	return nil
}

func ofPlatform(cluster *v1alpha1.XaTubeCluster) []client.ListOption {
	return []client.ListOption{client.InNamespace(cluster.Namespace), client.MatchingLabels{
		naming.LabelManagedBy: naming.ManagedBy,
		naming.LabelInstance:  cluster.Name,
	}}
}
