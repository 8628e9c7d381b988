package controller

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/apply"
	"github.com/xatube/xatube-operator/internal/component"
	"github.com/xatube/xatube-operator/internal/inventory"
	"github.com/xatube/xatube-operator/internal/observe"
	"github.com/xatube/xatube-operator/internal/rollout"
	"github.com/xatube/xatube-operator/internal/status"
)

// plan is what one pass wants, component by component.
type plan []part

type part struct {
	component component.Component
	// objects to apply, in order.
	objects []*unstructured.Unstructured
	// credentials that the component holds.
	credentials []v1alpha1.ObjectRef
	// blocked is the health to show while a gate or an API is awaited.
	blocked *component.Health
	err     error
}

// plan renders all components. One that fails does not stop the others.
func (r *Reconciler) plan(ctx context.Context, in component.Input) plan {
	parts := make(plan, len(r.Components))
	for i, c := range r.Components {
		parts[i].component = c
		parts[i].credentials, parts[i].err = r.ensureCredentials(ctx, in, c)
	}
	gates := rollout.Gates(in)
	for i := range parts {
		p := &parts[i]
		if p.err != nil {
			continue
		}
		if p.blocked = lacksAPI(in, p.component); p.blocked != nil {
			continue
		}
		p.objects, p.blocked, p.err = render(in, p.component, gates)
	}
	return parts
}

// ensureCredentials makes the missing credentials of a component and adds them to the facts of this pass.
func (r *Reconciler) ensureCredentials(ctx context.Context, in component.Input, c component.Component) ([]v1alpha1.ObjectRef, error) {
	var refs []v1alpha1.ObjectRef
	for _, request := range c.Credentials(in) {
		refs = append(refs, v1alpha1.ObjectRef{APIVersion: "v1", Kind: "Secret", Name: request.Name})
		if in.Facts.Secrets[request.Name] != nil {
			continue
		}
		secret, err := r.Credentials.Ensure(ctx, in.Cluster, request)
		if err != nil {
			return refs, err
		}
		ctrl.LoggerFrom(ctx).Info("Generated credential", "secret", request.Name, "component", c.Name())
		in.Facts.Secrets[request.Name] = secret
	}
	return refs, nil
}

func lacksAPI(in component.Input, c component.Component) *component.Health {
	var missing []string
	for _, gvk := range c.Needs(in.Cluster) {
		if !in.Facts.Installed(gvk) {
			missing = append(missing, fmt.Sprintf("%s (%s)", gvk.Kind, gvk.GroupVersion()))
		}
	}
	if len(missing) == 0 {
		return nil
	}
	h := component.NotReady(v1alpha1.ReasonAPINotInstalled, fmt.Sprintf(
		"the API %s is not installed: install %s; the operator goes on by itself", strings.Join(missing, ", "), provider(c, in)))
	return &h
}

func provider(c component.Component, in component.Input) string {
	for _, gvk := range c.Needs(in.Cluster) {
		if gvk.Group == observe.CNPGCluster.Group {
			return "CloudNativePG 1.30.1 or newer"
		}
	}
	return "the Gateway API CRDs"
}

func render(in component.Input, c component.Component, gates map[string]rollout.Gate) ([]*unstructured.Unstructured, *component.Health, error) {
	rendered, renderErr := c.Render(in)
	objects := make([]*unstructured.Unstructured, len(rendered))
	for i, o := range rendered {
		var err error
		if objects[i], err = apply.Object(o); err != nil {
			return nil, nil, fmt.Errorf("rendering %s: %w", c.Name(), err)
		}
	}
	gate, gated := gates[c.Name()]
	if !gated {
		return objects, nil, renderErr
	}
	objects, held, err := rollout.Pass(in, c.Name(), gate, objects)
	if err != nil || !held {
		return objects, nil, errors.Join(err, renderErr)
	}
	h := component.NotReady(v1alpha1.ReasonWaiting, gate.Message)
	return objects, &h, renderErr
}

// inventory of all that the plan wants to exist.
func (p plan) inventory() []v1alpha1.ObjectRef {
	var refs []v1alpha1.ObjectRef
	for _, part := range p {
		refs = append(refs, part.credentials...)
		for _, o := range part.objects {
			refs = append(refs, inventory.Of(o.GroupVersionKind(), o.GetName()))
		}
	}
	return inventory.Union(refs, nil)
}

// unsure are the components that could not say all that they want: what looks unwanted of them may only be unknown.
func (p plan) unsure() map[string]bool {
	out := map[string]bool{}
	for _, part := range p {
		if part.err != nil {
			out[part.component.Name()] = true
		}
	}
	return out
}

// applyAll applies the plan. Within a component the first failure ends the work; the other components go on.
func (r *Reconciler) applyAll(ctx context.Context, in component.Input, p plan) []status.Result {
	results := make([]status.Result, len(p))
	for i, part := range p {
		res := status.Result{
			Name:      part.component.Name(),
			Condition: part.component.Condition(),
			Health:    part.component.Health(in),
			Blocked:   part.blocked,
		}
		res.Changed, res.Err = r.applyPart(ctx, in.Cluster, part)
		results[i] = res
	}
	return results
}

func (r *Reconciler) applyPart(ctx context.Context, cluster *v1alpha1.XaTubeCluster, p part) (changed bool, err error) {
	for _, o := range p.objects {
		wrote, err := r.Engine.Apply(ctx, cluster, o)
		if err != nil {
			return changed, err
		}
		if wrote {
			changed = true
			ctrl.LoggerFrom(ctx).Info("Applied object", "kind", o.GetKind(), "name", o.GetName(), "component", p.component.Name())
		}
	}
	return changed, p.err
}

// prune removes what the operator made and no longer wants. It returns the inventory that remains: what is wanted and
// what is not gone yet.
func (r *Reconciler) prune(ctx context.Context, cluster *v1alpha1.XaTubeCluster, p plan) ([]v1alpha1.ObjectRef, error) {
	wanted := p.inventory()
	remaining := wanted
	for _, ref := range inventory.Diff(cluster.Status.Inventory, wanted) {
		gone, err := r.Engine.Prune(ctx, cluster, ref, p.unsure())
		if err != nil {
			return cluster.Status.Inventory, err
		}
		if !gone {
			remaining = inventory.Union(remaining, []v1alpha1.ObjectRef{ref})
		}
	}
	return remaining, nil
}
