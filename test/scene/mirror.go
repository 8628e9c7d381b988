package scene

import (
	"context"
	"fmt"
	"maps"
	"reflect"
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

// Objects are all that exists of one platform. Nobody else writes, so what the API server answers to writes tells it: a
// cache that is never behind, and costs no request.
type Objects struct {
	mu   sync.Mutex
	held map[schema.GroupVersionKind]map[client.ObjectKey]*held
}

// held is an object as the API server told it, and as its type when somebody has asked for that.
type held struct {
	told  *unstructured.Unstructured
	typed runtime.Object
}

// read into an object of any type.
func (h *held) read(o runtime.Object) error {
	if h.typed != nil && reflect.TypeOf(h.typed) == reflect.TypeOf(o) {
		reflect.ValueOf(o).Elem().Set(reflect.ValueOf(h.typed.DeepCopyObject()).Elem())
		return nil
	}
	if err := into(h.told, o); err != nil {
		return err
	}
	h.typed = o.DeepCopyObject()
	return nil
}

// NewObjects are none.
func NewObjects() *Objects {
	return &Objects{held: map[schema.GroupVersionKind]map[client.ObjectKey]*held{}}
}

// Put an object that nobody has written.
func (o *Objects) Put(u *unstructured.Unstructured) {
	o.mu.Lock()
	defer o.mu.Unlock()
	gvk := u.GroupVersionKind()
	if o.held[gvk] == nil {
		o.held[gvk] = map[client.ObjectKey]*held{}
	}
	o.held[gvk][client.ObjectKeyFromObject(u)] = &held{told: u}
}

func (o *Objects) drop(gvk schema.GroupVersionKind, key client.ObjectKey) {
	o.mu.Lock()
	defer o.mu.Unlock()
	delete(o.held[gvk], key)
}

// Get an object; nil when there is none.
func (o *Objects) Get(gvk schema.GroupVersionKind, key client.ObjectKey) *unstructured.Unstructured {
	o.mu.Lock()
	defer o.mu.Unlock()
	if h := o.held[gvk][key]; h != nil {
		return h.told
	}
	return nil
}

// read an object; false when there is none.
func (o *Objects) read(gvk schema.GroupVersionKind, key client.ObjectKey, out runtime.Object) (bool, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	h := o.held[gvk][key]
	if h == nil {
		return false, nil
	}
	return true, h.read(out)
}

// All of them, by kind and name.
func (o *Objects) All() []*unstructured.Unstructured {
	o.mu.Lock()
	kinds := slices.Collect(maps.Keys(o.held))
	o.mu.Unlock()
	slices.SortFunc(kinds, func(a, b schema.GroupVersionKind) int { return strings.Compare(a.String(), b.String()) })
	var out []*unstructured.Unstructured
	for _, kind := range kinds {
		out = append(out, o.list(kind)...)
	}
	return out
}

func (o *Objects) list(gvk schema.GroupVersionKind) []*unstructured.Unstructured {
	o.mu.Lock()
	defer o.mu.Unlock()
	var out []*unstructured.Unstructured
	for _, h := range o.held[gvk] {
		out = append(out, h.told)
	}
	slices.SortFunc(out, func(a, b *unstructured.Unstructured) int { return strings.Compare(a.GetName(), b.GetName()) })
	return out
}

// Mirror writes to the API server, and reads from Objects.
type Mirror struct {
	client.Client
	Objects *Objects
}

// Get reads from Objects.
func (m Mirror) Get(_ context.Context, key client.ObjectKey, o client.Object, _ ...client.GetOption) error {
	gvk, err := m.GroupVersionKindFor(o)
	if err != nil {
		return fmt.Errorf("reading %s: %w", key, err)
	}
	found, err := m.Objects.read(gvk, key, o)
	if err == nil && !found {
		return apierrors.NewNotFound(schema.GroupResource{Group: gvk.Group, Resource: strings.ToLower(gvk.Kind)}, key.Name)
	}
	return err
}

// List reads from Objects.
func (m Mirror) List(_ context.Context, list client.ObjectList, opts ...client.ListOption) error {
	gvk, err := m.GroupVersionKindFor(list)
	if err != nil {
		return fmt.Errorf("listing: %w", err)
	}
	gvk.Kind = strings.TrimSuffix(gvk.Kind, "List")
	var o client.ListOptions
	o.ApplyOptions(opts)
	var found []runtime.Object
	for _, u := range m.Objects.list(gvk) {
		// No events are played, and they are all that is asked for by field.
		if o.Namespace != "" && u.GetNamespace() != o.Namespace || o.FieldSelector != nil ||
			o.LabelSelector != nil && !o.LabelSelector.Matches(labelSet(u.GetLabels())) {
			continue
		}
		typed, err := m.Scheme().New(gvk)
		if err != nil {
			return fmt.Errorf("listing %s: %w", gvk, err)
		}
		if _, err := m.Objects.read(gvk, client.ObjectKeyFromObject(u), typed); err != nil {
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
func (m Mirror) keep(o runtime.Object) error {
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
	m.Objects.Put(u)
	return nil
}

// Create writes to both.
func (m Mirror) Create(ctx context.Context, o client.Object, opts ...client.CreateOption) error {
	if err := m.Client.Create(ctx, o, opts...); err != nil {
		return err
	}
	return m.keep(o)
}

// Update writes to both.
func (m Mirror) Update(ctx context.Context, o client.Object, opts ...client.UpdateOption) error {
	if err := m.Client.Update(ctx, o, opts...); err != nil {
		return err
	}
	return m.keepUnlessGone(ctx, o)
}

// Patch writes to both.
func (m Mirror) Patch(ctx context.Context, o client.Object, patch client.Patch, opts ...client.PatchOption) error {
	if err := m.Client.Patch(ctx, o, patch, opts...); err != nil {
		return err
	}
	return m.keepUnlessGone(ctx, o)
}

// Apply writes to both.
func (m Mirror) Apply(ctx context.Context, o runtime.ApplyConfiguration, opts ...client.ApplyOption) error {
	if err := m.Client.Apply(ctx, o, opts...); err != nil {
		return err
	}
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(o)
	if err != nil {
		return fmt.Errorf("converting an answer: %w", err)
	}
	m.Objects.Put(&unstructured.Unstructured{Object: content})
	return nil
}

// Delete writes to both.
func (m Mirror) Delete(ctx context.Context, o client.Object, opts ...client.DeleteOption) error {
	if err := m.Client.Delete(ctx, o, opts...); err != nil {
		return err
	}
	return m.readAgain(ctx, o)
}

// keepUnlessGone is keep, but for an object whose last finalizer was taken off.
func (m Mirror) keepUnlessGone(ctx context.Context, o client.Object) error {
	if o.GetDeletionTimestamp() == nil {
		return m.keep(o)
	}
	return m.readAgain(ctx, o)
}

func (m Mirror) readAgain(ctx context.Context, o client.Object) error {
	gvk, err := m.GroupVersionKindFor(o)
	if err != nil {
		return fmt.Errorf("reading %s: %w", o.GetName(), err)
	}
	now := &unstructured.Unstructured{}
	now.SetGroupVersionKind(gvk)
	err = m.Client.Get(ctx, client.ObjectKeyFromObject(o), now)
	if apierrors.IsNotFound(err) {
		m.Objects.drop(gvk, client.ObjectKeyFromObject(o))
		return nil
	}
	if err != nil {
		return fmt.Errorf("reading %s: %w", o.GetName(), err)
	}
	m.Objects.Put(now)
	return nil
}

// Status writes to both.
func (m Mirror) Status() client.SubResourceWriter { return statusMirror{m.Client.Status(), m} }

type statusMirror struct {
	client.SubResourceWriter
	mirror Mirror
}

// Update writes to both.
func (s statusMirror) Update(ctx context.Context, o client.Object, opts ...client.SubResourceUpdateOption) error {
	if err := s.SubResourceWriter.Update(ctx, o, opts...); err != nil {
		return err
	}
	return s.mirror.keep(o)
}

// Patch writes to both.
func (s statusMirror) Patch(ctx context.Context, o client.Object, patch client.Patch, opts ...client.SubResourcePatchOption) error {
	if err := s.SubResourceWriter.Patch(ctx, o, patch, opts...); err != nil {
		return err
	}
	return s.mirror.keep(o)
}
