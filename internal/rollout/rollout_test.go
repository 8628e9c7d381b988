package rollout

import (
	"encoding/json"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component"
	"github.com/xatube/xatube-operator/internal/component/naming"
	"github.com/xatube/xatube-operator/internal/observe"
)

func input() component.Input {
	c := &v1alpha1.XaTubeCluster{}
	c.Name, c.Namespace = "demo", "default"
	return component.Input{Cluster: c, Facts: observe.Facts{
		Revisions: map[string]*appsv1.ControllerRevision{},
		Jobs:      map[string]*batchv1.Job{},
	}}
}

func object(kind, name string) *unstructured.Unstructured {
	u := &unstructured.Unstructured{}
	u.SetAPIVersion("v1")
	u.SetKind(kind)
	u.SetName(name)
	return u
}

func deployment(image string, replicas int64) *unstructured.Unstructured {
	u := object("Deployment", "demo-backend")
	u.SetAPIVersion("apps/v1")
	u.Object["spec"] = map[string]any{"replicas": replicas, "template": map[string]any{
		"spec": map[string]any{"containers": []any{map[string]any{"name": "backend", "image": image}}},
	}}
	return u
}

func image(t *testing.T, out []*unstructured.Unstructured) string {
	t.Helper()
	for _, o := range out {
		if o.GetKind() == "Deployment" {
			containers, _, _ := unstructured.NestedSlice(o.Object, "spec", "template", "spec", "containers")
			return containers[0].(map[string]any)["image"].(string)
		}
	}
	return ""
}

// record keeps what an open gate let out as the facts of the next pass.
func record(t *testing.T, in component.Input, out []*unstructured.Unstructured) *appsv1.ControllerRevision {
	t.Helper()
	for _, o := range out {
		if o.GetKind() != "ControllerRevision" {
			continue
		}
		raw, err := json.Marshal(o.Object["data"])
		if err != nil {
			t.Fatal(err)
		}
		n, _, _ := unstructured.NestedInt64(o.Object, "revision")
		r := &appsv1.ControllerRevision{Data: runtime.RawExtension{Raw: raw}, Revision: n}
		r.Name, r.Labels, r.Annotations = o.GetName(), o.GetLabels(), o.GetAnnotations()
		in.Facts.Revisions[r.Name] = r
		return r
	}
	t.Fatalf("no revision in %v", out)
	return nil
}

func pass(t *testing.T, in component.Input, open bool, objects ...*unstructured.Unstructured) ([]*unstructured.Unstructured, bool) {
	t.Helper()
	p, err := Pass(in, naming.Backend, Gate{Open: open}, objects)
	if err != nil {
		t.Fatal(err)
	}
	return p.Objects, p.Shown != nil
}

func TestAClosedGateHoldsTheFirstWorkloadButNotItsService(t *testing.T) {
	out, held := pass(t, input(), false, object("Service", "s"), deployment("a", 3), object("Job", "j"))
	if len(out) != 1 || out[0].GetKind() != "Service" || !held {
		t.Errorf("got %v, held %v", out, held)
	}
}

func TestAClosedGateKeepsTheAcceptedWorkloadAtTheWantedReplicas(t *testing.T) {
	in := input()
	out, _ := pass(t, in, true, deployment("a", 3))
	first := record(t, in, out)

	out, held := pass(t, in, false, deployment("b", 5))
	if len(out) != 2 || !held {
		t.Fatalf("got %v, held %v", out, held)
	}
	if out[0].GetName() != first.Name {
		t.Errorf("the accepted revision %s would be pruned: %v", first.Name, out[0])
	}
	replicas, _, _ := unstructured.NestedInt64(out[1].Object, "spec", "replicas")
	if image := image(t, out); image != "a" || replicas != 5 {
		t.Errorf("got image %s with %d replicas, want a with 5", image, replicas)
	}
}

// still is a platform whose backends stand at a number of replicas, while its database accepts no writes.
func still(n int32) component.Input {
	in := input()
	in.Facts.Deployments = map[string]*appsv1.Deployment{"demo-backend": {Spec: appsv1.DeploymentSpec{Replicas: &n}}}
	return in
}

