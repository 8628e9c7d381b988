package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"runtime/debug"
	"strings"
	"sync"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/controller"
	"github.com/xatube/xatube-operator/test/scene"
)

// campaign is a number of platforms whose specs are drawn from the schema.
type campaign struct {
	// root of the repository.
	root string
	seed uint64
	// first and accepted are the number of the first spec, and how many specs have to be accepted.
	first, accepted int
	workers         int
	// patience is how many faults are told before the campaign is given up.
	patience int
	// shrunk is how many faulty specs are made smaller before they are told.
	shrunk int
	out    io.Writer

	schema  props
	targets []target

	mu     sync.Mutex
	result result
	// met are the targets that an accepted spec has met.
	met  map[target]bool
	next int
	// retried are how often a target that was missed has got a spec of its own.
	retried map[int]int
}

// result is the last line of a campaign.
type result struct {
	Bench    string `json:"bench"`
	Accepted int    `json:"accepted"`
	Refused  int    `json:"refused_at_admission"`
	Panics   int    `json:"panics"`
	Writes   int    `json:"refused_writes"`
	Loops    int    `json:"loops"`
}

func (r result) sound() bool { return r.Panics+r.Writes+r.Loops == 0 }

const (
	// shard is how many platforms one API server holds; a new one costs less than to clean up.
	shard = 1000
	// attempts to mend a spec that admission refuses.
	attempts = 25
	// turns are how many targets a spec has to meet.
	turns = 8
	// special is the first number of the specs for targets that were missed, each of which gets so many retries.
	special, retries = 1_000_000, 20
)

// densities of optional fields, most specs being small.
var densities = []float64{0, 0.02, 0.05, 0.05, 0.1, 0.1, 0.2, 0.5}

// run the campaign.
func (c *campaign) run(ctx context.Context) error {
	var err error
	if c.schema, err = readSchema(c.root); err != nil {
		return err
	}
	c.targets = targets("spec", c.schema)
	c.met, c.retried, c.next = map[target]bool{}, map[int]int{}, c.first
	defer debug.SetGCPercent(debug.SetGCPercent(400))
	c.result.Bench = "fuzz"
	for c.result.Accepted < c.accepted && c.faults() < c.patience {
		if err := c.runShard(ctx, min(shard, c.accepted-c.result.Accepted)); err != nil {
			return err
		}
		fmt.Fprintf(c.out, "%d specs accepted, up to number %d; %d refused at admission\n", c.result.Accepted, c.next-1, c.result.Refused)
	}
	if missed := c.missed(); len(missed) > 0 {
		fmt.Fprintf(c.out, "of %d fields and values no accepted spec has had: %s\n", len(c.targets), strings.Join(missed, ", "))
	}
	return nil
}

func (c *campaign) faults() int { return c.result.Panics + c.result.Writes + c.result.Loops }

// runShard runs platforms on an API server of their own.
func (c *campaign) runShard(ctx context.Context, n int) (err error) {
	server, cfg, err := scene.StartServer(c.root)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.Stop()) }()
	g, err := newGround(cfg)
	if err != nil {
		return err
	}
	api, err := client.New(cfg, client.Options{Scheme: controller.NewScheme(), Mapper: g.mapper})
	if err != nil {
		return fmt.Errorf("creating a client: %w", err)
	}
	until := c.result.Accepted + n
	var wg sync.WaitGroup
	failed := make(chan error, c.workers)
	for range c.workers {
		wg.Go(func() {
			for {
				number, more := c.take(until)
				if !more {
					return
				}
				if err := c.try(ctx, g, api, number); err != nil {
					failed <- err
					return
				}
			}
		})
	}
	wg.Wait()
	close(failed)
	for e := range failed {
		err = errors.Join(err, e)
	}
	return err
}

// take the number of the next spec, until so many are accepted.
func (c *campaign) take(until int) (int, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.faults() >= c.patience {
		return 0, false
	}
	if c.result.Accepted >= until {
		return c.takeMissed()
	}
	// It counts as accepted until it is known to be refused, so that all workers together do not exceed that.
	c.result.Accepted++
	c.next++
	return c.next - 1, true
}

// takeMissed returns the number of a spec for a target that was missed, when so many specs were accepted that none should be.
func (c *campaign) takeMissed() (int, bool) {
	if c.accepted < enough || c.result.Accepted < c.accepted {
		return 0, false
	}
	for i, t := range c.targets {
		if _, explained := neverAccepted[t.String()]; !explained && !c.met[t] && c.retried[i] < retries {
			c.retried[i]++
			c.result.Accepted++
			return special + i*retries + c.retried[i] - 1, true
		}
	}
	return 0, false
}

