package credential

import (
	"cmp"
	"context"
	"fmt"
	"maps"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component/naming"
	"github.com/xatube/xatube-operator/internal/outcome"
)

// Ensurer makes the Secrets that are missing and deletes those that are retired. A credential that exists is never
// overwritten.
type Ensurer struct {
	Client client.Client
	Live   client.Reader
}

// Ensure is the Secret of a request, found or made.
func (e *Ensurer) Ensure(ctx context.Context, owner *v1alpha1.XaTubeCluster, r Request) (*corev1.Secret, error) {
	data := r.Data(Generator{})
	annotations := map[string]string{naming.AnnotationApplied: Digest(data)}
	maps.Copy(annotations, r.Annotations)
	secret := &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{
			Name:        r.Name,
			Namespace:   owner.Namespace,
			Labels:      naming.Labels(owner, r.Component),
			Annotations: annotations,
		},
		Type: cmp.Or(r.Type, corev1.SecretTypeOpaque),
		Data: data,
	}
	err := e.Client.Create(ctx, secret, client.FieldOwner(naming.FieldManager))
	if err == nil {
		return secret, nil
	}
	if !apierrors.IsAlreadyExists(err) {
		return nil, fmt.Errorf("creating Secret %s: %w", r.Name, err)
	}
	// Either the cache is behind, or the Secret is somebody else's.
	found := &corev1.Secret{}
	if err := e.Live.Get(ctx, client.ObjectKeyFromObject(secret), found); err != nil {
		return nil, fmt.Errorf("reading Secret %s: %w", r.Name, err)
	}
	if found.Labels[naming.LabelManagedBy] != naming.ManagedBy || found.Labels[naming.LabelInstance] != owner.Name {
		return nil, outcome.Waiting(v1alpha1.ReasonForeignObject,
			"Secret %s exists and does not belong to this XaTubeCluster; rename or delete it, or give the XaTubeCluster another name", r.Name)
	}
	return found, nil
}

// Retire deletes a Secret, if it is still the one that was observed.
func (e *Ensurer) Retire(ctx context.Context, observed *corev1.Secret) error {
	uid := observed.UID
	err := e.Client.Delete(ctx, observed, client.Preconditions{UID: &uid})
	if apierrors.IsConflict(err) {
		// Another has its name by now.
		return nil
	}
	if client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("deleting Secret %s: %w", observed.Name, err)
	}
	return nil
}
