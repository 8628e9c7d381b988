// Package rollout decides what may go out now. A new revision of a workload waits for its gate, for the platform's turn
// when the operator itself causes it, and is taken back when it fails and the spec says so. The accepted one keeps
// running meanwhile, and is still repaired and scaled.
package rollout

import (
	"fmt"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component"
	"github.com/xatube/xatube-operator/internal/component/backend"
	"github.com/xatube/xatube-operator/internal/component/hibernation"
	"github.com/xatube/xatube-operator/internal/component/migration"
	"github.com/xatube/xatube-operator/internal/component/naming"
	"github.com/xatube/xatube-operator/internal/component/postgres"
)

// Gate says whether a component's new revision may go out.
type Gate struct {
	Open bool
	// Message says what a closed gate waits for.
	Message string
	// Still: nothing of the component runs, and the accepted revision is not started either.
	Still bool
}

// Gates of the components that wait for others. A component without a gate starts at once.
func Gates(in component.Input) map[string]Gate {
	writable, reason := postgres.Writable(in)
	gates := map[string]Gate{
		naming.Migration: {Open: writable, Message: reason},
		naming.Backend:   {Open: migration.Applied(in)},
	}
	switch {
	case !writable && backend.Starts(in):
		gates[naming.Backend] = Gate{Message: reason, Still: true}
	case !gates[naming.Backend].Open:
		gates[naming.Backend] = Gate{Message: waitingForMigration(in, gates[naming.Migration])}
	}
	return gates
}

func waitingForMigration(in component.Input, data Gate) string {
	if missing := migration.WaitsFor(in); missing != "" {
		return "waiting for the SQL of the migration: " + missing
	}
	job := migration.JobName(in)
	if _, started := in.Facts.Jobs[job]; !started && !data.Open {
		return data.Message
	}
	return fmt.Sprintf("waiting for migration Job %s to complete", job)
}

// Passage is what goes out of a component.
type Passage struct {
	Objects []*unstructured.Unstructured
	// Kept are objects that stay as they are.
	Kept []*unstructured.Unstructured
	// Shown is the health to show instead of that of the facts, when what is wanted does not run; nil otherwise.
	Shown *component.Health
	// Rolls says that a new revision goes out, which replaces pods, or a migration for one.
	Rolls bool
}

// Pass sends a component's objects through its gate. Every workload that goes out is recorded as a ControllerRevision; a
// closed gate puts the accepted revision in the place of the wanted one. A hibernated platform waits for nothing, and
// what goes out of it replaces no pods.
func Pass(in component.Input, name string, gate Gate, objects []*unstructured.Unstructured) (Passage, error) {
	if gate.Still {
		objects = stopped(objects)
	}
	p, err := let(in, name, objects, func(o *unstructured.Unstructured) (choice, error) {
		if o.GetKind() == job {
			return passJob(in, o, gate), nil
		}
		return choose(in, name, gate, o)
	})
	if hibernation.Wanted(in.Cluster) {
		p.Shown, p.Rolls = nil, false
	}
	return p, err
}

// stopped are the objects with workloads that run nothing.
func stopped(objects []*unstructured.Unstructured) []*unstructured.Unstructured {
	out := make([]*unstructured.Unstructured, len(objects))
	for i, o := range objects {
		out[i] = o.DeepCopy()
		if rolling(o) != nil {
			// Workloads have a spec.
			_ = unstructured.SetNestedField(out[i].Object, int64(0), "spec", "replicas")
		}
	}
	return out
}

// Wait sends the objects of a component out that rolls, while its platform waits for its turn: the accepted revision of
// its workload, no new configuration, which a pod that is replaced for another reason would read, and no new migration.
// What runs is what has been accepted, so the facts tell its health.
func Wait(in component.Input, name string, objects []*unstructured.Unstructured) (Passage, error) {
	var kept, rest []*unstructured.Unstructured
	for _, o := range objects {
		if o.GetKind() == "ConfigMap" {
			kept = append(kept, o)
		} else {
			rest = append(rest, o)
		}
	}
	p, err := let(in, name, rest, func(o *unstructured.Unstructured) (choice, error) {
		if o.GetKind() == job {
			return waitJob(in, o), nil
		}
		h, err := read(in, name, o)
		if h.current == nil {
			return choice{out: h.wanted}, err
		}
		return choice{out: h.current, keep: []*revision{h.good}}, err
	})
	p.Kept = kept
	return p, err
}

const job = "Job"

// choice is what becomes of one object.
type choice struct {
	// out is the revision of a workload that goes out; nil holds it back altogether.
	out *revision
	// keep are further revisions that stay recorded.
	keep []*revision
	// through lets an object without revisions out.
	through bool
	shown   *component.Health
	rolls   bool
}

func let(in component.Input, name string, objects []*unstructured.Unstructured, decide func(*unstructured.Unstructured) (choice, error)) (Passage, error) {
	var p Passage
	for _, o := range objects {
		if name == naming.Logging || (o.GetKind() != job && rolling(o) == nil) {
			// Services, claims and the like may exist early, and nobody waits for the logs: their Job replaces no pods.
			p.Objects = append(p.Objects, o)
			continue
		}
		c, err := decide(o)
		if err != nil {
			return Passage{}, err
		}
		if c.shown != nil {
			p.Shown = c.shown
		}
		p.Rolls = p.Rolls || c.rolls
		p.Objects = append(p.Objects, c.objects(in, name, o)...)
	}
	return p, nil
}

// objects that go out: the revisions before the workload, so that a crash in between forgets none.
func (c choice) objects(in component.Input, name string, o *unstructured.Unstructured) []*unstructured.Unstructured {
	var out []*unstructured.Unstructured
	seen := map[string]bool{}
	for _, r := range append([]*revision{c.out}, c.keep...) {
		if r != nil && !seen[r.name] {
			seen[r.name] = true
			out = append(out, r.object(in, name))
		}
	}
	switch {
	case c.through:
		out = append(out, o)
	case c.out != nil:
		out = append(out, c.out.workload(o))
	}
	return out
}

// passJob starts no Job before its gate is open. One that exists stays.
func passJob(in component.Input, o *unstructured.Unstructured, gate Gate) choice {
	_, exists := in.Facts.Jobs[o.GetName()]
	switch {
	case exists:
		return choice{through: true}
	case gate.Open:
		return choice{through: true, rolls: true}
	}
	return choice{shown: notReady(v1alpha1.ReasonWaiting, gate.Message)}
}

func waitJob(in component.Input, o *unstructured.Unstructured) choice {
	if _, exists := in.Facts.Jobs[o.GetName()]; exists {
		return choice{through: true}
	}
	h := component.Ready("the database is prepared for the image that runs")
	return choice{shown: &h}
}

func notReady(reason, message string) *component.Health {
	h := component.NotReady(reason, message)
	return &h
}
