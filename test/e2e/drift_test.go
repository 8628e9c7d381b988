//go:build e2e

package e2e

import (
	"context"
	"errors"
	"fmt"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/xatube/xatube-operator/internal/component/naming"
	"github.com/xatube/xatube-operator/test/drive"
)

func bringsADeletedChildBack(t *testing.T, platform types.NamespacedName) {
	for _, child := range []client.Object{
		&appsv1.Deployment{ObjectMeta: child(platform, naming.Frontend)},
		&corev1.Service{ObjectMeta: child(platform, naming.Edge)},
	} {
		check(t, kube.Get(t.Context(), client.ObjectKeyFromObject(child), child))
		former := child.GetUID()
		check(t, kube.Delete(t.Context(), child))
		what := fmt.Sprintf("return of %T %s", child, child.GetName())
		check(t, drive.Until(t.Context(), reportTimeout, what, func(ctx context.Context) error {
			if err := kube.Get(ctx, client.ObjectKeyFromObject(child), child); err != nil {
				return err
			}
			if child.GetUID() == former {
				return errors.New("it is still the former one")
			}
			return nil
		}))
	}
	ready(t, platform, changeTimeout)
}

func repairsAnEditedChild(t *testing.T, platform types.NamespacedName) {
	service := &corev1.Service{ObjectMeta: child(platform, naming.Edge)}
	edit(t, service, `{"spec":{"selector":{"app.kubernetes.io/component":"nothing"}}}`)
	deployment := &appsv1.Deployment{ObjectMeta: child(platform, naming.Frontend)}
	edit(t, deployment, `{"spec":{"replicas":1}}`)
	check(t, drive.Until(t.Context(), reportTimeout, "repair of the Service", func(ctx context.Context) error {
		if err := kube.Get(ctx, client.ObjectKeyFromObject(service), service); err != nil {
			return err
		}
		if got := service.Spec.Selector[naming.LabelComponent]; got != naming.Edge {
			return fmt.Errorf("its selector names component %q", got)
		}
		return nil
	}))
	check(t, drive.Until(t.Context(), reportTimeout, "repair of the Deployment", func(ctx context.Context) error {
		if err := kube.Get(ctx, client.ObjectKeyFromObject(deployment), deployment); err != nil {
			return err
		}
		if got := *deployment.Spec.Replicas; got != 2 {
			return fmt.Errorf("it has %d replicas", got)
		}
		return nil
	}))
	ready(t, platform, changeTimeout)
}

func child(platform types.NamespacedName, component string) metav1.ObjectMeta {
	return metav1.ObjectMeta{Namespace: platform.Namespace, Name: platform.Name + "-" + component}
}

func edit(t *testing.T, o client.Object, patch string) {
	t.Helper()
	check(t, kube.Patch(t.Context(), o, drive.Merge(patch)))
}
