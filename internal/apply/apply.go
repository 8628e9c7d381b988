// Package apply is the only writer of children. It applies server-side under one field manager, sends nothing when
// nothing would change, and never touches an object that somebody else owns.
package apply

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component"
	"github.com/xatube/xatube-operator/internal/component/naming"
	"github.com/xatube/xatube-operator/internal/inventory"
	"github.com/xatube/xatube-operator/internal/outcome"
)

// fixed are the kinds that Kubernetes does not let anybody change: what exists stays as it is.
var fixed = map[string]bool{"Job": true}

// Engine writes the children of resources.
type Engine struct {
	// Client reads from the operator's caches, which hold only objects with its labels, and writes.
	Client client.Client
	// Live reads from the API server, to see what the caches do not hold.
	Live client.Reader

	settled settled
}

// Object turns what a component rendered into exactly the fields to send.
func Object(o component.Object) (*unstructured.Unstructured, error) {
	b, err := json.Marshal(o)
	if err != nil {
		return nil, fmt.Errorf("encoding object: %w", err)
	}
	u := &unstructured.Unstructured{}
	if err := u.UnmarshalJSON(b); err != nil {
		return nil, fmt.Errorf("decoding object: %w", err)
	}
	return u, nil
}

// Apply makes one object so and says whether it had to write.
func (e *Engine) Apply(ctx context.Context, owner *v1alpha1.XaTubeCluster, want *unstructured.Unstructured) (bool, error) {
	want = want.DeepCopy()
	want.SetNamespace(owner.Namespace)
	unannotate(want)
	if !inventory.HoldsData(want.GroupVersionKind().GroupKind()) {
		want.SetOwnerReferences([]metav1.OwnerReference{ownerReference(owner)})
	}
	hash, err := Hash(want)
	if err != nil {
		return false, err
	}
	live, err := e.live(ctx, want)
	if err != nil {
		return false, fmt.Errorf("reading %s: %w", describe(want), err)
	}
	if live != nil {
		if err := mayWrite(owner, live); err != nil {
			return false, err
		}
		if fixed[live.GetKind()] {
			return false, nil
		}
		field, err := e.difference(live, want, hash)
		if err != nil || field == "" {
			return false, err
		}
		ctrl.LoggerFrom(ctx).V(1).Info("Object differs", "object", describe(want), "field", field)
		if err := e.handOver(ctx, live, want); err != nil {
			return false, err
		}
	}
	return e.write(ctx, live, want, hash)
}

// write applies an object, and repairs what makes the API server refuse that.
func (e *Engine) write(ctx context.Context, live, want *unstructured.Unstructured, hash string) (bool, error) {
	changed := live != nil && live.GetAnnotations()[naming.AnnotationApplied] == hash
	annotate(want, hash)
	written, err := e.send(ctx, live, want)
	if changed && apierrors.IsInvalid(err) && e.repair(ctx, live, want) == nil {
		// The API server accepted it before, so a later change by another client is in the way.
		written, err = e.send(ctx, live, want)
	}
	if err != nil {
		return false, classify(want, live, err)
	}
	return written, nil
}

// send applies an object and reports whether that changed anything.
func (e *Engine) send(ctx context.Context, live, want *unstructured.Unstructured) (bool, error) {
	text, err := encode(want)
	if err != nil {
		return false, err
	}
	answer := want.DeepCopy()
	if err := e.Client.Patch(ctx, answer, client.RawPatch(types.ApplyYAMLPatchType, text),
		client.FieldOwner(naming.FieldManager), client.ForceOwnership); err != nil {
		return false, err
	}
	if err := e.settled.record(e.Client.Scheme(), answer, want); err != nil {
		return false, err
	}
	return live == nil || answer.GetResourceVersion() != live.GetResourceVersion(), nil
}

// difference is the field for whose sake an object has to be applied; empty when an apply would change nothing. The hash
// sees that we want something else, fields that we no longer want included, and the comparison sees that somebody
// changed what we own. What is left after an apply is not ours to change.
func (e *Engine) difference(live, want *unstructured.Unstructured, hash string) (string, error) {
	if live.GetAnnotations()[naming.AnnotationApplied] != hash {
		return "metadata.annotations." + naming.AnnotationApplied, nil
	}
	s, err := shapeOf(want.GroupVersionKind())
	if err != nil {
		return "", err
	}
	field, err := s.driftOf(e.Client.Scheme(), live, want)
	if err != nil || field == "" {
		return "", err
	}
	settled, err := e.settled.knows(e.Client.Scheme(), live)
	if settled {
		field = ""
	}
	return field, err
}

