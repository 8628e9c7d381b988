package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/controller"
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

	schema props
	fields []string

	mu     sync.Mutex
	result result
	// reached are the fields that an accepted spec has set.
	reached map[string]bool
	next    int
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
	shard = 500
	// attempts to mend a spec that admission refuses.
	attempts = 25
)

// densities of optional fields, most specs being small.
var densities = []float64{0, 0.02, 0.05, 0.05, 0.1, 0.1, 0.2, 0.5}

// run the campaign.
func (c *campaign) run(ctx context.Context) error {
	var err error
	if c.schema, err = readSchema(c.root); err != nil {
		return err
	}
	c.fields = fields("spec", c.schema)
	c.reached, c.next = map[string]bool{}, c.first
	c.result.Bench = "fuzz"
	for c.result.Accepted < c.accepted && c.faults() < c.patience {
		if err := c.runShard(ctx, min(shard, c.accepted-c.result.Accepted)); err != nil {
			return err
		}
		fmt.Fprintf(c.out, "%d specs accepted, up to number %d; %d refused at admission\n", c.result.Accepted, c.next-1, c.result.Refused)
	}
	if missed := c.missed(); len(missed) > 0 {
		fmt.Fprintf(c.out, "fields that no accepted spec has set: %s\n", strings.Join(missed, ", "))
	}
	return nil
}

func (c *campaign) faults() int { return c.result.Panics + c.result.Writes + c.result.Loops }

// runShard runs platforms on an API server of their own.
func (c *campaign) runShard(ctx context.Context, n int) (err error) {
	server, cfg, err := startServer(c.root)
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
	enough := c.result.Accepted + n
	var wg sync.WaitGroup
	failed := make(chan error, c.workers)
	for range c.workers {
		wg.Go(func() {
			for {
				number, more := c.take(enough)
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

// take the number of the next spec, until enough are accepted.
func (c *campaign) take(enough int) (int, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.result.Accepted >= enough || c.faults() >= c.patience {
		return 0, false
	}
	// It counts as accepted until it is known to be refused, so that all workers together do not exceed what is enough.
	c.result.Accepted++
	c.next++
	return c.next - 1, true
}

// try one spec: draw it, mend it until it is accepted, and bring the platform to rest.
func (c *campaign) try(ctx context.Context, g *ground, api client.Client, number int) error {
	d := c.drawer(number)
	spec, _ := d.draw("spec", &c.schema).(map[string]any)
	p := &platform{ground: g, objects: newObjects(), requests: &requests{}, key: d.name(number)}
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
	wanted := map[string]bool{}
	// Each field gets its turn.
	for i := range 3 {
		for _, field := range around(c.fields[(number*3+i)%len(c.fields)]) {
			wanted[field] = true
		}
	}
	return &drawer{Rand: r, density: pick(r, densities), wanted: wanted}
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
	set("spec", c.schema, spec, c.reached)
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

// missed are the fields that no accepted spec has set.
func (c *campaign) missed() []string {
	return slices.DeleteFunc(slices.Clone(c.fields), func(f string) bool { return c.reached[f] })
}
