package apply

import (
	"fmt"
	"maps"
	"reflect"
	"slices"

	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
)

// drift is the path of the first field of want that live has not, or not with the same value; empty when live has
// them all. Fields that only live has are defaults or belong to others, but for what somebody added to a list, map or
// object that is ours as a whole.
func (s shape) drift(live, want map[string]any) string {
	for _, k := range slices.Sorted(maps.Keys(want)) {
		l, present := live[k]
		if !present && want[k] == nil {
			continue
		}
		if path, differs := s.field(k).driftAt(l, want[k]); differs {
			return k + path
		}
	}
	if s.holdsOurKeysOnly() {
		for _, k := range slices.Sorted(maps.Keys(live)) {
			if _, ours := want[k]; !ours && !s.filledIn(k, live[k]) {
				return k
			}
		}
	}
	return ""
}

// driftOf is drift for an object of which the API server may have dropped empty values.
func (s shape) driftOf(scheme *runtime.Scheme, live, want *unstructured.Unstructured) (string, error) {
	field := s.drift(live.Object, want.Object)
	if field == "" {
		return "", nil
	}
	kept, err := throughType(scheme, want)
	if err != nil {
		return "", err
	}
	without, _ := withoutDropped(want.Object, kept).(map[string]any)
	return s.drift(live.Object, without), nil
}

// withoutDropped leaves out the empty values of want that are not kept.
func withoutDropped(want, kept any) any {
	switch w := want.(type) {
	case map[string]any:
		k, _ := kept.(map[string]any)
		out := make(map[string]any, len(w))
		for name, v := range w {
			if _, found := k[name]; found || !empty(v) {
				out[name] = withoutDropped(v, k[name])
			}
		}
		return out
	case []any:
		k, _ := kept.([]any)
		out := make([]any, len(w))
		for i, v := range w {
			out[i] = v
			if i < len(k) {
				out[i] = withoutDropped(v, k[i])
			}
		}
		return out
	}
	return want
}

func empty(v any) bool {
	return v == nil || reflect.ValueOf(v).IsZero() ||
		(slices.Contains([]reflect.Kind{reflect.Map, reflect.Slice}, reflect.TypeOf(v).Kind()) && reflect.ValueOf(v).Len() == 0)
}

func (s shape) driftAt(live, want any) (path string, differs bool) {
	switch w := want.(type) {
	case map[string]any:
		l, ok := live.(map[string]any)
		if !ok {
			return "", true
		}
		path = s.drift(l, w)
		return "." + path, path != ""
	case []any:
		l, ok := live.([]any)
		if !ok {
			return "", true
		}
		return s.driftInList(l, w)
	default:
		return "", !sameScalar(live, w)
	}
}

func (s shape) driftInList(live, want []any) (path string, differs bool) {
	if s.mergesNothing() && len(live) != len(want) {
		return "", true
	}
	for i, w := range want {
		if s.mergesNothing() {
			path, differs = s.element().driftAt(live[i], w)
		} else {
			differs = !slices.ContainsFunc(live, func(l any) bool { _, d := s.element().driftAt(l, w); return !d })
		}
		if differs {
			return fmt.Sprintf("[%d]%s", i, path), true
		}
	}
	return "", false
}

func sameScalar(live, want any) bool {
	if reflect.DeepEqual(live, want) {
		return true
	}
	switch w := want.(type) {
	case string:
		l, ok := live.(string)
		return ok && sameQuantity(l, w)
	case int64:
		l, ok := live.(float64)
		return ok && l == float64(w)
	case float64:
		l, ok := live.(int64)
		return ok && float64(l) == w
	}
	return false
}

// sameQuantity knows that the API server writes quantities in canonical form: 1000m becomes 1.
func sameQuantity(a, b string) bool {
	qa, err := resource.ParseQuantity(a)
	if err != nil {
		return false
	}
	qb, err := resource.ParseQuantity(b)
	return err == nil && qa.Cmp(qb) == 0
}