// Prune removes an object that is no longer wanted, and says whether it is gone. What holds data stays, and so does
// what belongs to a component in spare.
func (e *Engine) Prune(ctx context.Context, owner *v1alpha1.XaTubeCluster, ref v1alpha1.ObjectRef, spare map[string]bool) (bool, error) {
	kind := inventory.GVK(ref).GroupKind()
	// Data of an optional API stays recorded, whether the API is there or not.
	if inventory.HoldsData(kind) && kind.Group != corev1.GroupName {
		return false, nil
	}
	live, err := e.owned(ctx, owner, ref)
	if err != nil || live == nil {
		return err == nil, err
	}
	if inventory.HoldsData(kind) {
		return false, nil
	}
	if spare[live.GetLabels()[naming.LabelComponent]] {
		return false, nil
	}
	return false, e.remove(ctx, live)
}

// Delete removes an object of the owner, and says whether it is gone. One that belongs to somebody else counts as gone.
func (e *Engine) Delete(ctx context.Context, owner *v1alpha1.XaTubeCluster, ref v1alpha1.ObjectRef) (bool, error) {
	live, err := e.owned(ctx, owner, ref)
	if err != nil || live == nil {
		return err == nil, err
	}
	return false, e.remove(ctx, live)
}

// owned is the object that an inventory entry names; nil when it is gone or belongs to somebody else.
func (e *Engine) owned(ctx context.Context, owner *v1alpha1.XaTubeCluster, ref v1alpha1.ObjectRef) (*unstructured.Unstructured, error) {
	u := &unstructured.Unstructured{}
	u.SetGroupVersionKind(inventory.GVK(ref))
	u.SetNamespace(owner.Namespace)
	u.SetName(ref.Name)
	live, err := e.live(ctx, u)
	if meta.IsNoMatchError(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", describe(u), err)
	}
	if live == nil || !belongs(owner, live) {
		return nil, nil
	}
	return live, nil
}

func (e *Engine) remove(ctx context.Context, live *unstructured.Unstructured) error {
	if live.GetDeletionTimestamp() != nil {
		return nil
	}
	uid := live.GetUID()
	err := e.Client.Delete(ctx, live,
		client.Preconditions{UID: &uid}, client.PropagationPolicy(metav1.DeletePropagationBackground))
	if err != nil && !apierrors.IsNotFound(err) {
		return fmt.Errorf("deleting %s: %w", describe(live), err)
	}
	ctrl.LoggerFrom(ctx).Info("Deleted object", "kind", live.GetKind(), "name", live.GetName())
	return nil
}

// live is the object as it is now; nil when there is none.
func (e *Engine) live(ctx context.Context, u *unstructured.Unstructured) (*unstructured.Unstructured, error) {
	typed, err := e.Client.Scheme().New(u.GroupVersionKind())
	if err != nil {
		return nil, fmt.Errorf("kind %s is not known to the operator: %w", u.GroupVersionKind(), err)
	}
	obj, ok := typed.(client.Object)
	if !ok {
		return nil, fmt.Errorf("kind %s is not an object", u.GroupVersionKind())
	}
	key := client.ObjectKeyFromObject(u)
	err = e.Client.Get(ctx, key, obj)
	if apierrors.IsNotFound(err) {
		err = e.Live.Get(ctx, key, obj)
	}
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(obj)
	if err != nil {
		return nil, fmt.Errorf("converting %s: %w", describe(u), err)
	}
	out := &unstructured.Unstructured{Object: content}
	out.SetGroupVersionKind(u.GroupVersionKind())
	return out, nil
}

func ownerReference(owner *v1alpha1.XaTubeCluster) metav1.OwnerReference {
	return *metav1.NewControllerRef(owner, v1alpha1.GroupVersion.WithKind(v1alpha1.Kind))
}

