package rtmp

import (
	"path/filepath"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component"
	"github.com/xatube/xatube-operator/internal/component/naming"
	"github.com/xatube/xatube-operator/internal/golden"
)

// runningImage renders the gate's image beside pods that were made with another version of the operator.
func runningImage(t *testing.T, change func(*component.Input)) string {
	t.Helper()
	in := golden.Input(t, filepath.Join("testdata", "minimal", "in.yaml"), New())
	in.Options.Image = "ghcr.io/xatube/xatube-operator:0.0.9"
	live := &appsv1.StatefulSet{}
	live.Spec.Template.Annotations = map[string]string{naming.AnnotationPods: ofGate(t, in).annotation}
	live.Spec.Template.Spec.InitContainers = []corev1.Container{{Name: gateName, Image: in.Options.Image}}
	in.Facts.StatefulSets = map[string]*appsv1.StatefulSet{"demo-rtmp": live}
	in.Options.Image = "ghcr.io/xatube/xatube-operator:0.1.0"
	change(&in)
	return ofGate(t, in).image
}

type rendered struct{ image, annotation string }

func ofGate(t *testing.T, in component.Input) rendered {
	t.Helper()
	f, err := files(in)
	if err != nil {
		t.Fatal(err)
	}
	set, err := statefulSet(in, f, recordings{})
	if err != nil {
		t.Fatal(err)
	}
	out := rendered{annotation: set.Spec.Template.Annotations[naming.AnnotationPods]}
	for _, c := range set.Spec.Template.Spec.InitContainers {
		if *c.Name == gateName {
			out.image = *c.Image
		}
	}
	return out
}

// TestANewOperatorReplacesNoPods: a roll costs the publishers of a pod.
func TestANewOperatorReplacesNoPods(t *testing.T) {
	const former, present = "ghcr.io/xatube/xatube-operator:0.0.9", "ghcr.io/xatube/xatube-operator:0.1.0"
	for _, tt := range []struct {
		name   string
		change func(*component.Input)
		want   string
	}{
		{"nothing else differs", func(*component.Input) {}, former},
		{"the pods are replaced anyway", func(in *component.Input) { in.Cluster.Spec.RTMP.DrainTimeout = "2h" }, present},
		{"the user chose an image", func(in *component.Input) {
			in.Cluster.Spec.RTMP.Exporter = &v1alpha1.ExporterImage{Image: "example.com/exporter:1"}
		}, "example.com/exporter:1"},
		{"there are no pods", func(in *component.Input) { in.Facts.StatefulSets = nil }, present},
		{"the platform is not monitored", func(in *component.Input) { in.Cluster.Spec.Monitoring.Mode = v1alpha1.MonitoringDisabled }, former},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := runningImage(t, tt.change); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}
