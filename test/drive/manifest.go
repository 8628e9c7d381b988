package drive

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Apply applies the documents of a manifest, server-side. Those that name no namespace go into the given one.
func (c *Client) Apply(ctx context.Context, namespace, manifest string) error {
	objects, err := decode(manifest)
	if err != nil {
		return err
	}
	for _, o := range objects {
		namespaced, err := c.IsObjectNamespaced(o)
		if err != nil {
			return fmt.Errorf("looking up %s: %w", o.GetKind(), err)
		}
		if namespaced && o.GetNamespace() == "" {
			o.SetNamespace(namespace)
		}
		err = c.Client.Apply(ctx, client.ApplyConfigurationFromUnstructured(o), client.FieldOwner(fieldManager), client.ForceOwnership)
		if err != nil {
			return fmt.Errorf("applying %s %s: %w", o.GetKind(), o.GetName(), err)
		}
	}
	return nil
}

func decode(manifest string) ([]*unstructured.Unstructured, error) {
	var objects []*unstructured.Unstructured
	decoder := yaml.NewYAMLOrJSONDecoder(bytes.NewReader([]byte(manifest)), 4096)
	for {
		o := &unstructured.Unstructured{}
		err := decoder.Decode(&o.Object)
		if errors.Is(err, io.EOF) {
			return objects, nil
		}
		if err != nil {
			return nil, fmt.Errorf("reading a manifest: %w", err)
		}
		if len(o.Object) > 0 {
			objects = append(objects, o)
		}
	}
}

// CreateNamespace makes a namespace with some labels that enforces restricted Pod Security, empty: what an earlier run
// left under its name is removed first.
func (c *Client) CreateNamespace(ctx context.Context, name string, labels map[string]string) error {
	if err := c.DeleteNamespace(ctx, name); err != nil {
		return err
	}
	ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: maps.Clone(labels)}}
	metav1.SetMetaDataLabel(&ns.ObjectMeta, "pod-security.kubernetes.io/enforce", "restricted")
	if err := c.Create(ctx, ns); err != nil {
		return fmt.Errorf("creating namespace %s: %w", name, err)
	}
	return nil
}

// namespaceTimeout covers the end of many pods at once on a busy machine.
const namespaceTimeout = 3 * time.Minute

// DeleteNamespace deletes a namespace with its platforms and waits until it is gone.
func (c *Client) DeleteNamespace(ctx context.Context, name string) error {
	if err := c.StartDeleteNamespace(ctx, name); err != nil {
		return err
	}
	ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}
	if err := errors.Join(c.waitEmpty(ctx, name), c.touch(ctx, ns), c.WaitGone(ctx, ns, namespaceTimeout)); err != nil {
		return c.Explain(ctx, name, err)
	}
	return nil
}

func (c *Client) waitEmpty(ctx context.Context, namespace string) error {
	return Until(ctx, namespaceTimeout, "end of the pods of namespace "+namespace, func(ctx context.Context) error {
		var pods corev1.PodList
		if err := c.List(ctx, &pods, client.InNamespace(namespace), client.Limit(1)); err != nil {
			return err
		}
		for i := range pods.Items {
			return fmt.Errorf("%s is there", pods.Items[i].Name)
		}
		return nil
	})
}

// touch makes Kubernetes look at a namespace that is being deleted. By itself it does so after half of the longest grace
// of the pods that it saw, half an hour with an ingest, although all pods may have ended.
func (c *Client) touch(ctx context.Context, ns *corev1.Namespace) error {
	patch := Merge(fmt.Sprintf(`{"metadata":{"annotations":{"xatube.io/pods-ended":%q}}}`, time.Now().Format(time.RFC3339Nano)))
	if err := c.Patch(ctx, ns, patch); client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("marking namespace %s: %w", ns.Name, err)
	}
	return nil
}

// StartDeleteNamespace deletes a namespace without waiting. Its platforms get the policy Delete: there is nothing to
// retain where the namespace goes.
func (c *Client) StartDeleteNamespace(ctx context.Context, name string) error {
	if err := c.giveUpData(ctx, name); err != nil {
		return err
	}
	ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}
	if err := c.Delete(ctx, ns); client.IgnoreNotFound(err) != nil && !apierrors.IsConflict(err) {
		return fmt.Errorf("deleting namespace %s: %w", name, err)
	}
	const grace = 30 // s; some have a long one
	if err := c.DeleteAllOf(ctx, &corev1.Pod{}, client.InNamespace(name), client.GracePeriodSeconds(grace)); err != nil {
		return fmt.Errorf("ending the pods of namespace %s: %w", name, err)
	}
	return nil
}

// WaitGone waits until an object does not exist any more.
func (c *Client) WaitGone(ctx context.Context, o client.Object, timeout time.Duration) error {
	what := fmt.Sprintf("end of %T %s", o, o.GetName())
	return Until(ctx, timeout, what, func(ctx context.Context) error {
		err := c.Get(ctx, client.ObjectKeyFromObject(o), o)
		if apierrors.IsNotFound(err) {
			return nil
		}
		if err != nil {
			return err
		}
		return errors.New("it still exists")
	})
}
