package apply

import (
	"fmt"
	"maps"
	"reflect"
	"slices"

	"k8s.io/apimachinery/pkg/api/resource"
)

// drift is the path of the first field of want that live has not, or not with the same value; empty when live has
// them all. Fields that only live has are defaults or belong to others, but for what somebody added to a list or map
// that is ours as a whole.
func (s shape) drift(live, want map[string]any) string {
	for _, k := range slices.Sorted(maps.Keys(want)) {
		l, present := live[k]
		if !present && empty(want[k]) {
			// The API server drops empty values on the way in.
			continue
		}
		if path, differs := s.field(k).driftAt(l, want[k]); differs {
			return k + path
		}
	}
	if s.holdsOurKeysOnly() {
		for _, k := range slices.Sorted(maps.Keys(live)) {
			if _, ours := want[k]; !ours {
				return k
			}
		}
	}
	return ""
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
	if live == want {
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
