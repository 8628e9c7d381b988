package catalog_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/xatube/xatube-operator/api/v1alpha1"
)

// TestScalingReplacesNoPod: whatever the number of pods, each of them runs the same. A template that knew the number
// would have all pods replaced when one comes or goes. A5.
func TestScalingReplacesNoPod(t *testing.T) {
	for name, tt := range map[string]struct {
		scale   func(*v1alpha1.XaTubeClusterSpec, int32)
		numbers []int32
	}{
		"edge":     {func(s *v1alpha1.XaTubeClusterSpec, n int32) { s.Edge.Replicas = n }, []int32{1, 2, 7, 50}},
		"backend":  {func(s *v1alpha1.XaTubeClusterSpec, n int32) { s.Backend.Replicas = &n }, []int32{0, 1, 2, 30}},
		"frontend": {func(s *v1alpha1.XaTubeClusterSpec, n int32) { s.Frontend.Replicas = n }, []int32{1, 2, 20}},
		"rtmp":     {func(s *v1alpha1.XaTubeClusterSpec, n int32) { s.RTMP.Replicas = n }, []int32{1, 2, 20}},
	} {
		t.Run(name, func(t *testing.T) {
			in := platform(t)
			in.Cluster.Spec.Backend.Autoscaling = nil
			var first map[string]any
			for _, n := range tt.numbers {
				tt.scale(&in.Cluster.Spec, n)
				run := whatPodsRun(t, render(t, in))
				if first == nil {
					first = run
				}
				if diff := cmp.Diff(first, run); diff != "" {
					t.Errorf("pods differ between %d and %d of %s (-former +latter):\n%s", tt.numbers[0], n, name, diff)
				}
			}
		})
	}
}

// whatPodsRun is every pod template, and all configuration that pods read. The database is left out: its limit of
// connections grows with the backends, by doubling.
func whatPodsRun(t *testing.T, objects map[string]*unstructured.Unstructured) map[string]any {
	t.Helper()
	out := map[string]any{}
	for name, o := range objects {
		switch o.GetKind() {
		case "Deployment", "StatefulSet", "DaemonSet":
			template, found, err := unstructured.NestedMap(o.Object, "spec", "template")
			if err != nil || !found {
				t.Fatalf("%s has no template: %v", name, err)
			}
			out[name] = template
		case "ConfigMap":
			out[name] = o.Object["data"]
		}
	}
	if len(out) < 8 {
		t.Fatalf("only %d objects with pods or configuration", len(out))
	}
	return out
}
