package apply

import (
	"context"
	"fmt"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/xatube/xatube-operator/internal/component/naming"
)

// repairManager owns what a repair writes, until the next write takes that from it.
const repairManager = naming.FieldManager + "-repair"

// repair sets each list that we want back as a whole. An apply keeps the elements of others, and the API server may refuse ours
// next to them: a Service whose port was changed would have two ports of one name. The apply that follows owns the lists, so
// the repair must not: Kubernetes keeps an element that two managers own when one of them no longer wants it.
func (e *Engine) repair(ctx context.Context, live, want *unstructured.Unstructured) error {
	repaired := live.DeepCopy()
	overlay(repaired.Object, want.Object)
	change := client.MergeFromWithOptions(live.DeepCopy(), client.MergeFromWithOptimisticLock{})
	if err := e.Client.Patch(ctx, repaired, change, client.FieldOwner(repairManager)); err != nil {
		return fmt.Errorf("repairing %s: %w", describe(live), err)
	}
	change = client.MergeFromWithOptions(repaired.DeepCopy(), client.MergeFromWithOptimisticLock{})
	repaired.SetManagedFields(slices.DeleteFunc(repaired.GetManagedFields(), func(f metav1.ManagedFieldsEntry) bool { return f.Manager == repairManager }))
	if err := e.Client.Patch(ctx, repaired, change, client.FieldOwner(repairManager)); err != nil {
		return fmt.Errorf("repairing %s: %w", describe(live), err)
	}
	ctrl.LoggerFrom(ctx).Info("Removed elements of others, next to which ours are refused", "kind", live.GetKind(), "name", live.GetName())
	return nil
}

// overlay sets what we want over what there is, lists as a whole.
func overlay(live, want map[string]any) {
	for k, w := range want {
		l, isObject := live[k].(map[string]any)
		if below, ok := w.(map[string]any); ok && isObject {
			overlay(l, below)
			continue
		}
		live[k] = w
	}
}
