package controller_test

import (
	"fmt"
	"testing"

	cnpgv1 "github.com/cloudnative-pg/api/pkg/api/v1"
	"github.com/google/go-cmp/cmp"
	"k8s.io/utils/ptr"

	"github.com/xatube/xatube-operator/api/v1alpha1"
)

// scenario is something that an operator is in the middle of when it is killed.
type scenario struct {
	name string
	// prepare brings the platform to where the scenario begins, with an operator that nobody kills.
	prepare func(*testing.T, *world)
	// steps are what users and the database do, one after the other: each when the operator has come to rest, and all
	// that are left when it is killed, for nothing waits for an operator.
	steps []func(*testing.T, *world)
}

// everything is a platform with an autoscaler and a route, so that each kind of child is made.
func everything(c *v1alpha1.XaTubeCluster) {
	c.Spec.Ingress = &v1alpha1.IngressSpec{Host: "tube.example.com"}
}

func createPlatform(t *testing.T, w *world) {
	t.Helper()
	w.platform = platform(t, w.namespace, everything)
}

func settlePlatform(t *testing.T, w *world) {
	t.Helper()
	createPlatform(t, w)
	w.settle(t, newLife(t, never))
}

// changePlatform changes the image, which needs a migration; hands the replicas over to an autoscaler, which takes two
// writes; changes the configuration of the edge; and no longer wants the route, which is pruned.
func changePlatform(t *testing.T, w *world) {
	t.Helper()
	update(t, w.platform, func() {
		w.platform.Spec.Backend.Image = "example.com/backend:2"
		w.platform.Spec.Backend.Autoscaling = &v1alpha1.AutoscalingSpec{MinReplicas: 3, MaxReplicas: 9, TargetCPUUtilization: 70}
		w.platform.Spec.Edge.Replicas = 3
		w.platform.Spec.Edge.RateLimit.API.Burst = ptr.To[int32](40)
		w.platform.Spec.Ingress = nil
	})
}

func chooseDeletion(policy v1alpha1.DeletionPolicy) func(*testing.T, *world) {
	return func(t *testing.T, w *world) {
		t.Helper()
		update(t, w.platform, func() { w.platform.Spec.DeletionPolicy = policy })
		w.settle(t, newLife(t, never))
	}
}

func deletePlatform(t *testing.T, w *world) {
	t.Helper()
	if err := api.Delete(t.Context(), w.platform); err != nil {
		t.Fatal(err)
	}
}

// reportPrimary lets CloudNativePG report the primary that is and the one that is to be.
func reportPrimary(current, target string) func(*testing.T, *world) {
	return func(t *testing.T, w *world) {
		t.Helper()
		reportDatabase(t, w.namespace, func(db *cnpgv1.Cluster) {
			db.Status.CurrentPrimary, db.Status.TargetPrimary = current, target
		})
	}
}

func scenarios() []scenario {
	const first, second = "demo-postgres-1", "demo-postgres-2"
	return []scenario{
		{"FirstRollout", createPlatform, nil},
		{"Update", settlePlatform, []func(*testing.T, *world){changePlatform}},
		{"DeletionThatRetains", func(t *testing.T, w *world) {
			settlePlatform(t, w)
			chooseDeletion(v1alpha1.DeletionRetain)(t, w)
		}, []func(*testing.T, *world){deletePlatform}},
		{"DeletionOfAll", func(t *testing.T, w *world) {
			settlePlatform(t, w)
			chooseDeletion(v1alpha1.DeletionDelete)(t, w)
		}, []func(*testing.T, *world){deletePlatform}},
		{"Failover", settlePlatform, []func(*testing.T, *world){
			reportPrimary(first, cnpgv1.PendingFailoverMarker), reportPrimary(first, second), reportPrimary(second, second),
		}},
	}
}

// sample is how many writes lie between two kills in a short run. `make test-sweep` kills after every one.
const sample = 8

// TestAnOperatorThatIsKilledAtAnyWriteLosesNothing kills the operator after each of its writes, before it has heard the
// answer; right before the next write the API server holds the same. The next operator knows nothing but what the API
// server tells. It must end where an operator ends that nobody killed, and must do nothing a second time.
func TestAnOperatorThatIsKilledAtAnyWriteLosesNothing(t *testing.T) {
	withDatabase(t)
	for _, s := range scenarios() {
		undisturbed := play(t, s, func(t *testing.T) *life { return newLife(t, never) })
		if len(undisturbed.writes) == 0 {
			t.Fatalf("%s: the operator writes nothing", s.name)
		}
		t.Logf("%s: killed after each of %d writes", s.name, len(undisturbed.writes))
		for i, write := range undisturbed.writes {
			if testing.Short() && i%sample != 0 {
				continue
			}
			t.Run(fmt.Sprintf("%s/%d", s.name, i+1), func(t *testing.T) {
				t.Parallel()
				killed := play(t, s, killedOnce(i+1))
				same(t, undisturbed.end, killed.end)
				if t.Failed() {
					t.Logf("without a kill the write is %s", write)
				}
			})
		}
		t.Run(s.name+"/Each", func(t *testing.T) {
			t.Parallel()
			// Each operator lives for one write.
			killed := play(t, s, func(t *testing.T) *life { return newLife(t, 1) })
			same(t, undisturbed.end, killed.end)
		})
	}
}

// killedOnce kills the first operator after a write; its successor lives.
func killedOnce(last int) func(*testing.T) *life {
	return func(t *testing.T) *life {
		t.Helper()
		l := newLife(t, last)
		last = never
		return l
	}
}

// played is what a scenario has led to.
type played struct {
	writes []string
	end    []string
}

// play plays a scenario in a namespace of its own. next gives the operators, one after the other.
func play(t *testing.T, s scenario, next func(*testing.T) *life) played {
	t.Helper()
	w := newWorld(t)
	s.prepare(t, w)
	operator, steps := next(t), s.steps
	var writes []string
	for range 500 {
		w.settle(t, operator)
		switch {
		case operator.dead:
			writes = append(writes, operator.seen...)
			operator = next(t)
			for _, step := range steps {
				step(t, w)
			}
			steps = nil
		case len(steps) > 0:
			steps[0](t, w)
			steps = steps[1:]
		default:
			return played{writes: append(writes, operator.seen...), end: w.end(t)}
		}
	}
	t.Fatalf("%s does not end", s.name)
	return played{}
}

// same compares two ends.
func same(t *testing.T, want, got []string) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the end differs from that without the kill (- without, + with):\n%s", diff)
	}
}
