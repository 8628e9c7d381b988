package apply

import (
	"context"
	"fmt"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/xatube/xatube-operator/internal/component/naming"
)

// handoverManager owns a number of replicas until the autoscaler writes its first one.
const handoverManager = naming.FieldManager + "-handover"

// handOver keeps the number of replicas when an autoscaler is to own it from now on. Kubernetes removes a field that
// an apply leaves out unless somebody else owns it too, and a Deployment without a number has one replica: before the
// autoscaler had looked, the platform would be down to a single pod. So another manager claims the number as it is.
func (e *Engine) handOver(ctx context.Context, live, want *unstructured.Unstructured) error {
	_, wanted, _ := unstructured.NestedFieldNoCopy(want.Object, "spec", "replicas")
	replicas, found, _ := unstructured.NestedInt64(live.Object, "spec", "replicas")
	if live.GetKind() != "Deployment" || wanted || !found {
		return nil
	}
	claimed, err := e.claimed(ctx, live)
	if err != nil || claimed {
		return err
	}
	claim := &unstructured.Unstructured{}
	claim.SetGroupVersionKind(live.GroupVersionKind())
	claim.SetNamespace(live.GetNamespace())
	claim.SetName(live.GetName())
	// A number that was changed meanwhile is not set back: the write then fails and is tried again.
	claim.SetResourceVersion(live.GetResourceVersion())
	if err := unstructured.SetNestedField(claim.Object, replicas, "spec", "replicas"); err != nil {
		return fmt.Errorf("handing over the replicas of %s: %w", describe(live), err)
	}
	if err := e.Client.Apply(ctx, client.ApplyConfigurationFromUnstructured(claim), client.FieldOwner(handoverManager)); err != nil {
		return fmt.Errorf("handing over the replicas of %s: %w", describe(live), err)
	}
	return nil
}

// claimed says that the number as it is has been claimed before: whoever changes it takes it from the manager. So an
// operator that was stopped between the claim and the apply goes on with the apply. The caches hold no managers.
func (e *Engine) claimed(ctx context.Context, live *unstructured.Unstructured) (bool, error) {
	now := &metav1.PartialObjectMetadata{}
	now.SetGroupVersionKind(live.GroupVersionKind())
	if err := e.Live.Get(ctx, client.ObjectKeyFromObject(live), now); err != nil {
		return false, fmt.Errorf("reading the managers of %s: %w", describe(live), err)
	}
	return slices.ContainsFunc(now.ManagedFields, func(f metav1.ManagedFieldsEntry) bool { return f.Manager == handoverManager }), nil
}
