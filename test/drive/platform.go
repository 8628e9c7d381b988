package drive

import (
	"context"
	"fmt"
	"time"

	autoscalingv1 "k8s.io/api/autoscaling/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/xatube/xatube-operator/api/v1alpha1"
)

// Platform reads one platform.
func (c *Client) Platform(ctx context.Context, key types.NamespacedName) (*v1alpha1.XaTubeCluster, error) {
	x := &v1alpha1.XaTubeCluster{}
	if err := c.Get(ctx, key, x); err != nil {
		return nil, fmt.Errorf("reading XaTubeCluster %s: %w", key, err)
	}
	return x, nil
}

// ApplyPlatform applies a platform whose spec is YAML, indented by two.
func (c *Client) ApplyPlatform(ctx context.Context, namespace, name, spec string) (types.NamespacedName, error) {
	manifest := fmt.Sprintf("apiVersion: xatube.io/v1alpha1\nkind: XaTubeCluster\nmetadata: {name: %s}\nspec: %s\n", name, spec)
	return types.NamespacedName{Namespace: namespace, Name: name}, c.Apply(ctx, namespace, manifest)
}

// WaitReady waits until the platform is ready for its present spec. Observers see every state that is looked at. When
// the time is up, the error ends with a diagnosis of the namespace.
func (c *Client) WaitReady(ctx context.Context, key types.NamespacedName, timeout time.Duration, observers ...func(*v1alpha1.XaTubeCluster)) error {
	return c.WaitPlatform(ctx, key, timeout, "Ready", func(x *v1alpha1.XaTubeCluster) error {
		for _, observe := range observers {
			observe(x)
		}
		return missesReady(x)
	})
}

func missesReady(x *v1alpha1.XaTubeCluster) error {
	ready := Condition(x, v1alpha1.ConditionReady)
	switch {
	case x.Status.ObservedGeneration != x.Generation:
		return fmt.Errorf("status is of generation %d, the spec of %d", x.Status.ObservedGeneration, x.Generation)
	case ready.Status != metav1.ConditionTrue:
		return fmt.Errorf("Ready is %s, %s: %s", ready.Status, ready.Reason, ready.Message)
	}
	return nil
}

// WaitCondition waits until a condition of the present spec has a status and a reason; an empty reason is any.
func (c *Client) WaitCondition(ctx context.Context, key types.NamespacedName, condition string, status metav1.ConditionStatus, reason string, timeout time.Duration) (metav1.Condition, error) {
	var found metav1.Condition
	what := fmt.Sprintf("%s=%s/%s", condition, status, reason)
	err := c.WaitPlatform(ctx, key, timeout, what, func(x *v1alpha1.XaTubeCluster) error {
		found = Condition(x, condition)
		if found.ObservedGeneration == x.Generation && found.Status == status && (reason == "" || found.Reason == reason) {
			return nil
		}
		return fmt.Errorf("%s is %s, %s: %s", condition, found.Status, found.Reason, found.Message)
	})
	return found, err
}

// WaitPlatform waits until met finds nothing missing in the platform.
func (c *Client) WaitPlatform(ctx context.Context, key types.NamespacedName, timeout time.Duration, what string, met func(*v1alpha1.XaTubeCluster) error) error {
	err := Until(ctx, timeout, fmt.Sprintf("%s of XaTubeCluster %s", what, key), func(ctx context.Context) error {
		x, err := c.Platform(ctx, key)
		if err != nil {
			return err
		}
		return met(x)
	})
	if err != nil {
		return c.Explain(ctx, key.Namespace, err)
	}
	return nil
}

// Condition of a platform; its status is Unknown and its reason empty when there is none.
func Condition(x *v1alpha1.XaTubeCluster, condition string) metav1.Condition {
	if found := meta.FindStatusCondition(x.Status.Conditions, condition); found != nil {
		return *found
	}
	return metav1.Condition{Type: condition, Status: metav1.ConditionUnknown}
}

// deletionTimeout covers the grace of all pods of a platform.
const deletionTimeout = 3 * time.Minute

// DeletePlatform deletes a platform by its own policy and waits until the operator has let it go.
func (c *Client) DeletePlatform(ctx context.Context, key types.NamespacedName) error {
	x := &v1alpha1.XaTubeCluster{ObjectMeta: metav1.ObjectMeta{Namespace: key.Namespace, Name: key.Name}}
	if err := c.Delete(ctx, x); client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("deleting XaTubeCluster %s: %w", key, err)
	}
	if err := c.WaitGone(ctx, x, deletionTimeout); err != nil {
		return c.Explain(ctx, key.Namespace, err)
	}
	return nil
}

// giveUpData sets the deletion policy of all platforms of a namespace to Delete.
func (c *Client) giveUpData(ctx context.Context, namespace string) error {
	var list v1alpha1.XaTubeClusterList
	err := c.List(ctx, &list, client.InNamespace(namespace))
	if meta.IsNoMatchError(err) || apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("listing XaTubeClusters: %w", err)
	}
	for i := range list.Items {
		if err := c.Patch(ctx, &list.Items[i], Merge(`{"spec":{"deletionPolicy":"Delete"}}`)); client.IgnoreNotFound(err) != nil {
			return fmt.Errorf("setting the deletion policy of %s: %w", list.Items[i].Name, err)
		}
	}
	return nil
}

// Change merges a JSON document into a platform.
func (c *Client) Change(ctx context.Context, key types.NamespacedName, patch string) error {
	x := &v1alpha1.XaTubeCluster{ObjectMeta: metav1.ObjectMeta{Namespace: key.Namespace, Name: key.Name}}
	if err := c.Patch(ctx, x, Merge(patch)); err != nil {
		return fmt.Errorf("changing XaTubeCluster %s: %w", key, err)
	}
	return nil
}

// Scale asks for a number of backends as kubectl scale does.
func (c *Client) Scale(ctx context.Context, key types.NamespacedName, replicas int32) error {
	x := &v1alpha1.XaTubeCluster{ObjectMeta: metav1.ObjectMeta{Namespace: key.Namespace, Name: key.Name}}
	scale := &autoscalingv1.Scale{Spec: autoscalingv1.ScaleSpec{Replicas: replicas}}
	if err := c.SubResource("scale").Update(ctx, x, client.WithSubResourceBody(scale)); err != nil {
		return fmt.Errorf("scaling XaTubeCluster %s: %w", key, err)
	}
	return nil
}

// Merge is a patch that merges a JSON document into an object.
func Merge(patch string) client.Patch {
	return client.RawPatch(types.MergePatchType, []byte(patch))
}
