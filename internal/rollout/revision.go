package rollout

import (
	"encoding/json"
	"fmt"

	cnpgv1 "github.com/cloudnative-pg/api/pkg/api/v1"
	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/apply"
	"github.com/xatube/xatube-operator/internal/component"
	"github.com/xatube/xatube-operator/internal/component/naming"
)

// revision is what a workload makes its pods of.
type revision struct {
	name   string
	number int64
	// data is a workload with nothing but the fields of which its pods are made.
	data map[string]any
	// rolledOut says that all pods ran it and were ready.
	rolledOut bool
	// failed is the hash of the wish under which it was taken back, and failure tells why; empty while it was not.
	failed, failure string
}

// rolling is where a workload says what its pods are made of; nil for objects without pods. Scaling is no part of it.
func rolling(o *unstructured.Unstructured) []string {
	switch o.GetKind() {
	case "Deployment", "StatefulSet":
		return []string{"spec", "template"}
	case cnpgv1.ClusterKind:
		return []string{"spec"}
	}
	return nil
}

// instances is what scales a database, the one field of its spec that is no part of a revision.
const instances = "instances"

// history is what is known of the revisions of a workload.
type history struct {
	wanted *revision
	// current is what has been accepted last; nil before the first.
	current *revision
	// good is the last one that was rolled out completely; nil before the first.
	good *revision
}

// read the history of a workload. Revisions that appear in it twice are the same pointer.
func read(in component.Input, comp string, o *unstructured.Unstructured) (history, error) {
	wanted, err := wantedRevision(in, comp, o)
	if err != nil {
		return history{}, err
	}
	h := history{wanted: wanted}
	var newest, good *appsv1.ControllerRevision
	for _, r := range in.Facts.Revisions {
		if !ours(r, comp) {
			continue
		}
		wanted.number = max(wanted.number, r.Revision+1)
		if r.Annotations[naming.AnnotationFailed] == "" {
			newest = newer(newest, r)
		}
		if r.Annotations[naming.AnnotationRolledOut] != "" {
			good = newer(good, r)
		}
	}
	if known := in.Facts.Revisions[wanted.name]; known != nil {
		wanted.number = known.Revision
		wanted.mark(known)
	}
	if applied := in.Facts.Revisions[live(in, o).GetAnnotations()[naming.AnnotationRevision]]; applied != nil {
		newest = applied
	}
	if h.current, err = h.known(newest); err != nil {
		return h, err
	}
	h.good, err = h.known(good)
	return h, err
}

func wantedRevision(in component.Input, comp string, o *unstructured.Unstructured) (*revision, error) {
	part, _, err := unstructured.NestedMap(o.Object, rolling(o)...)
	if err != nil {
		return nil, fmt.Errorf("reading the pod template of %s: %w", o.GetName(), err)
	}
	if o.GetKind() == cnpgv1.ClusterKind {
		delete(part, instances)
	}
	data := &unstructured.Unstructured{Object: map[string]any{}}
	if err := unstructured.SetNestedMap(data.Object, part, rolling(o)...); err != nil {
		return nil, fmt.Errorf("recording the pod template of %s: %w", o.GetName(), err)
	}
	hash, err := apply.Hash(data)
	if err != nil {
		return nil, err
	}
	return &revision{name: naming.Child(in.Cluster, comp) + "-" + hash, number: 1, data: data.Object}, nil
}

// ours are the revisions that the operator made: those of a StatefulSet's own controller carry the same labels.
func ours(r *appsv1.ControllerRevision, comp string) bool {
	controller := metav1.GetControllerOf(r)
	return r.Labels[naming.LabelComponent] == comp && (controller == nil || controller.Kind == v1alpha1.Kind)
}

func newer(a, b *appsv1.ControllerRevision) *appsv1.ControllerRevision {
	if a == nil || b.Revision > a.Revision {
		return b
	}
	return a
}

func (r *revision) mark(known *appsv1.ControllerRevision) {
	r.rolledOut = known.Annotations[naming.AnnotationRolledOut] != ""
	r.failed, r.failure = known.Annotations[naming.AnnotationFailed], known.Annotations[naming.AnnotationFailure]
}

// known is a recorded revision; the wanted one if it is that.
func (h history) known(r *appsv1.ControllerRevision) (*revision, error) {
	switch {
	case r == nil:
		return nil, nil
	case r.Name == h.wanted.name:
		return h.wanted, nil
	}
	out := &revision{name: r.Name, number: r.Revision}
	out.mark(r)
	if err := json.Unmarshal(r.Data.Raw, &out.data); err != nil {
		return nil, fmt.Errorf("decoding ControllerRevision %s: %w", r.Name, err)
	}
	return out, nil
}

// live is the workload as it is; an empty one when there is none.
func live(in component.Input, o *unstructured.Unstructured) metav1.Object {
	switch o.GetKind() {
	case "Deployment":
		if d := in.Facts.Deployments[o.GetName()]; d != nil {
			return d
		}
	case "StatefulSet":
		if s := in.Facts.StatefulSets[o.GetName()]; s != nil {
			return s
		}
	case cnpgv1.ClusterKind:
		if db := in.Facts.Database; db != nil {
			return db
		}
	}
	return &metav1.PartialObjectMetadata{}
}

// object is the ControllerRevision.
func (r *revision) object(in component.Input, comp string) *unstructured.Unstructured {
	labels := map[string]any{}
	for k, v := range naming.Labels(in.Cluster, comp) {
		labels[k] = v
	}
	metadata := map[string]any{"name": r.name, "labels": labels}
	marks := map[string]any{}
	if r.rolledOut {
		marks[naming.AnnotationRolledOut] = "true"
	}
	if r.failed != "" {
		marks[naming.AnnotationFailed], marks[naming.AnnotationFailure] = r.failed, r.failure
	}
	if len(marks) > 0 {
		metadata["annotations"] = marks
	}
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": appsv1.SchemeGroupVersion.String(),
		"kind":       "ControllerRevision",
		"metadata":   metadata,
		"data":       r.data,
		"revision":   r.number,
	}}
}

// workload is the wanted workload with the pods of this revision.
func (r *revision) workload(wanted *unstructured.Unstructured) *unstructured.Unstructured {
	o, recorded := wanted.DeepCopy(), (&unstructured.Unstructured{Object: r.data}).DeepCopy()
	path := rolling(o)
	// The fields exist: read has read and written them.
	part, _, _ := unstructured.NestedMap(recorded.Object, path...)
	if n, scaled, _ := unstructured.NestedFieldNoCopy(wanted.Object, "spec", instances); scaled {
		part[instances] = n
	}
	_ = unstructured.SetNestedMap(o.Object, part, path...)
	annotate(o, r.name, "metadata")
	if o.GetKind() != cnpgv1.ClusterKind {
		annotate(o, r.name, append(path, "metadata")...)
	}
	return o
}

func annotate(o *unstructured.Unstructured, revision string, metadata ...string) {
	_ = unstructured.SetNestedField(o.Object, revision, append(metadata, "annotations", naming.AnnotationRevision)...)
}
