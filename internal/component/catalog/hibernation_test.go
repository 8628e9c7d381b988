package catalog_test

import (
	"maps"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/apply"
	"github.com/xatube/xatube-operator/internal/component"
	"github.com/xatube/xatube-operator/internal/component/catalog"
	"github.com/xatube/xatube-operator/internal/golden"
	"github.com/xatube/xatube-operator/internal/observe"
)

// platform is a large one in which everything that needs a credential has it.
func platform(t *testing.T) component.Input {
	t.Helper()
	in := golden.Input(t, filepath.Join("testdata", "in.yaml"), catalog.Components()[0])
	in.Facts.APIs = map[schema.GroupVersionKind]bool{
		observe.ServiceMonitor: true, observe.PodMonitor: true, observe.PrometheusRule: true, observe.Prometheus: true,
	}
	in.Facts.Secrets["demo-postgres-app"] = &corev1.Secret{Data: map[string][]byte{"uri": []byte("postgresql://u:p@db:5432/xatube")}}
	for _, c := range catalog.Components() {
		maps.Copy(in.Facts.Secrets, golden.Input(t, filepath.Join("testdata", "in.yaml"), c).Facts.Secrets)
	}
	return in
}

func render(t *testing.T, in component.Input) map[string]*unstructured.Unstructured {
	t.Helper()
	out := map[string]*unstructured.Unstructured{}
	for _, c := range catalog.Components() {
		objects, err := c.Render(in)
		if err != nil {
			t.Fatalf("%s: %v", c.Name(), err)
		}
		for _, o := range objects {
			u, err := apply.Object(o)
			if err != nil {
				t.Fatal(err)
			}
			out[u.GetKind()+" "+u.GetName()] = u
		}
	}
	return out
}

// TestAHibernatedPlatformDiffersInItsNumbersOnly: nothing runs, no pod template differs, so that nothing is rolled by
// hibernation itself, and what holds data is still wanted.
func TestAHibernatedPlatformDiffersInItsNumbersOnly(t *testing.T) {
	in := platform(t)
	running := render(t, in)
	in.Cluster.Spec.PowerState = v1alpha1.PowerHibernated
	asleep := render(t, in)
	for name, was := range running {
		is := asleep[name]
		switch was.GetKind() {
		case "Deployment", "StatefulSet", "Prometheus":
			standsStill(t, was, is, "replicas")
		case "Cluster":
			if got := is.GetAnnotations()["cnpg.io/hibernation"]; got != "on" {
				t.Errorf("%s: hibernation is %q", name, got)
			}
			is.SetAnnotations(was.GetAnnotations())
		case "Kibana":
			standsStill(t, was, is, "count")
		case "PodDisruptionBudget", "Job", "DaemonSet":
			if is != nil {
				t.Errorf("%s is wanted while nothing runs", name)
			}
			continue
		}
		if is == nil {
			t.Errorf("%s is gone", name)
			continue
		}
		if diff := cmp.Diff(was.Object, is.Object); diff != "" {
			t.Errorf("%s differs:\n%s", name, diff)
		}
	}
	if len(running) < 25 {
		t.Errorf("only %d objects were compared", len(running))
	}
}

// standsStill takes the number of pods out of an object, which is none while nothing runs.
func standsStill(t *testing.T, was, is *unstructured.Unstructured, field string) {
	t.Helper()
	if n, found, _ := unstructured.NestedInt64(is.Object, "spec", field); !found || n != 0 {
		t.Errorf("%s %s has %d replicas", is.GetKind(), is.GetName(), n)
	}
	unstructured.RemoveNestedField(was.Object, "spec", field)
	unstructured.RemoveNestedField(is.Object, "spec", field)
}