func TestBackendsThatStandStillWaitForTheDatabase(t *testing.T) {
	if gate := Gates(still(3))[naming.Backend]; gate.Still {
		t.Errorf("backends that run are held: %+v", gate)
	}
	in := still(0)
	out, _ := pass(t, in, true, deployment("a", 3))
	record(t, in, out)
	gate := Gates(in)[naming.Backend]
	if !gate.Still || gate.Open || gate.Message == "" {
		t.Fatalf("got %+v", gate)
	}
	passage, err := Pass(in, naming.Backend, gate, []*unstructured.Unstructured{deployment("a", 3)})
	if err != nil || passage.Shown == nil {
		t.Fatalf("shown %v, %v", passage.Shown, err)
	}
	if n, found, _ := unstructured.NestedInt64(passage.Objects[1].Object, "spec", "replicas"); !found || n != 0 {
		t.Errorf("started with %d replicas", n)
	}
}

func TestAHibernatedPlatformWaitsForNothingAndAcceptsNothing(t *testing.T) {
	in := input()
	out, _ := pass(t, in, true, deployment("a", 3))
	record(t, in, out)
	in.Cluster.Spec.PowerState = v1alpha1.PowerHibernated
	out, held := pass(t, in, false, deployment("b", 0))
	if held {
		t.Error("it is said to wait")
	}
	if image := image(t, out); image != "a" {
		t.Errorf("image %s, which no migration has prepared for, is accepted", image)
	}
}

func TestRevisionsCountUpAndScalingIsNone(t *testing.T) {
	in := input()
	out, _ := pass(t, in, true, deployment("a", 3))
	first := record(t, in, out)
	out, _ = pass(t, in, true, deployment("a", 6))
	if scaled := record(t, in, out); scaled.Name != first.Name || scaled.Revision != 1 {
		t.Errorf("scaling made revision %s", scaled.Name)
	}
	out, _ = pass(t, in, true, deployment("b", 6))
	if second := record(t, in, out); second.Name == first.Name || second.Revision != 2 {
		t.Errorf("got revision %s number %d, want a new one with number 2", second.Name, second.Revision)
	}
}

func TestAJobThatExistsPassesAClosedGate(t *testing.T) {
	in := input()
	in.Facts.Jobs["j"] = &batchv1.Job{}
	if out, held := pass(t, in, false, object("Job", "j")); len(out) != 1 || held {
		t.Errorf("got %v, held %v", out, held)
	}
}

func TestARevisionOfTheDatabaseIsItsSpecWithoutTheNumberOfInstances(t *testing.T) {
	in := input()
	database := func(image string, n int64) *unstructured.Unstructured {
		u := object("Cluster", "demo-postgres")
		u.SetAPIVersion("postgresql.cnpg.io/v1")
		u.Object["spec"] = map[string]any{"instances": n, "imageName": image}
		return u
	}
	let := func(pass func(component.Input, string, []*unstructured.Unstructured) (Passage, error), image string, n int64) Passage {
		t.Helper()
		p, err := pass(in, naming.Postgres, []*unstructured.Unstructured{database(image, n)})
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	open := func(in component.Input, name string, objects []*unstructured.Unstructured) (Passage, error) {
		return Pass(in, name, Gate{Open: true}, objects)
	}
	record(t, in, let(open, "a", 3).Objects)
	if let(open, "a", 5).Rolls || !let(open, "b", 3).Rolls {
		t.Error("instances roll, or an image does not")
	}
	out := let(Wait, "b", 5).Objects[1]
	image, _, _ := unstructured.NestedString(out.Object, "spec", "imageName")
	n, _, _ := unstructured.NestedInt64(out.Object, "spec", "instances")
	if image != "a" || n != 5 {
		t.Errorf("image %s with %d instances goes out, want a with 5", image, n)
	}
}

func TestRevisionsOfAStatefulSetsOwnControllerAreNotOurs(t *testing.T) {
	in := input()
	foreign := &appsv1.ControllerRevision{Revision: 7}
	foreign.Name, foreign.Labels = "demo-redis-5d9", naming.Labels(in.Cluster, naming.Redis)
	foreign.OwnerReferences = []metav1.OwnerReference{{Kind: "StatefulSet", Name: "demo-redis", Controller: new(true)}}
	in.Facts.Revisions[foreign.Name] = foreign
	set := deployment("a", 1)
	set.SetKind("StatefulSet")
	set.SetName("demo-redis")
	p, err := Pass(in, naming.Redis, Gate{Open: true}, []*unstructured.Unstructured{set})
	if err != nil || p.Rolls {
		t.Fatalf("the first revision rolls: %v", err)
	}
	if r := record(t, in, p.Objects); r.Revision != 1 {
		t.Errorf("the first revision has number %d", r.Revision)
	}
}
