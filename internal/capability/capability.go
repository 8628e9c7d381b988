// Package capability knows which optional APIs exist, and starts and ends the watches on them as they come and go,
// without a restart of the operator.
package capability

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
)

// API is one optional API.
type API struct {
	// GVK of its objects.
	GVK schema.GroupVersionKind
	// CRD is the name of the CustomResourceDefinition that announces it.
	CRD string
}

// Watches starts and ends watches on a kind.
type Watches interface {
	Start(ctx context.Context, gvk schema.GroupVersionKind) error
	Stop(ctx context.Context, gvk schema.GroupVersionKind) error
}

// discoveryLag is how soon an API is asked for again whose definition exists: discovery learns of a new group after the
// last event of its CustomResourceDefinition. An older version of the API may never serve what is wanted, and the
// question is one request.
const discoveryLag = 2 * time.Second

// Tracker follows the CustomResourceDefinitions of the optional APIs.
type Tracker struct {
	APIs []API
	// Reader reads CustomResourceDefinitions, metadata only.
	Reader client.Reader
	// Mapper tells whether the wanted version is served.
	Mapper meta.RESTMapper
	// Watches on the objects of the APIs.
	Watches Watches
	// Changed receives an event whenever an API has come or gone.
	Changed chan event.GenericEvent

	mu      sync.Mutex
	watched map[schema.GroupVersionKind]bool
}

// Installed says which of the APIs exist. Only a certain "no such kind" means absent; any other failure of discovery
// is an error.
func (t *Tracker) Installed(ctx context.Context) (map[schema.GroupVersionKind]bool, error) {
	out := make(map[schema.GroupVersionKind]bool, len(t.APIs))
	for _, api := range t.APIs {
		installed, err := t.installed(ctx, api)
		if err != nil {
			return nil, err
		}
		out[api.GVK] = installed
	}
	return out, nil
}

func (t *Tracker) installed(ctx context.Context, api API) (bool, error) {
	crd := Definition()
	err := t.Reader.Get(ctx, client.ObjectKey{Name: api.CRD}, crd)
	if apierrors.IsNotFound(err) || (err == nil && crd.DeletionTimestamp != nil) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("looking up CustomResourceDefinition %s: %w", api.CRD, err)
	}
	_, err = t.Mapper.RESTMapping(api.GVK.GroupKind(), api.GVK.Version)
	if meta.IsNoMatchError(err) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("discovering %s: %w", api.GVK, err)
	}
	return true, nil
}

// Reconcile keeps the watch on one API in step with its existence.
func (t *Tracker) Reconcile(ctx context.Context, req reconcile.Request) (reconcile.Result, error) {
	i := slices.IndexFunc(t.APIs, func(a API) bool { return a.CRD == req.Name })
	if i < 0 {
		return reconcile.Result{}, nil
	}
	gvk := t.APIs[i].GVK
	installed, err := t.installed(ctx, t.APIs[i])
	if err != nil {
		return reconcile.Result{}, err
	}
	changed, err := t.switchWatch(ctx, gvk, installed)
	if err != nil {
		return reconcile.Result{}, err
	}
	var again reconcile.Result
	if !installed {
		if again, err = t.again(ctx, req); err != nil {
			return reconcile.Result{}, err
		}
	}
	if !changed {
		return again, nil
	}
	ctrl.LoggerFrom(ctx).Info("Optional API changed", "api", gvk.String(), "installed", installed)
	select {
	case t.Changed <- event.GenericEvent{Object: Definition()}:
	case <-ctx.Done():
	}
	return again, nil
}

// again says when to ask again for an API that is not served: soon, if its definition is there.
func (t *Tracker) again(ctx context.Context, req reconcile.Request) (reconcile.Result, error) {
	crd := Definition()
	err := t.Reader.Get(ctx, req.NamespacedName, crd)
	if apierrors.IsNotFound(err) || (err == nil && crd.DeletionTimestamp != nil) {
		return reconcile.Result{}, nil
	}
	if err != nil {
		return reconcile.Result{}, fmt.Errorf("looking up CustomResourceDefinition %s: %w", req.Name, err)
	}
	if time.Since(crd.CreationTimestamp.Time) > time.Minute {
		return reconcile.Result{RequeueAfter: 30 * discoveryLag}, nil
	}
	return reconcile.Result{RequeueAfter: discoveryLag}, nil
}

func (t *Tracker) switchWatch(ctx context.Context, gvk schema.GroupVersionKind, installed bool) (bool, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.watched[gvk] == installed {
		return false, nil
	}
	change := t.Watches.Start
	if !installed {
		change = t.Watches.Stop
	}
	if err := change(ctx, gvk); err != nil {
		return false, fmt.Errorf("switching the watch on %s: %w", gvk, err)
	}
	if t.watched == nil {
		t.watched = map[schema.GroupVersionKind]bool{}
	}
	t.watched[gvk] = installed
	return true, nil
}

// SetupWithManager starts the tracker.
func (t *Tracker) SetupWithManager(mgr ctrl.Manager) error {
	ours := predicate.NewPredicateFuncs(func(o client.Object) bool {
		return slices.ContainsFunc(t.APIs, func(a API) bool { return a.CRD == o.GetName() })
	})
	err := ctrl.NewControllerManagedBy(mgr).
		Named("capability").
		WatchesMetadata(Definition(), &handler.EnqueueRequestForObject{}, builder.WithPredicates(ours)).
		Complete(t)
	if err != nil {
		return fmt.Errorf("setting up the capability controller: %w", err)
	}
	return nil
}

// Definition is a CustomResourceDefinition, metadata only.
func Definition() *metav1.PartialObjectMetadata {
	d := &metav1.PartialObjectMetadata{}
	d.SetGroupVersionKind(schema.GroupVersionKind{Group: "apiextensions.k8s.io", Version: "v1", Kind: "CustomResourceDefinition"})
	return d
}
