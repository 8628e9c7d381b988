package controller_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component/naming"
	"github.com/xatube/xatube-operator/internal/controller"
)

// otherVersion of the operator renders other pods for the backend and the edge.
const otherVersion = "example.internal"

// settle waits until an operator sends no write any more.
func (o *operator) settle(t *testing.T) {
	t.Helper()
	seen := -1
	NewWithT(t).Eventually(func() bool {
		before := seen
		seen = o.writes.count()
		return seen == before
	}).WithTimeout(within).WithPolling(2*time.Second).Should(BeTrue(), "the operator comes to rest")
}

// revisions that the Deployments of a namespace have.
func revisions(ctx context.Context, ns string) (map[string]string, error) {
	var list appsv1.DeploymentList
	if err := api.List(ctx, &list, client.InNamespace(ns)); err != nil {
		return nil, err
	}
	out := map[string]string{}
	for _, d := range list.Items {
		out[d.Name] = d.Annotations[naming.AnnotationRevision]
	}
	return out, nil
}

// settledPlatforms are so many, each ready in a namespace of its own, whose operator has ended.
func settledPlatforms(t *testing.T, n int) (platforms []*v1alpha1.XaTubeCluster, before []map[string]string) {
	t.Helper()
	withDatabase(t)
	var namespaces []string
	for range n {
		namespaces = append(namespaces, newNamespace(t))
	}
	operator := startOperator(t, namespaces...)
	for _, ns := range namespaces {
		c := platform(t, ns, nil)
		makeReady(t, c)
		platforms = append(platforms, c)
	}
	operator.settle(t)
	operator.stop()
	for _, ns := range namespaces {
		r, err := revisions(t.Context(), ns)
		if err != nil {
			t.Fatal(err)
		}
		before = append(before, r)
	}
	return platforms, before
}

func namespacesOf(platforms []*v1alpha1.XaTubeCluster) []string {
	out := make([]string, len(platforms))
	for i, c := range platforms {
		out[i] = c.Namespace
	}
	return out
}

// changing are the indices of the platforms of whose Deployments some revision is another than before.
func changing(ctx context.Context, platforms []*v1alpha1.XaTubeCluster, before []map[string]string) ([]int, error) {
	var out []int
	for i, c := range platforms {
		now, err := revisions(ctx, c.Namespace)
		if err != nil {
			return nil, err
		}
		if fmt.Sprint(now) != fmt.Sprint(before[i]) {
			out = append(out, i)
		}
	}
	return out, nil
}

func TestAnotherVersionChangesOnePlatformAtATime(t *testing.T) {
	platforms, before := settledPlatforms(t, 2)
	g := NewWithT(t)
	former := startWith(t, controller.Config{Namespaces: namespacesOf(platforms), ClusterDomain: otherVersion, Rollouts: 1})
	first := -1
	eventually(g, func() error {
		changed, err := changing(t.Context(), platforms, before)
		if err == nil && len(changed) != 1 {
			err = fmt.Errorf("%d platforms change", len(changed))
		}
		if err == nil {
			first = changed[0]
		}
		return err
	}).Should(Succeed())
	waiting, unchanged := platforms[1-first], before[1-first]
	eventually(g, condition(t.Context(), waiting, v1alpha1.ConditionReconciling)).Should(HaveField("Reason", v1alpha1.ReasonQueued))
	g.Expect(condition(t.Context(), waiting, v1alpha1.ConditionReconciling)().Message).To(And(ContainSubstring("backend"), ContainSubstring("edge")))
	g.Expect(condition(t.Context(), waiting, v1alpha1.ConditionReady)()).To(HaveField("Status", metav1.ConditionTrue))
	eventually(g, condition(t.Context(), platforms[first], v1alpha1.ConditionReconciling)).Should(HaveField("Reason", v1alpha1.ReasonOperatorUpdate))

	// The one that waits is scaled and repaired, with the pods that it has.
	update(t, waiting, func() { waiting.Spec.Backend.Replicas = ptr.To[int32](4) })
	backend, edge := &appsv1.Deployment{}, &appsv1.Deployment{}
	eventually(g, func() int32 {
		_ = exists(t.Context(), backend, waiting.Namespace, "demo-backend")()
		return ptr.Deref(backend.Spec.Replicas, 0)
	}).Should(Equal(int32(4)))
	g.Expect(exists(t.Context(), edge, waiting.Namespace, "demo-edge")()).To(Succeed())
	image, edited := edge.Spec.Template.Spec.Containers[0].Image, edge.DeepCopy()
	edited.Spec.Template.Spec.Containers[0].Image = "example.com/other:1"
	g.Expect(api.Patch(t.Context(), edited, client.MergeFrom(edge))).To(Succeed())
	eventually(g, func() string {
		_ = exists(t.Context(), edge, waiting.Namespace, "demo-edge")()
		return edge.Spec.Template.Spec.Containers[0].Image
	}).Should(Equal(image))
	g.Expect(revisions(t.Context(), waiting.Namespace)).To(Equal(unchanged))

	// A successor of the operator knows whose turn it is.
	former.settle(t)
	former.stop()
	startWith(t, controller.Config{Namespaces: namespacesOf(platforms), ClusterDomain: otherVersion, Rollouts: 1})
	g.Expect(readyWorkloads(t.Context(), waiting.Namespace)).To(Succeed())
	g.Consistently(func() (map[string]string, error) { return revisions(t.Context(), waiting.Namespace) }).
		WithTimeout(5 * time.Second).Should(Equal(unchanged))

	rollOn(t, platforms[first])
	eventually(g, func() error {
		changed, err := changing(t.Context(), platforms, before)
		if err == nil && len(changed) != 2 {
			err = errors.New("the second platform does not change")
		}
		return err
	}).Should(Succeed())
	rollOn(t, waiting)
	for _, c := range platforms {
		eventually(g, func() *metav1.Condition {
			_ = readyWorkloads(t.Context(), c.Namespace)
			return condition(t.Context(), c, v1alpha1.ConditionReconciling)()
		}).Should(HaveField("Status", metav1.ConditionFalse))
	}
}

