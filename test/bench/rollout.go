package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/xatube/xatube-operator/internal/component/naming"
	"github.com/xatube/xatube-operator/test/drive"
)

const (
	// rolloutRate is in requests a second: the nodes, the platform and the visitors share the processors of one machine.
	rolloutRate = 120
	// rolloutRequests are made at least.
	rolloutRequests = 50_000
	// quiet is how long the platform is watched without a change.
	quiet = 30 * time.Second
	// stepTimeout of one change, with the departure of the pods that it replaces.
	stepTimeout = 5 * time.Minute
	// fillTimeout of the requests that are left after the last change.
	fillTimeout = 15 * time.Minute
)

// rolloutPlatform takes little of the nodes, so that six backends fit. All visitors have one address: the limits of the
// edge, which count by address, are out of the way.
const rolloutPlatform = `{apiVersion: xatube.io/v1alpha1, kind: XaTubeCluster, metadata: {name: bench}, spec: {
  backend: {replicas: 3, pod: {resources: {requests: {cpu: 20m, memory: 64Mi}}}},
  frontend: {pod: {resources: {requests: {cpu: 10m}}}},
  edge: {rateLimit: {api: {requestsPerSecond: 10000, burst: 10000}, web: {requestsPerSecond: 10000, burst: 10000}}, pod: {resources: {requests: {cpu: 20m}}}},
  postgres: {storage: {size: 1Gi}, pod: {resources: {requests: {cpu: 20m, memory: 256Mi}}}},
  rabbitmq: {pod: {resources: {requests: {cpu: 20m, memory: 256Mi}, limits: {memory: 512Mi}}}},
  rtmp: {service: {type: ClusterIP}, pod: {resources: {requests: {cpu: 10m}}}}}}`

// rollout is what visitors saw of changes.
type rollout struct {
	Bench    string  `json:"bench"`
	Requests int     `json:"requests"`
	Failed   int     `json:"failed"`
	P50      float64 `json:"p50_ms"`
	P99      float64 `json:"p99_ms"`
	Steps    []step  `json:"steps"`
}

// step is one change: from the request for it until the last pod that it replaced is gone.
type step struct {
	Name     string  `json:"name"`
	Seconds  float64 `json:"seconds"`
	Requests int     `json:"requests"`
	Failed   int     `json:"failed"`
	P50      float64 `json:"p50_ms"`
	P99      float64 `json:"p99_ms"`

	from, until time.Time
}

// change is what a step asks for.
type change struct {
	name string
	do   func(context.Context, *drive.Client, types.NamespacedName) error
}

var rolloutChanges = []change{
	{"quiet", func(ctx context.Context, _ *drive.Client, _ types.NamespacedName) error {
		return drive.Pass(ctx, quiet)
	}},
	{"image update", merged(`{"spec":{"backend":{"image":"docker.io/saneome2/xatube-backend:next"}}}`)},
	{"scale 3 to 6", merged(`{"spec":{"backend":{"replicas":6}}}`)},
	{"scale 6 to 3", scaled(3)},
	{"edge update", merged(`{"spec":{"edge":{"cache":{"api":"3s"}}}}`)},
	{"redis rotation", rotated(naming.Redis)},
	{"rabbitmq rotation", rotated(naming.RabbitMQ)},
	{"postgres rotation", rotated(naming.Postgres)},
	{"operator restart", func(ctx context.Context, kube *drive.Client, _ types.NamespacedName) error {
		operator, err := kube.FindOperator(ctx)
		if err != nil {
			return err
		}
		return operator.Restart(ctx)
	}},
}

// rolling makes changes one after the other while visitors use the platform.
func rolling(ctx context.Context, kube *drive.Client) (result any, err error) {
	platform := types.NamespacedName{Namespace: "bench-rollout", Name: "bench"}
	end, err := start(ctx, kube, platform, rolloutPlatform)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, end()) }()
	visitors, err := kube.StartVisitors(ctx, platform.Namespace, platform.Name+"-"+naming.Edge, rolloutRate)
	if err != nil {
		return nil, kube.Explain(ctx, platform.Namespace, err)
	}
	var steps []step
	for _, c := range rolloutChanges {
		s, err := take(ctx, kube, platform, c)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", c.name, err)
		}
		fmt.Fprintf(os.Stderr, "%s: %.1f s\n", s.Name, s.Seconds)
		steps = append(steps, s)
	}
	seconds, err := enough(ctx, visitors)
	if err != nil {
		return nil, err
	}
	return tally(seconds, steps), nil
}

