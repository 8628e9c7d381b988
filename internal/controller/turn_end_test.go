package controller_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/controller"
	"github.com/xatube/xatube-operator/internal/turn"
)

// clock runs as time does, and can be put forward.
type clock struct{ ahead atomic.Int64 }

func (c *clock) now() time.Time { return time.Now().Add(time.Duration(c.ahead.Load())) }

func (c *clock) advance(d time.Duration) { c.ahead.Add(int64(d)) }

// neverRest breaks the brokers of platforms for good: none has a ready pod.
func neverRest(t *testing.T, platforms []*v1alpha1.XaTubeCluster) {
	t.Helper()
	operator := startOperator(t, namespacesOf(platforms)...)
	for _, c := range platforms {
		broker := &appsv1.StatefulSet{}
		if err := exists(t.Context(), broker, c.Namespace, "demo-rabbitmq")(); err != nil {
			t.Fatal(err)
		}
		report(t, broker, func() { broker.Status.ReadyReplicas, broker.Status.AvailableReplicas = 0, 0 })
		eventually(NewWithT(t), condition(t.Context(), c, v1alpha1.ConditionBrokerReady)).Should(HaveField("Status", metav1.ConditionFalse))
	}
	operator.stop()
}

// rolled plays the controllers of what another version changes, but for the broker.
func rolled(ctx context.Context, ns string) error {
	var deployments appsv1.DeploymentList
	if err := api.List(ctx, &deployments, client.InNamespace(ns)); err != nil {
		return err
	}
	for i := range deployments.Items {
		d := &deployments.Items[i]
		n := *d.Spec.Replicas
		d.Status = appsv1.DeploymentStatus{ObservedGeneration: d.Generation, Replicas: n, UpdatedReplicas: n, ReadyReplicas: n, AvailableReplicas: n}
		if err := api.Status().Update(ctx, d); err != nil {
			return err
		}
	}
	ingest := &appsv1.StatefulSet{}
	if err := exists(ctx, ingest, ns, "demo-rtmp")(); err != nil {
		return err
	}
	ingest.Status.ObservedGeneration = ingest.Generation
	return api.Status().Update(ctx, ingest)
}

// A9: a platform that never rests holds the turn no longer than what it rolled takes, nor does a restarted operator let it.
func TestABrokenPlatformDoesNotHoldTheTurn(t *testing.T) {
	platforms, before := settledPlatforms(t, 2)
	neverRest(t, platforms)
	g := NewWithT(t)
	another := controller.Config{Namespaces: namespacesOf(platforms), ClusterDomain: otherVersion, Rollouts: 1}
	former := startWith(t, another)
	var first int
	eventually(g, func(g Gomega) {
		changed, err := changing(t.Context(), platforms, before)
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(changed).To(HaveLen(1))
		first = changed[0]
	}).Should(Succeed())
	eventually(g, condition(t.Context(), platforms[1-first], v1alpha1.ConditionReconciling)).Should(HaveField("Reason", v1alpha1.ReasonQueued))
	eventually(g, condition(t.Context(), platforms[first], v1alpha1.ConditionReconciling)).Should(HaveField("Reason", v1alpha1.ReasonOperatorUpdate))
	former.settle(t)
	former.stop()

	startWith(t, another)
	g.Consistently(func() ([]int, error) { return changing(t.Context(), platforms, before) }).
		WithTimeout(3*time.Second).Should(HaveLen(1), "the edge and the backend are being replaced")
	eventually(g, func() ([]int, error) {
		if err := rolled(t.Context(), platforms[first].Namespace); err != nil {
			return nil, err
		}
		return changing(t.Context(), platforms, before)
	}).Should(HaveLen(2))
	g.Expect(condition(t.Context(), platforms[first], v1alpha1.ConditionReady)()).To(HaveField("Status", metav1.ConditionFalse))
}

// A9: a platform whose new pods never become ready has its turn until the deadline, counted from its beginning by whichever
// operator runs.
func TestATurnEndsAtItsDeadline(t *testing.T) {
	platforms, before := settledPlatforms(t, 2)
	g := NewWithT(t)
	var c clock
	another := controller.Config{Namespaces: namespacesOf(platforms), ClusterDomain: otherVersion, Rollouts: 1, Now: c.now}
	changed := func(ctx context.Context) ([]int, error) { return changing(ctx, platforms, before) }
	former := startWith(t, another)
	eventually(g, changed).WithContext(t.Context()).Should(HaveLen(1))
	former.settle(t)
	c.advance(turn.Deadline - time.Minute)
	former.stop()

	startWith(t, another)
	poke := func(value string) {
		for _, p := range platforms {
			update(t, p, func() { p.Annotations = map[string]string{"example.com/poke": value} })
		}
	}
	poke("early")
	g.Consistently(changed).WithContext(t.Context()).WithTimeout(3 * time.Second).Should(HaveLen(1))
	c.advance(time.Minute)
	poke("late")
	eventually(g, changed).WithContext(t.Context()).Should(HaveLen(2))
}
