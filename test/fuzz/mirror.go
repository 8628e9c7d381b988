package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/apiutil"
)

// objects are all that exists of one platform. Nobody else writes, so what the API server answers to writes tells it: a
// cache that is never behind, and costs no request.
type objects struct {
	mu   sync.Mutex
	held map[schema.GroupVersionKind]map[client.ObjectKey]*unstructured.Unstructured
}

func newObjects() *objects {
	return &objects{held: map[schema.GroupVersionKind]map[client.ObjectKey]*unstructured.Unstructured{}}
}

func (o *objects) put(u *unstructured.Unstructured) {
	o.mu.Lock()
	defer o.mu.Unlock()
	gvk := u.GroupVersionKind()
	if o.held[gvk] == nil {
		o.held[gvk] = map[client.ObjectKey]*unstructured.Unstructured{}
	}
	o.held[gvk][client.ObjectKeyFromObject(u)] = u
}

func (o *objects) drop(gvk schema.GroupVersionKind, key client.ObjectKey) {
	o.mu.Lock()
	defer o.mu.Unlock()
	delete(o.held[gvk], key)
}

func (o *objects) get(gvk schema.GroupVersionKind, key client.ObjectKey) *unstructured.Unstructured {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.held[gvk][key]
}

func (o *objects) list(gvk schema.GroupVersionKind) []*unstructured.Unstructured {
	o.mu.Lock()
	defer o.mu.Unlock()
	out := slices.Collect(maps.Values(o.held[gvk]))
	slices.SortFunc(out, func(a, b *unstructured.Unstructured) int { return strings.Compare(a.GetName(), b.GetName()) })
	return out
}

// mirror writes to the API server, and reads from objects.
type mirror struct {
	client.Client
	objects *objects
}

func (m mirror) Get(_ context.Context, key client.ObjectKey, o client.Object, _ ...client.GetOption) error {
	gvk, err := m.GroupVersionKindFor(o)
	if err != nil {
		return fmt.Errorf("reading %s: %w", key, err)
	}
	u := m.objects.get(gvk, key)
	if u == nil {
		return apierrors.NewNotFound(schema.GroupResource{Group: gvk.Group, Resource: strings.ToLower(gvk.Kind)}, key.Name)
	}
	return into(u, o)
}

func (m mirror) List(_ context.Context, list client.ObjectList, opts ...client.ListOption) error {
	gvk, err := m.GroupVersionKindFor(list)
	if err != nil {
		return fmt.Errorf("listing: %w", err)
	}
	gvk.Kind = strings.TrimSuffix(gvk.Kind, "List")
	var o client.ListOptions
	o.ApplyOptions(opts)
	var found []runtime.Object
	for _, u := range m.objects.list(gvk) {
		// No events are played, and they are all that is asked for by field.
		if o.Namespace != "" && u.GetNamespace() != o.Namespace || o.FieldSelector != nil ||
			o.LabelSelector != nil && !o.LabelSelector.Matches(labelSet(u.GetLabels())) {
			continue
		}
		typed, err := m.Scheme().New(gvk)
		if err != nil {
			return fmt.Errorf("listing %s: %w", gvk, err)
		}
		if err := into(u, typed); err != nil {
			return err
		}
		found = append(found, typed)
	}
	return meta.SetList(list, found)
}

// labelSet is labels.Set without nil.
type labelSet map[string]string

func (s labelSet) Has(k string) bool              { _, ok := s[k]; return ok }
func (s labelSet) Get(k string) string            { return s[k] }
func (s labelSet) Lookup(k string) (string, bool) { v, ok := s[k]; return v, ok }

func into(u *unstructured.Unstructured, o runtime.Object) error {
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(u.DeepCopy().Object, o); err != nil {
		return fmt.Errorf("converting %s %s: %w", u.GetKind(), u.GetName(), err)
	}
	return nil
}

// keep what the API server answered.
func (m mirror) keep(o runtime.Object) error {
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(o)
	if err != nil {
		return fmt.Errorf("converting an answer: %w", err)
	}
	u := &unstructured.Unstructured{Object: content}
	gvk, err := apiutil.GVKForObject(o, m.Scheme())
	if err != nil {
		return fmt.Errorf("converting an answer: %w", err)
	}
	u.SetGroupVersionKind(gvk)
	m.objects.put(u)
	return nil
}

func (m mirror) Create(ctx context.Context, o client.Object, opts ...client.CreateOption) error {
	if err := m.Client.Create(ctx, o, opts...); err != nil {
		return err
	}
	return m.keep(o)
}

func (m mirror) Update(ctx context.Context, o client.Object, opts ...client.UpdateOption) error {
	if err := m.Client.Update(ctx, o, opts...); err != nil {
		return err
	}
	return m.keepUnlessGone(ctx, o)
}

func (m mirror) Patch(ctx context.Context, o client.Object, patch client.Patch, opts ...client.PatchOption) error {
	if err := m.Client.Patch(ctx, o, patch, opts...); err != nil {
		return err
	}
	return m.keepUnlessGone(ctx, o)
}

func (m mirror) Apply(ctx context.Context, o runtime.ApplyConfiguration, opts ...client.ApplyOption) error {
	if err := m.Client.Apply(ctx, o, opts...); err != nil {
		return err
	}
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(o)
	if err != nil {
		return fmt.Errorf("converting an answer: %w", err)
	}
	m.objects.put(&unstructured.Unstructured{Object: content})
	return nil
}

func (m mirror) Delete(ctx context.Context, o client.Object, opts ...client.DeleteOption) error {
	if err := m.Client.Delete(ctx, o, opts...); err != nil {
		return err
	}
	return m.readAgain(ctx, o)
}

// keepUnlessGone is keep, but for an object whose last finalizer was taken off.
func (m mirror) keepUnlessGone(ctx context.Context, o client.Object) error {
	if o.GetDeletionTimestamp() == nil {
		return m.keep(o)
	}
	return m.readAgain(ctx, o)
}

func (m mirror) readAgain(ctx context.Context, o client.Object) error {
	gvk, err := m.GroupVersionKindFor(o)
	if err != nil {
		return fmt.Errorf("reading %s: %w", o.GetName(), err)
	}
	now := &unstructured.Unstructured{}
	now.SetGroupVersionKind(gvk)
	err = m.Client.Get(ctx, client.ObjectKeyFromObject(o), now)
	if apierrors.IsNotFound(err) {
		m.objects.drop(gvk, client.ObjectKeyFromObject(o))
		return nil
	}
	if err != nil {
		return fmt.Errorf("reading %s: %w", o.GetName(), err)
	}
	m.objects.put(now)
	return nil
}

func (m mirror) Status() client.SubResourceWriter { return statusMirror{m.Client.Status(), m} }

type statusMirror struct {
	client.SubResourceWriter
	mirror mirror
}

func (s statusMirror) Update(ctx context.Context, o client.Object, opts ...client.SubResourceUpdateOption) error {
	if err := s.SubResourceWriter.Update(ctx, o, opts...); err != nil {
		return err
	}
	return s.mirror.keep(o)
}

func (s statusMirror) Patch(ctx context.Context, o client.Object, patch client.Patch, opts ...client.SubResourcePatchOption) error {
	if err := s.SubResourceWriter.Patch(ctx, o, patch, opts...); err != nil {
		return err
	}
	return s.mirror.keep(o)
}
