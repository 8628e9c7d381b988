package main

import (
	"context"
	"encoding/json"
	"fmt"
	"runtime/debug"
	"strings"

	corev1 "k8s.io/api/core/v1"
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
	objects  *objects
	requests *requests
}

// create the platform; the error is that of admission.
func (p *platform) create(ctx context.Context, c client.Client, spec map[string]any) error {
	u := &unstructured.Unstructured{Object: map[string]any{"spec": spec}}
	u.SetGroupVersionKind(v1alpha1.GroupVersion.WithKind(v1alpha1.Kind))
	u.SetNamespace(p.key.Namespace)
	u.SetName(p.key.Name)
	return mirror{c, p.objects}.Create(ctx, u.DeepCopy())
}

// operator is one that has just been started.
func (p *platform) operator() (*controller.Reconciler, error) {
	cfg := rest.CopyConfig(p.ground.cfg)
	cfg.Wrap(p.requests.wrap)
	r, err := scene.NewReconciler(cfg, p.ground.mapper, func(cfg *rest.Config, o client.Options) (client.Client, error) {
		c, err := client.New(cfg, o)
		return mirror{c, p.objects}, err
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
	if err := p.provide(); err != nil {
		return nil, err
	}
	operator, err := p.operator()
	if err != nil {
		return nil, err
	}
	if found := p.settle(ctx, operator, mirror{c, p.objects}); found != nil {
		return found, nil
	}
	// One that knows nothing finds nothing to do either.
	if operator, err = p.operator(); err != nil {
		return nil, err
	}
	written := p.requests.count()
	for range 2 {
		if _, err := operator.Reconcile(ctx, ctrl.Request{NamespacedName: p.key}); err != nil {
			return &fault{loops, err.Error()}, nil
		}
	}
	if late := p.requests.since(written); len(late) > 0 {
		return &fault{loops, "written at rest: " + strings.Join(late, ", ")}, nil
	}
	return nil, nil
}

// settle lets the operator and the controllers act in turn until none has anything to do.
func (p *platform) settle(ctx context.Context, operator *controller.Reconciler, around client.Client) *fault {
	var last error
	for range mostPasses {
		written := p.requests.count()
		_, last = operator.Reconcile(ctx, ctrl.Request{NamespacedName: p.key})
		if refusals := p.requests.refusals(); len(refusals) > 0 {
			return &fault{refused, strings.Join(refusals, "\n")}
		}
		moved, err := scene.Play(ctx, around, p.key.Namespace)
		if err != nil {
			// What the others make of what they were told is refused as well.
			return &fault{refused, err.Error()}
		}
		if !moved && p.requests.count() == written {
			if last != nil {
				return &fault{loops, "each pass fails: " + last.Error()}
			}
			if n := p.requests.count(); n > mostWrites {
				return &fault{loops, fmt.Sprintf("%d writes: %s", n, strings.Join(p.requests.since(0), ", "))}
			}
			return nil
		}
	}
	return &fault{loops, fmt.Sprintf("no rest after %d passes, last error %v; writes: %s", mostPasses, last, strings.Join(p.requests.since(0), ", "))}
}

// provide the Secrets and ConfigMaps that the spec names.
func (p *platform) provide() error {
	u := p.objects.get(v1alpha1.GroupVersion.WithKind(v1alpha1.Kind), p.key)
	c := &v1alpha1.XaTubeCluster{}
	if err := into(u, c); err != nil {
		return err
	}
	keys := map[string]bool{"uri": true}
	collectKeys(u.Object["spec"], keys)
	secret := map[string]any{}
	config := map[string]any{}
	for k, v := range p.ground.crt {
		secret[k] = encoded(v)
	}
	for _, k := range []string{"username", "password", "apiKey"} {
		secret[k] = encoded([]byte("x"))
	}
	for k := range keys {
		secret[k], config[k] = encoded([]byte("x")), "x"
	}
	p.provideAll("Secret", c.SecretNames(), secret)
	p.provideAll("ConfigMap", c.ConfigMapNames(), config)
	for scheme, external := range map[string]*v1alpha1.ExternalSpec{
		"postgresql": c.Spec.Postgres.External, "redis": c.Spec.Redis.External, "amqp": c.Spec.RabbitMQ.External,
	} {
		if external != nil {
			data := map[string]any{external.SecretRef.Key: encoded([]byte(scheme + "://user:pw@server.example.com/0"))}
			p.provideAll("Secret", []string{string(external.SecretRef.Name)}, data)
		}
	}
	return nil
}

func (p *platform) provideAll(kind string, names []string, data map[string]any) {
	for _, name := range names {
		u := &unstructured.Unstructured{Object: map[string]any{"data": data}}
		u.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind(kind))
		u.SetNamespace(p.key.Namespace)
		u.SetName(name)
		p.objects.put(u)
	}
}

func encoded(b []byte) any {
	text, _ := json.Marshal(b)
	var s string
	_ = json.Unmarshal(text, &s)
	return s
}

// collectKeys of Secrets and ConfigMaps that a spec names.
func collectKeys(v any, keys map[string]bool) {
	switch v := v.(type) {
	case map[string]any:
		if k, ok := v["key"].(string); ok {
			keys[k] = true
		}
		for _, value := range v {
			collectKeys(value, keys)
		}
	case []any:
		for _, value := range v {
			collectKeys(value, keys)
		}
	}
}