// wants are the targets of the spec with a number.
func (c *campaign) wants(number int) []target {
	if number >= special {
		return []target{c.targets[(number-special)/retries]}
	}
	var out []target
	// Each gets its turn, and in each round beside others.
	for i := range turns {
		round, place := (number*turns+i)/len(c.targets), (number*turns+i)%len(c.targets)
		out = append(out, c.targets[rand.New(rand.NewPCG(c.seed, uint64(round)<<32)).Perm(len(c.targets))[place]])
	}
	return out
}

// try one spec: draw it, mend it until it is accepted, and bring the platform to rest.
func (c *campaign) try(ctx context.Context, g *ground, api client.Client, number int) error {
	d := c.drawer(number)
	spec, _ := d.draw("spec", &c.schema).(map[string]any)
	p := newPlatform(g, d.name(number), number)
	if err := newNamespace(ctx, api, p.key.Namespace); err != nil {
		return err
	}
	for attempt := range attempts {
		err := p.create(ctx, api, spec)
		if err == nil {
			found, err := p.run(ctx, api)
			if err != nil {
				return err
			}
			if faults := c.record(spec, found); found != nil {
				if faults <= c.shrunk {
					spec, found = c.shrink(ctx, g, api, spec, found, number)
				}
				c.tell(number, p.key, spec, found)
			}
			return nil
		}
		if !apierrors.IsInvalid(err) && !apierrors.IsBadRequest(err) {
			return fmt.Errorf("creating spec %d: %w", number, err)
		}
		c.mu.Lock()
		c.result.Refused++
		c.mu.Unlock()
		if !d.mend(spec, &c.schema, err, attempt) {
			break
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.result.Accepted--
	return nil
}

// drawer of a spec: its number and the seed decide everything.
func (c *campaign) drawer(number int) *drawer {
	r := rand.New(rand.NewPCG(c.seed, uint64(number)))
	wanted := map[string]string{}
	for _, t := range c.wants(number) {
		for _, field := range around(t.path) {
			if _, known := wanted[field]; !known {
				wanted[field] = ""
			}
		}
		wanted[t.path] = t.value
	}
	return &drawer{Rand: r, density: pick(r, densities), wanted: wanted, alone: number >= special}
}

// trialName is that of a smaller spec.
func (d *drawer) trialName(number, trial int) client.ObjectKey {
	return client.ObjectKey{Namespace: fmt.Sprintf("fuzz-%d-%d", number, trial), Name: "demo"}
}

// name of a platform and its namespace, some as long as they may be.
func (d *drawer) name(number int) client.ObjectKey {
	key := client.ObjectKey{Namespace: fmt.Sprintf("fuzz-%d", number), Name: "demo"}
	if d.IntN(3) == 0 {
		key.Namespace += strings.Repeat("x", 63-len(key.Namespace))
		key.Name += strings.Repeat("y", 35-len(key.Name))
	}
	return key
}

// record what became of an accepted spec, and count the faults so far.
func (c *campaign) record(spec map[string]any, found *fault) (faults int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	cover("spec", c.schema, spec, c.met)
	switch {
	case found == nil:
	case found.kind == panicked:
		c.result.Panics++
	case found.kind == refused:
		c.result.Writes++
	default:
		c.result.Loops++
	}
	return c.faults()
}

// tell of a fault, and how to see it again.
func (c *campaign) tell(number int, key client.ObjectKey, spec map[string]any, found *fault) {
	text, err := yaml.Marshal(map[string]any{
		"apiVersion": v1alpha1.GroupVersion.String(), "kind": v1alpha1.Kind,
		"metadata": map[string]any{"name": key.Name, "namespace": key.Namespace}, "spec": spec,
	})
	if err != nil {
		// YAML knows fewer characters than a spec may hold.
		text = fmt.Append(nil, spec)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	fmt.Fprintf(c.out, "--- %s of spec %d, seed %d: make fuzz N=1 SEED=%d FIRST=%d\n%s\n%s", found.kind, number, c.seed, c.seed, number, found.says, text)
}

// missed are the targets that no accepted spec has met, and that one could meet.
func (c *campaign) missed() []string {
	var out []string
	for _, t := range c.targets {
		if _, explained := neverAccepted[t.String()]; !explained && !c.met[t] {
			out = append(out, t.String())
		}
	}
	return out
}

// neverAccepted are targets that no accepted spec can meet, and why.
var neverAccepted = map[string]string{}
