package drive

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/xatube/xatube-operator/internal/component/naming"
)

// Identity tells one life of an object from the next, and one spec from another. The generation of kinds that have none
// stays 0.
type Identity struct {
	UID        types.UID
	Generation int64
}

// Inventory is what exists in a namespace: kind and name to identity.
type Inventory map[string]Identity

// String lists the objects.
func (i Inventory) String() string {
	return strings.Join(slices.Sorted(maps.Keys(i)), ", ")
}

// Differences between two inventories, in words.
func (i Inventory) Differences(now Inventory) []string {
	var out []string
	for _, name := range slices.Sorted(maps.Keys(i)) {
		switch other, found := now[name]; {
		case !found:
			out = append(out, name+" is gone")
		case other.UID != i[name].UID:
			out = append(out, name+" was replaced")
		case other.Generation != i[name].Generation:
			out = append(out, fmt.Sprintf("%s was changed (generation %d, was %d)", name, other.Generation, i[name].Generation))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(now)) {
		if _, found := i[name]; !found {
			out = append(out, name+" is new")
		}
	}
	return out
}

// Only keeps the objects of some kinds.
func (i Inventory) Only(kinds ...string) Inventory {
	kept := Inventory{}
	for name, identity := range i {
		kind, _, _ := strings.Cut(name, "/")
		if slices.Contains(kinds, kind) {
			kept[name] = identity
		}
	}
	return kept
}

// volatile are kinds that only report on others.
var volatile = []string{"Event", "EndpointSlice", "Endpoints", "PodMetrics"}

// Children lists the objects of a platform: all that carry its label, whatever their kind.
func (c *Client) Children(ctx context.Context, platform types.NamespacedName) (Inventory, error) {
	return c.list(ctx, platform.Namespace, client.MatchingLabels{naming.LabelInstance: platform.Name})
}

// Everything lists all objects of a namespace but those that Kubernetes puts into each.
func (c *Client) Everything(ctx context.Context, namespace string) (Inventory, error) {
	all, err := c.list(ctx, namespace)
	delete(all, "ConfigMap/kube-root-ca.crt")
	delete(all, "ServiceAccount/default")
	return all, err
}

func (c *Client) list(ctx context.Context, namespace string, options ...client.ListOption) (Inventory, error) {
	kinds, err := c.namespacedKinds()
	if err != nil {
		return nil, err
	}
	found := Inventory{}
	for _, kind := range kinds {
		list := &metav1.PartialObjectMetadataList{}
		list.SetGroupVersionKind(kind.GroupVersion().WithKind(kind.Kind + "List"))
		if err := c.List(ctx, list, append(options, client.InNamespace(namespace))...); err != nil {
			return nil, fmt.Errorf("listing %s: %w", kind.Kind, err)
		}
		for i := range list.Items {
			o := &list.Items[i]
			found[kind.Kind+"/"+o.Name] = Identity{UID: o.UID, Generation: o.Generation}
		}
	}
	return found, nil
}

// namespacedKinds are all that can be listed, without the volatile ones.
func (c *Client) namespacedKinds() ([]schema.GroupVersionKind, error) {
	lists, err := c.Clientset.Discovery().ServerPreferredNamespacedResources()
	if err != nil {
		return nil, fmt.Errorf("discovering kinds: %w", err)
	}
	var kinds []schema.GroupVersionKind
	for _, list := range lists {
		gv, err := schema.ParseGroupVersion(list.GroupVersion)
		if err != nil {
			return nil, fmt.Errorf("discovering kinds: %w", err)
		}
		for _, r := range list.APIResources {
			if slices.Contains(r.Verbs, "list") && !slices.Contains(volatile, r.Kind) {
				kinds = append(kinds, gv.WithKind(r.Kind))
			}
		}
	}
	return kinds, nil
}
