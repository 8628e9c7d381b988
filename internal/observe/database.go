package observe

import (
	"context"
	"fmt"

	cnpgv1 "github.com/cloudnative-pg/api/pkg/api/v1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component/naming"
	"github.com/xatube/xatube-operator/internal/objectstore"
)

// database reads what CloudNativePG and its plugin have of the platform.
func (r *Reader) database(ctx context.Context, c *v1alpha1.XaTubeCluster, f *Facts) error {
	name := naming.Child(c, naming.Postgres)
	var err error
	if f.Database, err = read(ctx, r, c, f, CNPGCluster, name, &cnpgv1.Cluster{}); err != nil {
		return err
	}
	if f.Pooler, err = read(ctx, r, c, f, CNPGPooler, naming.Child(c, naming.Pooler), &cnpgv1.Pooler{}); err != nil {
		return err
	}
	if f.ObjectStore, err = read(ctx, r, c, f, ObjectStore, name, &objectstore.ObjectStore{}); err != nil {
		return err
	}
	f.ScheduledBackup, err = read(ctx, r, c, f, CNPGScheduledBackup, name, &cnpgv1.ScheduledBackup{})
	return err
}

// read an object of an API that may be absent; nil when there is none.
func read[T client.Object](ctx context.Context, r *Reader, c *v1alpha1.XaTubeCluster, f *Facts, gvk schema.GroupVersionKind, name string, obj T) (T, error) {
	var none T
	if !f.Installed(gvk) {
		return none, nil
	}
	err := r.Cached.Get(ctx, client.ObjectKey{Namespace: c.Namespace, Name: name}, obj)
	if apierrors.IsNotFound(err) {
		return none, nil
	}
	if err != nil {
		return none, fmt.Errorf("reading %s %s: %w", gvk.Kind, name, err)
	}
	return obj, nil
}

// pooler reads the Deployment that CloudNativePG makes of a Pooler, and its pods while they are not complete. They carry
// its labels, not ours.
func (r *Reader) pooler(ctx context.Context, c *v1alpha1.XaTubeCluster, f *Facts) error {
	if f.Pooler == nil {
		return nil
	}
	name := naming.Child(c, naming.Pooler)
	var d appsv1.Deployment
	err := r.Cached.Get(ctx, client.ObjectKey{Namespace: c.Namespace, Name: name}, &d)
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("reading Deployment %s: %w", name, err)
	}
	f.Deployments[name] = &d
	if d.Spec.Replicas != nil && d.Status.AvailableReplicas >= *d.Spec.Replicas {
		return nil
	}
	var pods corev1.PodList
	if err := r.Live.List(ctx, &pods, client.InNamespace(c.Namespace), client.MatchingLabels{naming.LabelPooler: name}); err != nil {
		return fmt.Errorf("listing the pods of Pooler %s: %w", name, err)
	}
	for i := range pods.Items {
		f.Pods[naming.Pooler] = append(f.Pods[naming.Pooler], &pods.Items[i])
	}
	return nil
}
