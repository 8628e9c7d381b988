package drive

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/xatube/xatube-operator/internal/component/naming"
)

// PodReady says that a pod takes traffic and is not about to go.
func PodReady(pod *corev1.Pod) bool {
	return pod.DeletionTimestamp == nil && slices.ContainsFunc(pod.Status.Conditions, func(c corev1.PodCondition) bool {
		return c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue
	})
}

// Pods of a component of a platform, sorted by name.
func (c *Client) Pods(ctx context.Context, platform types.NamespacedName, component string) ([]corev1.Pod, error) {
	var list corev1.PodList
	err := c.List(ctx, &list, client.InNamespace(platform.Namespace), client.MatchingLabels{
		naming.LabelInstance: platform.Name, naming.LabelComponent: component,
	})
	if err != nil {
		return nil, fmt.Errorf("listing the pods of %s: %w", component, err)
	}
	slices.SortFunc(list.Items, func(a, b corev1.Pod) int { return strings.Compare(a.Name, b.Name) })
	return list.Items, nil
}

// Kill ends a pod as a crash would, without time to hand over.
func (c *Client) Kill(ctx context.Context, namespace, name string) error {
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}}
	if err := c.Delete(ctx, pod, client.GracePeriodSeconds(1)); err != nil {
		return fmt.Errorf("killing pod %s: %w", name, err)
	}
	return nil
}

// WaitDeparted waits until no pod of a platform is ending any more.
func (c *Client) WaitDeparted(ctx context.Context, platform types.NamespacedName, timeout time.Duration) error {
	return Until(ctx, timeout, "departure of former pods", func(ctx context.Context) error {
		var list corev1.PodList
		err := c.List(ctx, &list, client.InNamespace(platform.Namespace), client.MatchingLabels{naming.LabelInstance: platform.Name})
		if err != nil {
			return err
		}
		for i := range list.Items {
			if list.Items[i].DeletionTimestamp != nil {
				return fmt.Errorf("%s is ending", list.Items[i].Name)
			}
		}
		return nil
	})
}
