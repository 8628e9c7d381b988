// Package inventory keeps account of the objects that the operator has made for a resource.
package inventory

import (
	"cmp"
	"slices"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/xatube/xatube-operator/api/v1alpha1"
)

// Of is the inventory entry of an object.
func Of(gvk schema.GroupVersionKind, name string) v1alpha1.ObjectRef {
	return v1alpha1.ObjectRef{APIVersion: gvk.GroupVersion().String(), Kind: gvk.Kind, Name: name}
}

// GVK is the kind that an entry names.
func GVK(r v1alpha1.ObjectRef) schema.GroupVersionKind {
	return schema.FromAPIVersionAndKind(r.APIVersion, r.Kind)
}

// Union holds the entries of both, each once, sorted.
func Union(a, b []v1alpha1.ObjectRef) []v1alpha1.ObjectRef {
	all := slices.Concat(a, b)
	slices.SortFunc(all, compare)
	return slices.Compact(all)
}

// Diff holds the entries of a that are not in b. The version of an API does not count: after an upgrade the same
// object is served under another one.
func Diff(a, b []v1alpha1.ObjectRef) []v1alpha1.ObjectRef {
	known := make(map[v1alpha1.ObjectRef]bool, len(b))
	for _, r := range b {
		known[withoutVersion(r)] = true
	}
	var out []v1alpha1.ObjectRef
	for _, r := range a {
		if !known[withoutVersion(r)] {
			out = append(out, r)
		}
	}
	return out
}

func withoutVersion(r v1alpha1.ObjectRef) v1alpha1.ObjectRef {
	r.APIVersion = GVK(r).Group
	return r
}

func compare(a, b v1alpha1.ObjectRef) int {
	return cmp.Or(
		cmp.Compare(a.APIVersion, b.APIVersion),
		cmp.Compare(a.Kind, b.Kind),
		cmp.Compare(a.Name, b.Name),
	)
}

// holdsData are the kinds that pruning and deletion policy Retain never touch.
var holdsData = map[schema.GroupKind]bool{
	{Kind: "Secret"}:                               true,
	{Kind: "PersistentVolumeClaim"}:                true,
	{Group: "postgresql.cnpg.io", Kind: "Cluster"}: true,
	// Lines that were collected.
	{Group: "elasticsearch.k8s.elastic.co", Kind: "Elasticsearch"}: true,
	// It holds none itself, but without it nobody knows where the backups are.
	{Group: "barmancloud.cnpg.io", Kind: "ObjectStore"}: true,
}

// HoldsData says whether objects of a kind hold data or credentials.
func HoldsData(gk schema.GroupKind) bool { return holdsData[gk] }
