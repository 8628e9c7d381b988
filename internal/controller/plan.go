package controller

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/apply"
	"github.com/xatube/xatube-operator/internal/component"
	"github.com/xatube/xatube-operator/internal/component/backup"
	"github.com/xatube/xatube-operator/internal/component/logging"
	"github.com/xatube/xatube-operator/internal/component/naming"
	"github.com/xatube/xatube-operator/internal/component/workload"
	"github.com/xatube/xatube-operator/internal/eck"
	"github.com/xatube/xatube-operator/internal/inventory"
	"github.com/xatube/xatube-operator/internal/observe"
	"github.com/xatube/xatube-operator/internal/outcome"
	"github.com/xatube/xatube-operator/internal/rollout"
	"github.com/xatube/xatube-operator/internal/status"
)

// plan is what one pass wants, component by component.
type plan []part

type part struct {
	component component.Component
	// objects to apply, in order.
	objects []*unstructured.Unstructured
	// credentials that the component holds, and the volume claims that others have made for it.
	credentials, claims []v1alpha1.ObjectRef
	// kept are objects that stay as they are.
	kept []*unstructured.Unstructured
	// wanted are the objects before their gate.
	wanted []*unstructured.Unstructured
	// rolls says that a new revision goes out, which replaces pods.
	rolls bool
	// waits says that a new revision waits for the platform's turn.
	waits bool
	// blocked is the health to show while a gate or an API is awaited, or when what is wanted does not run.
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
		p.render(in, gates)
		p.takeUpClaims(in)
	}
	r.queue(in, parts)
	return parts
}

// missingCredentials are the Secrets that ensureCredentials is about to make.
func (r *Reconciler) missingCredentials(in component.Input) []v1alpha1.ObjectRef {
	var refs []v1alpha1.ObjectRef
	for _, c := range r.Components {
		for _, request := range c.Credentials(in) {
			if !request.Retire && in.Facts.Secrets[request.Name] == nil {
				refs = append(refs, secretRef(request.Name))
			}
		}
	}
	return refs
}

func secretRef(name string) v1alpha1.ObjectRef {
	return inventory.Of(corev1.SchemeGroupVersion.WithKind("Secret"), name)
}