// mayWrite refuses objects that belong to somebody else or are on their way out.
func mayWrite(owner *v1alpha1.XaTubeCluster, live *unstructured.Unstructured) error {
	if !belongs(owner, live) {
		return outcome.Waiting(v1alpha1.ReasonForeignObject,
			"%s exists and does not belong to this XaTubeCluster; rename or delete it, or give the XaTubeCluster another name", describe(live))
	}
	if live.GetDeletionTimestamp() != nil {
		return outcome.Waiting(v1alpha1.ReasonProgressing, "%s is being deleted; it is made again when it is gone", describe(live))
	}
	return nil
}

// belongs says whether an object was made by the operator for this owner. Objects that hold data carry no owner
// reference, so that they outlive the owner; labels tell whose they are.
func belongs(owner *v1alpha1.XaTubeCluster, live *unstructured.Unstructured) bool {
	if ref := metav1.GetControllerOf(live); ref != nil && !inventory.HoldsData(live.GroupVersionKind().GroupKind()) {
		return ref.UID == owner.UID
	}
	labels := live.GetLabels()
	return labels[naming.LabelManagedBy] == naming.ManagedBy && labels[naming.LabelInstance] == owner.Name
}

// Hash is short and stable over the fields of an object.
func Hash(u *unstructured.Unstructured) (string, error) {
	b, err := json.Marshal(u.Object)
	if err != nil {
		return "", fmt.Errorf("encoding %s: %w", describe(u), err)
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:8]), nil
}

func annotate(u *unstructured.Unstructured, hash string) {
	annotations := maps.Clone(u.GetAnnotations())
	if annotations == nil {
		annotations = map[string]string{}
	}
	annotations[naming.AnnotationApplied] = hash
	u.SetAnnotations(annotations)
}

// unannotate drops what the user may have written in place of our hash.
func unannotate(u *unstructured.Unstructured) {
	annotations := maps.Clone(u.GetAnnotations())
	delete(annotations, naming.AnnotationApplied)
	u.SetAnnotations(annotations)
}

// classify tells what the API server's refusal means for the user. live is the object before; nil when there was none.
func classify(u, live *unstructured.Unstructured, err error) error {
	wrapped := fmt.Errorf("applying %s: %w", describe(u), err)
	switch {
	case meta.IsNoMatchError(err):
		return outcome.Waiting(v1alpha1.ReasonAPINotInstalled, "%s cannot be applied: its API is not installed", describe(u))
	case apierrors.IsForbidden(err) && strings.Contains(err.Error(), "exceeded quota"):
		return outcome.Waiting(v1alpha1.ReasonQuotaExceeded, "%v; raise the ResourceQuota", wrapped)
	case live != nil && apierrors.IsForbidden(err) && strings.Contains(err.Error(), "must support resize"):
		return cannotGrow(u, live)
	case apierrors.HasStatusCause(err, corev1.NamespaceTerminatingCause):
		return outcome.Waiting(v1alpha1.ReasonDeleting, "%v", wrapped)
	case apierrors.IsInvalid(err), apierrors.IsBadRequest(err):
		return outcome.Terminal(v1alpha1.ReasonRejected, "%v", wrapped)
	}
	return wrapped
}

// cannotGrow is waited out: nobody watches storage classes, and the spec cannot be taken back.
func cannotGrow(claim, live *unstructured.Unstructured) error {
	class, _, _ := unstructured.NestedString(live.Object, "spec", "storageClassName")
	return outcome.Waiting(v1alpha1.ReasonVolumeNotExpandable,
		"%s cannot grow as %s asks: its StorageClass %q does not allow it; set allowVolumeExpansion: true on the class if its provisioner enlarges volumes",
		describe(claim), naming.SizeField(claim.GetLabels()[naming.LabelComponent]), class)
}

func describe(u *unstructured.Unstructured) string {
	return Describe(u.GroupVersionKind(), u.GetName())
}

// Describe names an object for people.
func Describe(gvk schema.GroupVersionKind, name string) string {
	if strings.Contains(gvk.Group, ".") && gvk.Group != "networking.k8s.io" {
		return fmt.Sprintf("%s.%s %s", gvk.Kind, gvk.Group, name)
	}
	return fmt.Sprintf("%s %s", gvk.Kind, name)
}
