package main

import (
	"strings"
	"testing"

	cnpgv1 "github.com/cloudnative-pg/api/pkg/api/v1"
	"sigs.k8s.io/yaml"

	"github.com/xatube/xatube-operator/api/v1alpha1"
)

// TestManifests reads the manifests of both sides as their types have them: a misspelt field would be dropped.
func TestManifests(t *testing.T) {
	for _, l := range []layout{{class: "standard"}, {class: "local", node: "node-1"}} {
		for name, test := range map[string]struct {
			manifest string
			into     any
		}{
			"managed":  {l.managed(3), &v1alpha1.XaTubeCluster{}},
			"pooled":   {l.managedPooled(3), &v1alpha1.XaTubeCluster{}},
			"external": {l.external(), &v1alpha1.XaTubeCluster{}},
			"alone":    {l.alone(3), &cnpgv1.Cluster{}},
			"first":    {l.alone(1), &cnpgv1.Cluster{}},
		} {
			if err := yaml.UnmarshalStrict([]byte(test.manifest), test.into); err != nil {
				t.Errorf("%s on %q: %v", name, l.node, err)
			}
			if strings.Contains(test.manifest, "$") {
				t.Errorf("%s on %q has a place that is not filled: %s", name, l.node, test.manifest)
			}
		}
	}
}

func TestManagedIsPlaced(t *testing.T) {
	x := &v1alpha1.XaTubeCluster{}
	if err := yaml.UnmarshalStrict([]byte(layout{class: "local", node: "node-1"}.managed(3)), x); err != nil {
		t.Fatal(err)
	}
	if got := x.Spec.Backend.Pod.NodeSelector["kubernetes.io/hostname"]; got != "node-1" {
		t.Errorf("the backends are on %q", got)
	}
	if selector := x.Spec.Postgres.Pod.NodeSelector; selector != nil {
		t.Errorf("the instances are on %v, want both nodes", selector)
	}
}