// ensureCredentials makes the missing credentials of a component and deletes the retired ones, and does the same to the
// facts of this pass.
func (r *Reconciler) ensureCredentials(ctx context.Context, in component.Input, c component.Component) ([]v1alpha1.ObjectRef, error) {
	var refs []v1alpha1.ObjectRef
	for _, request := range c.Credentials(in) {
		if request.Retire {
			if err := r.retireCredential(ctx, in, request.Name); err != nil {
				return refs, err
			}
			continue
		}
		refs = append(refs, secretRef(request.Name))
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

func (r *Reconciler) retireCredential(ctx context.Context, in component.Input, name string) error {
	secret := in.Facts.Secrets[name]
	if secret == nil {
		return nil
	}
	if err := r.Credentials.Retire(ctx, secret); err != nil {
		return err
	}
	ctrl.LoggerFrom(ctx).Info("Retired credential", "secret", name)
	delete(in.Facts.Secrets, name)
	return nil
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
		switch gvk {
		case observe.ObjectStore:
			return backup.Provider
		case eck.ElasticsearchKind:
			return logging.Provider
		}
		if gvk.Group == observe.CNPGCluster.Group {
			return "CloudNativePG 1.30.1 or newer"
		}
	}
	return "the Gateway API CRDs"
}

// render what a component wants and send it through its gate. An error of the component leaves what it could render.
func (p *part) render(in component.Input, gates map[string]rollout.Gate) {
	rendered, renderErr := p.component.Render(in)
	p.wanted = make([]*unstructured.Unstructured, len(rendered))
	for i, o := range rendered {
		var err error
		if p.wanted[i], err = apply.Object(o); err != nil {
			p.err = fmt.Errorf("rendering %s: %w", p.component.Name(), err)
			return
		}
	}
	gate, gated := gates[p.component.Name()]
	if !gated {
		gate.Open = true
	}
	passage, err := rollout.Pass(in, p.component.Name(), gate, p.wanted)
	p.pass(passage, errors.Join(err, renderErr))
}

// takeUpClaims records the volume claims of a component that runs: those of StatefulSets and of the database are made by
// others, and those that an earlier platform has left become the platform's own.
func (p *part) takeUpClaims(in component.Input) {
	if len(p.wanted) == 0 {
		return
	}
	for _, claim := range in.Facts.Claims {
		if claim.Labels[naming.LabelComponent] == p.component.Name() {
			p.claims = append(p.claims, claimRef(claim.Name))
		}
	}
}

// wait holds a new revision back until it is the platform's turn, and with it what waits for a migration that waits.
func (p *part) wait(in component.Input) {
	gated := len(p.wanted) > 0 && p.blocked != nil && p.blocked.Reason == v1alpha1.ReasonWaiting
	if p.waits = p.rolls || gated; !p.waits {
		return
	}
	passage, err := rollout.Wait(in, p.component.Name(), p.wanted)
	p.pass(passage, errors.Join(err, p.err))
}

func (p *part) pass(passage rollout.Passage, err error) {
	p.objects, p.kept, p.rolls, p.blocked, p.err = passage.Objects, passage.Kept, passage.Rolls, passage.Shown, err
}

// rolls says that some component replaces pods.
func (p plan) rolls() bool {
	return slices.ContainsFunc(p, func(p part) bool { return p.rolls })
}

// waits says that some component waits for the platform's turn.
func (p plan) waits() bool {
	return slices.ContainsFunc(p, func(p part) bool { return p.waits })
}

// inventory of all that the plan wants to exist.
func (p plan) inventory() []v1alpha1.ObjectRef {
	var refs []v1alpha1.ObjectRef
	for _, part := range p {
		refs = slices.Concat(refs, part.credentials, part.claims)
		for _, o := range slices.Concat(part.objects, part.kept) {
			refs = append(refs, inventory.Of(o.GroupVersionKind(), o.GetName()))
		}
	}
	return inventory.Union(refs, nil)
}

// unsure are the components that could not say all that they want: what looks unwanted of them may only be unknown.
func (p plan) unsure() map[string]bool {
	out := map[string]bool{}
	for _, part := range p {
		lacksAPI := part.blocked != nil && part.blocked.Reason == v1alpha1.ReasonAPINotInstalled
		if part.err != nil || lacksAPI {
			out[part.component.Name()] = true
		}
	}
	return out
}

// spare are the components of which nothing goes yet: what the backends of a former revision may be connected to stays
// as long as they.
func (p plan) spare(in component.Input, results []status.Result) map[string]bool {
	out := p.unsure()
	if formerBackends(in, results) {
		for _, name := range []string{naming.Postgres, naming.Redis, naming.RabbitMQ} {
			out[name] = true
		}
	}
	return out
}

// formerBackends says that not every backend is known to be of the wanted revision.
func formerBackends(in component.Input, results []status.Result) bool {
	departs := func(p *corev1.Pod) bool { return p.DeletionTimestamp != nil }
	if slices.ContainsFunc(in.Facts.Pods[naming.Backend], departs) {
		return true
	}
	if in.Facts.Deployments[naming.Child(in.Cluster, naming.Backend)] == nil {
		return false
	}
	return slices.ContainsFunc(results, func(r status.Result) bool {
		return r.Name == naming.Backend && (r.Changed || r.Err != nil || r.Blocked != nil || !r.Health.Healthy())
	})
}

// applyAll applies the plan. A component that fails does not stop the others.
func (r *Reconciler) applyAll(ctx context.Context, in component.Input, p plan) []status.Result {
	results := make([]status.Result, len(p))
	for i, part := range p {
		res := status.Result{
			Name:      part.component.Name(),
			Condition: part.component.Condition(),
			Health:    workload.Grown(in, part.component.Name(), part.component.Health(in)),
			Blocked:   part.blocked,
			Turn:      r.turn(in, part),
			Rolls:     part.rolls,
		}
		res.Changed, res.Err = r.applyPart(ctx, in.Cluster, part)
		r.measure(client.ObjectKeyFromObject(in.Cluster), part, res)
		results[i] = res
	}
	return results
}

// measure rollouts, and count what only the user can mend.
func (r *Reconciler) measure(key types.NamespacedName, p part, res status.Result) {
	if b, blocked := outcome.AsBlocked(res.Err); blocked && b.Terminal {
		r.Platforms.Failed(key, b.Reason)
	}
	switch {
	case p.rolls && !p.waits && res.Err == nil:
		r.Platforms.Rolls(key, res.Name, r.Now())
	case res.Health.Healthy() && !res.Changed && res.Blocked == nil:
		r.Platforms.Rests(key, res.Name, r.Now())
	}
}

// applyPart applies the objects of a component, in order. One that fails holds back what needs it and nothing else: a
// volume that cannot grow must not keep an image from going out.
func (r *Reconciler) applyPart(ctx context.Context, cluster *v1alpha1.XaTubeCluster, p part) (changed bool, err error) {
	var errs []error
	heldBack := false
	for _, o := range p.objects {
		if heldBack && runsPods(o.GetKind()) {
			continue
		}
		wrote, err := r.Engine.Apply(ctx, cluster, o)
		if err != nil {
			errs = append(errs, err)
			heldBack = heldBack || podsNeed(o.GetKind())
		}
		if wrote {
			changed = true
			r.Platforms.Wrote(client.ObjectKeyFromObject(cluster), o.GetKind())
			ctrl.LoggerFrom(ctx).Info("Applied object", "kind", o.GetKind(), "name", o.GetName(), "component", p.component.Name())
		}
	}
	return changed, errors.Join(append(errs, p.err)...)
}

// podsNeed reports whether pods must not be made or changed before an object of this kind is in place: they would start
// with a previous configuration, or without rights. A claim that is missing holds its pods back by itself.
func podsNeed(kind string) bool {
	switch kind {
	case "ConfigMap", "Secret", "ServiceAccount", "Role", "RoleBinding":
		return true
	}
	return false
}

// runsPods reports whether objects of a kind make pods.
func runsPods(kind string) bool {
	switch kind {
	case "Deployment", "StatefulSet", "DaemonSet", "Job", "Prometheus", "Cluster":
		return true
	}
	return false
}

// prune removes what the operator made and no longer wants. It returns the inventory that remains: what is wanted and
// what is not gone yet.
func (r *Reconciler) prune(ctx context.Context, cluster *v1alpha1.XaTubeCluster, p plan, spare map[string]bool) ([]v1alpha1.ObjectRef, error) {
	wanted := p.inventory()
	remaining := wanted
	for _, ref := range inventory.Diff(cluster.Status.Inventory, wanted) {
		gone, err := r.Engine.Prune(ctx, cluster, ref, spare)
		if err != nil {
			return cluster.Status.Inventory, err
		}
		if !gone {
			remaining = inventory.Union(remaining, []v1alpha1.ObjectRef{ref})
		}
	}
	return remaining, nil
}
