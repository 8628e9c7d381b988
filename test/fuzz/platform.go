package main

import (
	"context"
	"fmt"
	"net/http"
	"runtime/debug"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/rest"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/controller"
	"github.com/xatube/xatube-operator/test/scene"
)

const (
	// mostWrites a platform may cost until it rests.
	mostWrites = 120
	// mostPasses bounds a loop without writes.
	mostPasses = 60
)

// The kinds of faults.
const (
	panicked = "panic"
	refused  = "refused write"
	loops    = "loop"
)

// fault is what a platform must not do.
type fault struct {
	kind, says string
}

// platform is one of the platforms, and all around it.
type platform struct {
	ground   *ground
	key      client.ObjectKey
	objects  *scene.Objects
	requests *scene.Requests
	// provisions are what there is of the Secrets and ConfigMaps that the spec names, one after the other.
	provisions []provision
}

// newPlatform of a spec, whose number decides what it finds.
func newPlatform(g *ground, key client.ObjectKey, number int) *platform {
	provisions := []provision{whole}
	if i := number % 8; i < len(lacking) {
		provisions = []provision{lacking[i], whole}
	}
	return &platform{ground: g, objects: scene.NewObjects(), requests: &scene.Requests{}, key: key, provisions: provisions}
}

// create the platform; the error is that of admission.
func (p *platform) create(ctx context.Context, c client.Client, spec map[string]any) error {
	u := &unstructured.Unstructured{Object: map[string]any{"spec": spec}}
	u.SetGroupVersionKind(v1alpha1.GroupVersion.WithKind(v1alpha1.Kind))
	u.SetNamespace(p.key.Namespace)
	u.SetName(p.key.Name)
	return scene.Mirror{Client: c, Objects: p.objects}.Create(ctx, u.DeepCopy())
}

// operator is one that has just been started.
func (p *platform) operator() (*controller.Reconciler, error) {
	r, err := scene.NewReconciler(p.ground.cfg, p.ground.mapper, func(cfg *rest.Config, o client.Options) (client.Client, error) {
		// All platforms share the connections; each sees its own requests.
		o.HTTPClient = &http.Client{Transport: p.requests.Wrap(p.ground.http.Transport)}
		c, err := client.New(cfg, o)
		return scene.Mirror{Client: c, Objects: p.objects}, err
	})
	if err != nil {
		return nil, fmt.Errorf("starting an operator: %w", err)
	}
	r.Capabilities = p.ground.apis
	return r, nil
}

// run brings a created platform to rest, and says what went wrong.
func (p *platform) run(ctx context.Context, c client.Client) (found *fault, err error) {
	defer func() {
		if v := recover(); v != nil {
			found = &fault{panicked, fmt.Sprintf("%v\n%s", v, debug.Stack())}
		}
	}()
	operator, err := p.operator()
	if err != nil {
		return nil, err
	}
	for _, provision := range p.provisions {
		if err := p.provide(provision); err != nil {
			return nil, err
		}
		if found := p.settle(ctx, operator, scene.Mirror{Client: c, Objects: p.objects}); found != nil {
			return found, nil
		}
	}
	// One that knows nothing finds nothing to do either.
	if operator, err = p.operator(); err != nil {
		return nil, err
	}
	written := p.requests.Count()
	for range 2 {
		if _, err := operator.Reconcile(ctx, ctrl.Request{NamespacedName: p.key}); err != nil {
			return &fault{loops, err.Error()}, nil
		}
	}
	if late := p.requests.Since(written); len(late) > 0 {
		return &fault{loops, "written at rest: " + strings.Join(late, ", ")}, nil
	}
	return nil, nil
}

// settle lets the operator and the controllers act in turn until none has anything to do.
func (p *platform) settle(ctx context.Context, operator *controller.Reconciler, around client.Client) *fault {
	var last error
	for range mostPasses {
		written := p.requests.Count()
		_, last = operator.Reconcile(ctx, ctrl.Request{NamespacedName: p.key})
		if refusals := p.requests.Refusals(); len(refusals) > 0 {
			return &fault{refused, strings.Join(refusals, "\n")}
		}
		moved, err := scene.Play(ctx, around, p.key.Namespace)
		if err != nil {
			// What the others make of what they were told is refused as well.
			return &fault{refused, err.Error()}
		}
		if !moved && p.requests.Count() == written {
			if last != nil {
				return &fault{loops, "each pass fails: " + last.Error()}
			}
			if n := p.requests.Count(); n > mostWrites {
				return &fault{loops, fmt.Sprintf("%d writes: %s", n, strings.Join(p.requests.Since(0), ", "))}
			}
			return nil
		}
	}
	return &fault{loops, fmt.Sprintf("no rest after %d passes, last error %v; writes: %s", mostPasses, last, strings.Join(p.requests.Since(0), ", "))}
}
