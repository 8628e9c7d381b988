package edge_test

import (
	"encoding/json"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	appsv1ac "k8s.io/client-go/applyconfigurations/apps/v1"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component"
	"github.com/xatube/xatube-operator/internal/component/edge"
)

// renderedPods are the pods of the edge as the API server keeps them.
func renderedPods(t *testing.T, in component.Input) *appsv1.Deployment {
	t.Helper()
	objects, err := edge.New().Render(in)
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range objects {
		d, found := o.(*appsv1ac.DeploymentApplyConfiguration)
		if !found {
			continue
		}
		text, err := json.Marshal(d)
		if err != nil {
			t.Fatal(err)
		}
		out := &appsv1.Deployment{}
		if err := json.Unmarshal(text, out); err != nil {
			t.Fatal(err)
		}
		return out
	}
	t.Fatal("there is no Deployment")
	return nil
}

func exporterImage(d *appsv1.Deployment) string {
	for _, c := range d.Spec.Template.Spec.InitContainers {
		if c.Name == "exporter" && *c.RestartPolicy == corev1.ContainerRestartPolicyAlways {
			return c.Image
		}
	}
	return ""
}

// TestANewOperatorReplacesNoPods: the exporter comes in the operator's image, and a roll costs WebSockets.
func TestANewOperatorReplacesNoPods(t *testing.T) {
	const former, present = "ghcr.io/xatube/xatube-operator:0.0.9", "ghcr.io/xatube/xatube-operator:0.1.0"
	for _, tt := range []struct {
		name   string
		change func(*component.Input)
		want   string
	}{
		{"nothing else differs", func(*component.Input) {}, former},
		{"the pods are replaced anyway", func(in *component.Input) { in.Cluster.Spec.Edge.Cache.API = "3s" }, present},
		{"the user chose an image", func(in *component.Input) {
			in.Cluster.Spec.Edge.Exporter = &v1alpha1.ExporterSpec{Image: "example.com/exporter:1"}
		}, "example.com/exporter:1"},
		{"there are no pods", func(in *component.Input) { in.Facts.Deployments = nil }, present},
	} {
		t.Run(tt.name, func(t *testing.T) {
			in := input(t, "testdata/default")
			in.Options.Image = former
			live := renderedPods(t, in)
			in.Options.Image = present
			in.Facts.Deployments = map[string]*appsv1.Deployment{live.Name: live}
			tt.change(&in)
			if got := exporterImage(renderedPods(t, in)); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// TestNobodyIsToldWhereNobodyAsks: without monitoring there is no exporter, and nginx writes no line for it.
func TestNobodyIsToldWhereNobodyAsks(t *testing.T) {
	in := input(t, "testdata/default")
	in.Cluster.Spec.Monitoring.Mode = v1alpha1.MonitoringDisabled
	if got := renderedPods(t, in).Spec.Template; len(got.Spec.InitContainers) != 1 || len(got.Spec.Containers) != 1 {
		t.Errorf("got %d and %d containers", len(got.Spec.InitContainers), len(got.Spec.Containers))
	}
	objects, err := edge.New().Render(in)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(configMap(t, objects)["nginx.conf"], "requests.log") {
		t.Error("nginx writes lines that nobody reads")
	}
}