// start makes a platform in a namespace of its own; end takes both away.
func start(ctx context.Context, kube *drive.Client, platform types.NamespacedName, manifest string) (end func() error, err error) {
	if err := kube.CreateNamespace(ctx, platform.Namespace, nil); err != nil {
		return nil, err
	}
	end = func() error { return kube.DeleteNamespace(context.WithoutCancel(ctx), platform.Namespace) }
	if err := kube.Apply(ctx, platform.Namespace, manifest); err != nil {
		return nil, errors.Join(err, end())
	}
	if err := kube.WaitReady(ctx, platform, readyTimeout); err != nil {
		return nil, errors.Join(err, end())
	}
	return end, nil
}

func take(ctx context.Context, kube *drive.Client, platform types.NamespacedName, c change) (step, error) {
	s := step{Name: c.name, from: time.Now()}
	if err := c.do(ctx, kube, platform); err != nil {
		return s, err
	}
	if err := kube.WaitReady(ctx, platform, stepTimeout); err != nil {
		return s, err
	}
	err := kube.WaitDeparted(ctx, platform, stepTimeout)
	s.until = time.Now()
	s.Seconds = rounded(s.until.Sub(s.from).Seconds(), 1)
	return s, err
}

// enough lets the visitors go on until they have made enough requests.
func enough(ctx context.Context, visitors *drive.Visitors) ([]drive.Second, error) {
	err := drive.Until(ctx, fillTimeout, "requests", func(context.Context) error {
		seconds, err := visitors.Seconds()
		if err != nil {
			return drive.Abort(err)
		}
		if n := requests(seconds); n < rolloutRequests {
			return fmt.Errorf("%d of %d were made", n, rolloutRequests)
		}
		return nil
	})
	seconds, stopErr := visitors.Stop(ctx)
	return seconds, errors.Join(err, stopErr)
}

func requests(seconds []drive.Second) int {
	n := 0
	for _, s := range seconds {
		n += len(s.Milliseconds)
	}
	return n
}

func tally(seconds []drive.Second, steps []step) rollout {
	all := summed("", seconds)
	for i, s := range steps {
		within := summed(s.Name, slices.DeleteFunc(slices.Clone(seconds), func(second drive.Second) bool {
			return second.At.Before(s.from) || second.At.After(s.until.Add(time.Second))
		}))
		within.Seconds = s.Seconds
		steps[i] = within
	}
	return rollout{Bench: "rollout", Requests: all.Requests, Failed: all.Failed, P50: all.P50, P99: all.P99, Steps: steps}
}

func summed(name string, seconds []drive.Second) step {
	var milliseconds []float64
	s := step{Name: name}
	for _, second := range seconds {
		milliseconds = append(milliseconds, second.Milliseconds...)
		s.Failed += len(second.Failures)
		for _, failure := range second.Failures {
			fmt.Fprintf(os.Stderr, "%s %s %s\n", second.At.Format(time.TimeOnly), name, failure)
		}
	}
	slices.Sort(milliseconds)
	s.Requests = len(milliseconds)
	s.P50, s.P99 = percentile(milliseconds, 50), percentile(milliseconds, 99)
	return s
}

// percentile of sorted values; 0 of none.
func percentile(sorted []float64, percent int) float64 {
	if len(sorted) == 0 {
		return 0
	}
	return rounded(sorted[(len(sorted)-1)*percent/100], 1)
}

func merged(patch string) func(context.Context, *drive.Client, types.NamespacedName) error {
	return func(ctx context.Context, kube *drive.Client, platform types.NamespacedName) error {
		return kube.Change(ctx, platform, patch)
	}
}

// rotated asks for a new credential.
func rotated(component string) func(context.Context, *drive.Client, types.NamespacedName) error {
	return func(ctx context.Context, kube *drive.Client, platform types.NamespacedName) error {
		return kube.Rotate(ctx, platform, component, stepTimeout)
	}
}

// scaled asks for a number of backends.
func scaled(replicas int32) func(context.Context, *drive.Client, types.NamespacedName) error {
	return func(ctx context.Context, kube *drive.Client, platform types.NamespacedName) error {
		return kube.Scale(ctx, platform, replicas)
	}
}
