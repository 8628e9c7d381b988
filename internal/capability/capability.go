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
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
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

// Discovery tells what is served under a group and version.
type Discovery interface {
	ServerResourcesForGroupVersionWithContext(ctx context.Context, groupVersion string) (*metav1.APIResourceList, error)
}

const (
	// askTimeout bounds one question to discovery.
	askTimeout = 10 * time.Second
	// firstPause and lastPause bound the pause before an API is asked for again whose definition exists. Discovery learns
	// of a change after the last event of the definition, so the questions come soon after one, and ever more rarely.
	firstPause = time.Second
	lastPause  = 10 * time.Minute
)

// Tracker follows the CustomResourceDefinitions of the optional APIs. It keeps what discovery said, so that asking it
// costs nothing. It follows on every replica of the operator; the one that leads watches the objects too.
type Tracker struct {
	APIs []API
	// Reader reads CustomResourceDefinitions from a cache, metadata only.
	Reader client.Reader
	// Discovery is asked when a definition has changed.
	Discovery Discovery
	// Watches on the objects of the APIs.
	Watches Watches
	// Changed takes one event, which is sent when APIs have come or gone since the last one was received.
	Changed chan event.GenericEvent
	// Now is the clock.
	Now func() time.Time

	// mu is never held during a request.
	mu      sync.RWMutex
	answers map[schema.GroupVersionKind]answer

	switching sync.Mutex
	leads     bool
	watched   map[schema.GroupVersionKind]bool
}

// answer is what is known of one API.
type answer struct {
	installed bool
	// definition is the state of the definition for which it holds, and since when that has been seen.
	definition string
	since      time.Time
}

// Installed says which of the APIs exist, without a request but for the first time. Only a certain "no such kind" means
// absent; any other failure of discovery is an error, or leaves the last answer as it is.
func (t *Tracker) Installed(ctx context.Context) (map[schema.GroupVersionKind]bool, error) {
	out := make(map[schema.GroupVersionKind]bool, len(t.APIs))
	for _, api := range t.APIs {
		known, found := t.answer(api)
		if !found {
			var err error
			if known, err = t.learn(ctx, api); err != nil {
				return nil, err
			}
		}
		out[api.GVK] = known.installed
	}
	return out, nil
}

func (t *Tracker) answer(api API) (answer, bool) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	a, found := t.answers[api.GVK]
	return a, found
}

// learn the first answer, for one who cannot wait for Reconcile. A definition that does not exist needs no question, and
// nothing to keep.
func (t *Tracker) learn(ctx context.Context, api API) (answer, error) {
	a, exists, err := t.ask(ctx, api)
	if err != nil || !exists {
		return answer{}, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if _, known := t.answers[api.GVK]; !known {
		t.keep(api, a)
	}
	return t.answers[api.GVK], nil
}

func (t *Tracker) keep(api API, a answer) {
	if t.answers == nil {
		t.answers = map[schema.GroupVersionKind]answer{}
	}
	t.answers[api.GVK] = a
}

// ask whether an API exists: its definition, and then discovery, for the wanted version may not be served.
func (t *Tracker) ask(ctx context.Context, api API) (a answer, exists bool, err error) {
	crd := Definition()
	err = t.Reader.Get(ctx, client.ObjectKey{Name: api.CRD}, crd)
	if apierrors.IsNotFound(err) || (err == nil && crd.DeletionTimestamp != nil) {
		return answer{}, false, nil
	}
	if err != nil {
		return answer{}, false, fmt.Errorf("looking up CustomResourceDefinition %s: %w", api.CRD, err)
	}
	a = answer{definition: string(crd.UID) + crd.ResourceVersion, since: t.Now()}
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	served, err := t.Discovery.ServerResourcesForGroupVersionWithContext(ctx, api.GVK.GroupVersion().String())
	if apierrors.IsNotFound(err) {
		return a, true, nil
	}
	if err != nil {
		return answer{}, true, fmt.Errorf("discovering %s: %w", api.GVK, err)
	}
	a.installed = slices.ContainsFunc(served.APIResources, func(r metav1.APIResource) bool { return r.Kind == api.GVK.Kind })
	return a, true, nil
}

// Reconcile renews the answer for one API, and keeps the watch on its objects in step.
func (t *Tracker) Reconcile(ctx context.Context, req reconcile.Request) (reconcile.Result, error) {
	i := slices.IndexFunc(t.APIs, func(a API) bool { return a.CRD == req.Name })
	if i < 0 {
		return reconcile.Result{}, nil
	}
	api := t.APIs[i]
	next, exists, err := t.ask(ctx, api)
	if err != nil {
		return reconcile.Result{}, err
	}
	changed, age := t.renew(api, next)
	if err := t.follow(ctx, api); err != nil {
		return reconcile.Result{}, err
	}
	if changed {
		ctrl.LoggerFrom(ctx).Info("Optional API changed", "api", api.GVK.String(), "installed", next.installed)
		select {
		case t.Changed <- event.GenericEvent{Object: Definition()}:
		default: // one that nobody has received yet tells the same
		}
	}
	if !exists {
		return reconcile.Result{}, nil
	}
	return reconcile.Result{RequeueAfter: min(max(age, firstPause), lastPause)}, nil
}

// renew the answer. It says whether another one was given before, and for how long the definition has been the same.
func (t *Tracker) renew(api API, next answer) (changed bool, age time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	former := t.answers[api.GVK]
	if former.definition == next.definition {
		age, next.since = t.Now().Sub(former.since), former.since
	}
	t.keep(api, next)
	return former.installed != next.installed, age
}

// follow switches the watch on the objects of an API, on the replica that leads.
func (t *Tracker) follow(ctx context.Context, api API) error {
	t.switching.Lock()
	defer t.switching.Unlock()
	known, _ := t.answer(api)
	if !t.leads || t.watched[api.GVK] == known.installed {
		return nil
	}
	change := t.Watches.Start
	if !known.installed {
		change = t.Watches.Stop
	}
	if err := change(ctx, api.GVK); err != nil {
		return fmt.Errorf("switching the watch on %s: %w", api.GVK, err)
	}
	if t.watched == nil {
		t.watched = map[schema.GroupVersionKind]bool{}
	}
	t.watched[api.GVK] = known.installed
	return nil
}

// Start is called when this replica begins to lead: it watches what is known to be installed.
func (t *Tracker) Start(ctx context.Context) error {
	t.switching.Lock()
	t.leads = true
	t.switching.Unlock()
	for _, api := range t.APIs {
		if err := t.follow(ctx, api); err != nil {
			return err
		}
	}
	return nil
}

// SetupWithManager starts the tracker.
func (t *Tracker) SetupWithManager(mgr ctrl.Manager) error {
	ours := predicate.NewPredicateFuncs(func(o client.Object) bool {
		return slices.ContainsFunc(t.APIs, func(a API) bool { return a.CRD == o.GetName() })
	})
	err := ctrl.NewControllerManagedBy(mgr).
		Named("capability").
		WatchesMetadata(Definition(), &handler.EnqueueRequestForObject{}, builder.WithPredicates(ours)).
		WithOptions(controller.Options{NeedLeaderElection: new(false)}).
		Complete(t)
	if err == nil {
		err = mgr.Add(t)
	}
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
