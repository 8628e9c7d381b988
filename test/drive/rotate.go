package drive

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component/naming"
)

// Rotate asks for a new credential of a component and waits until it has taken the place of the former one everywhere.
func (c *Client) Rotate(ctx context.Context, platform types.NamespacedName, component string, timeout time.Duration) error {
	before, err := c.WaitCondition(ctx, platform, v1alpha1.ConditionCredentialsReady, metav1.ConditionTrue, "", timeout)
	if err != nil {
		return err
	}
	entry := fmt.Sprintf("%s@%d", component, time.Now().UnixNano())
	if err := c.Change(ctx, platform, fmt.Sprintf(`{"metadata":{"annotations":{%q:%q}}}`, naming.AnnotationRotate, entry)); err != nil {
		return err
	}
	return c.WaitPlatform(ctx, platform, timeout, "rotation "+entry, func(x *v1alpha1.XaTubeCluster) error {
		now := Condition(x, v1alpha1.ConditionCredentialsReady)
		if now.Status != metav1.ConditionTrue || now.LastTransitionTime.Equal(&before.LastTransitionTime) {
			return fmt.Errorf("%s is %s since %s: %s", now.Type, now.Status, now.LastTransitionTime, now.Message)
		}
		return nil
	})
}

// Credential is the Secret that a component's credential is taken from now.
func (c *Client) Credential(ctx context.Context, platform types.NamespacedName, component string) (*corev1.Secret, error) {
	first := platform.Name + "-" + component
	if component == naming.Postgres {
		first += "-login"
	}
	for _, name := range []string{first, naming.Alternate(first), platform.Name + "-" + component + "-app"} {
		secret := &corev1.Secret{}
		err := c.Get(ctx, types.NamespacedName{Namespace: platform.Namespace, Name: name}, secret)
		if client.IgnoreNotFound(err) != nil {
			return nil, fmt.Errorf("reading Secret %s: %w", name, err)
		}
		if err == nil {
			return secret, nil
		}
	}
	return nil, fmt.Errorf("%s of %s has no Secret", component, platform)
}
