package inventory

import (
	"slices"
	"testing"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/xatube/xatube-operator/api/v1alpha1"
)

func ref(api, kind, name string) v1alpha1.ObjectRef {
	return v1alpha1.ObjectRef{APIVersion: api, Kind: kind, Name: name}
}

func TestUnionHoldsEachEntryOnce(t *testing.T) {
	a := []v1alpha1.ObjectRef{ref("v1", "Service", "b"), ref("apps/v1", "Deployment", "a")}
	b := []v1alpha1.ObjectRef{ref("v1", "Service", "b"), ref("v1", "ConfigMap", "c")}
	want := []v1alpha1.ObjectRef{ref("apps/v1", "Deployment", "a"), ref("v1", "ConfigMap", "c"), ref("v1", "Service", "b")}
	if got := Union(a, b); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if len(a) != 2 || a[0].Name != "b" {
		t.Errorf("Union changed its argument: %v", a)
	}
}

func TestDiff(t *testing.T) {
	tests := []struct {
		name    string
		a, b    []v1alpha1.ObjectRef
		dropped []v1alpha1.ObjectRef
	}{
		{"same", []v1alpha1.ObjectRef{ref("v1", "Service", "a")}, []v1alpha1.ObjectRef{ref("v1", "Service", "a")}, nil},
		{"gone", []v1alpha1.ObjectRef{ref("v1", "Service", "a")}, nil, []v1alpha1.ObjectRef{ref("v1", "Service", "a")}},
		{"new version of the same API", []v1alpha1.ObjectRef{ref("g.io/v1beta1", "Route", "a")}, []v1alpha1.ObjectRef{ref("g.io/v1", "Route", "a")}, nil},
		{"same name, other group", []v1alpha1.ObjectRef{ref("a.io/v1", "Route", "a")}, []v1alpha1.ObjectRef{ref("b.io/v1", "Route", "a")}, []v1alpha1.ObjectRef{ref("a.io/v1", "Route", "a")}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := Diff(tt.a, tt.b); !slices.Equal(got, tt.dropped) {
				t.Errorf("got %v, want %v", got, tt.dropped)
			}
		})
	}
}

func TestHoldsData(t *testing.T) {
	for gk, want := range map[schema.GroupKind]bool{
		{Kind: "Secret"}:                               true,
		{Kind: "PersistentVolumeClaim"}:                true,
		{Group: "postgresql.cnpg.io", Kind: "Cluster"}: true,
		{Group: "cluster.x-k8s.io", Kind: "Cluster"}:   false,
		{Kind: "ConfigMap"}:                            false,
		{Group: "apps", Kind: "StatefulSet"}:           false,
	} {
		if got := HoldsData(gk); got != want {
			t.Errorf("HoldsData(%v) = %v", gk, got)
		}
	}
}