func TestAChangeOfTheUserIsNotQueued(t *testing.T) {
	platforms, before := settledPlatforms(t, 2)
	g := NewWithT(t)
	startWith(t, controller.Config{Namespaces: namespacesOf(platforms), ClusterDomain: otherVersion, Rollouts: 1})
	var waiting *v1alpha1.XaTubeCluster
	eventually(g, func() *v1alpha1.XaTubeCluster {
		for _, c := range platforms {
			if r := condition(t.Context(), c, v1alpha1.ConditionReconciling)(); r != nil && r.Reason == v1alpha1.ReasonQueued {
				waiting = c
			}
		}
		return waiting
	}).ShouldNot(BeNil())
	update(t, waiting, func() { waiting.Spec.Frontend.Image = "example.com/frontend:2" })
	eventually(g, func() (string, error) {
		frontend := &appsv1.Deployment{}
		err := exists(t.Context(), frontend, waiting.Namespace, "demo-frontend")()
		if err != nil {
			return "", err
		}
		return frontend.Spec.Template.Spec.Containers[0].Image, nil
	}).Should(Equal("example.com/frontend:2"))
	eventually(g, func() ([]int, error) { return changing(t.Context(), platforms, before) }).Should(HaveLen(2))
	eventually(g, condition(t.Context(), waiting, v1alpha1.ConditionReconciling)).ShouldNot(HaveField("Reason", v1alpha1.ReasonQueued))
}

func TestADeletedPlatformGivesItsTurnUp(t *testing.T) {
	platforms, before := settledPlatforms(t, 2)
	g := NewWithT(t)
	startWith(t, controller.Config{Namespaces: namespacesOf(platforms), ClusterDomain: otherVersion, Rollouts: 1})
	var changed []int
	eventually(g, func() ([]int, error) {
		var err error
		changed, err = changing(t.Context(), platforms, before)
		return changed, err
	}).Should(HaveLen(1))
	eventually(g, condition(t.Context(), platforms[1-changed[0]], v1alpha1.ConditionReconciling)).Should(HaveField("Reason", v1alpha1.ReasonQueued))
	g.Expect(api.Delete(t.Context(), platforms[changed[0]])).To(Succeed())
	eventually(g, condition(t.Context(), platforms[1-changed[0]], v1alpha1.ConditionReconciling)).Should(HaveField("Reason", v1alpha1.ReasonOperatorUpdate))
}

// rollOn plays the controllers of Kubernetes until a platform is ready again.
func rollOn(t *testing.T, c *v1alpha1.XaTubeCluster) {
	t.Helper()
	NewWithT(t).Eventually(func(g Gomega, ctx context.Context) {
		g.Expect(readyWorkloads(ctx, c.Namespace)).To(Succeed())
		g.Expect(condition(ctx, c, v1alpha1.ConditionReconciling)()).NotTo(HaveField("Reason", v1alpha1.ReasonOperatorUpdate))
		g.Expect(condition(ctx, c, v1alpha1.ConditionReady)()).To(HaveField("Status", metav1.ConditionTrue))
	}).WithContext(t.Context()).WithTimeout(within).Should(Succeed())
}
