package controller_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/xatube/xatube-operator/internal/component/naming"
)

// touch is a change that a foreign hand may make to an object.
type touch struct {
	// what is changed, and how: the same for all objects of a kind, e.g. "Deployment spec.template.spec.containers: add".
	what string
	// make returns an object with the change, of which there may be several; nil when there are no more.
	make func(attempt int) *unstructured.Unstructured
}

// touches are all that a foreign hand may change in an object among what the operator owns: each value, each element of a
// list or key of a map that goes, each that is added, and in what belongs to one manager as a whole each field too.
func touches(scheme *runtime.Scheme, o *unstructured.Unstructured) ([]touch, error) {
	typed, err := scheme.New(o.GroupVersionKind())
	if err != nil {
		return nil, fmt.Errorf("kind %s: %w", o.GroupVersionKind(), err)
	}
	owned := map[string]any{}
	for _, m := range o.GetManagedFields() {
		if m.Manager == naming.FieldManager && m.FieldsV1 != nil && m.Subresource == "" {
			if err := json.Unmarshal(m.FieldsV1.GetRawBytes(), &owned); err != nil {
				return nil, fmt.Errorf("fields of %s: %w", o.GetName(), err)
			}
		}
	}
	w := &walk{object: o}
	w.visit(nil, o.GetKind(), o.Object, reflect.TypeOf(typed).Elem(), owned)
	return w.touches, nil
}

type walk struct {
	object  *unstructured.Unstructured
	touches []touch
}

// visit a value. owned are the operator's fields below it; none when it owns the value as a whole.
func (w *walk) visit(path []any, what string, v any, kind reflect.Type, owned map[string]any) {
	for kind != nil && kind.Kind() == reflect.Pointer {
		kind = kind.Elem()
	}
	switch v := v.(type) {
	case map[string]any:
		w.visitMap(path, what, v, kind, owned)
	case []any:
		w.visitList(path, what, v, kind, owned)
	default:
		w.note(path, what+": change", others(v))
	}
}

func (w *walk) visitMap(path []any, what string, v map[string]any, kind reflect.Type, owned map[string]any) {
	isMap := kind == nil || kind.Kind() != reflect.Struct
	for _, k := range slices.Sorted(maps.Keys(v)) {
		below := map[string]any{}
		if len(owned) > 0 {
			field, ours := owned["f:"+k].(map[string]any)
			if !ours || len(path) == 0 && (k == "apiVersion" || k == "kind") {
				continue
			}
			below = field
		}
		next := nameBelow(path, what, k, isMap)
		if len(below) == 0 {
			w.note(join(path, k), next+": remove", []any{nil})
		}
		w.visit(join(path, k), next, v[k], fieldType(kind, k), below)
	}
	if isMap {
		w.note(join(path, "example.com/foreign"), what+".*: add", []any{"x", "1", int64(1), true})
		w.note(join(path, "foreign"), what+".*: add", []any{"x", "1", int64(1), true})
	} else if len(owned) == 0 {
		w.addFields(path, what, v, kind)
	}
}

// nameBelow is what a field or key is called.
func nameBelow(path []any, what, key string, isMap bool) string {
	switch {
	case len(path) == 0:
		return what + " " + key
	case isMap:
		return what + ".*"
	}
	return what + "." + key
}

// addFields that the object has not set.
func (w *walk) addFields(path []any, what string, v map[string]any, kind reflect.Type) {
	for name, field := range jsonFields(kind) {
		if _, set := v[name]; !set {
			w.note(join(path, name), what+"."+name+": add", sampleValues(field.Type, 0))
		}
	}
}

func (w *walk) visitList(path []any, what string, v []any, kind reflect.Type, owned map[string]any) {
	var element reflect.Type
	if kind != nil && kind.Kind() == reflect.Slice {
		element = kind.Elem()
	}
	for i, e := range v {
		below := map[string]any{}
		if len(owned) > 0 {
			field, ours := elementFields(owned, e)
			if !ours {
				continue
			}
			below = field
		}
		w.note(join(path, i), what+"[]: remove", []any{nil})
		w.visit(join(path, i), what+"[]", e, element, below)
	}
	var added []any
	if len(v) > 0 {
		added = alike(v[len(v)-1])
	}
	w.note(join(path, len(v)), what+"[]: add", append(added, sampleValues(element, 0)...))
}

// note that a value may be set at a path, one of several.
func (w *walk) note(path []any, what string, values []any) {
	o := w.object
	w.touches = append(w.touches, touch{what, func(attempt int) *unstructured.Unstructured {
		if attempt >= len(values) {
			return nil
		}
		changed := o.DeepCopy()
		changed.Object, _ = with(changed.Object, path, values[attempt]).(map[string]any)
		return changed
	}})
}

// with is a value with another at a path below it. Nil takes out what is there.
func with(v any, path []any, by any) any {
	if len(path) == 0 {
		return by
	}
	switch step := path[0].(type) {
	case string:
		m, _ := v.(map[string]any)
		m[step] = with(m[step], path[1:], by)
		if m[step] == nil {
			delete(m, step)
		}
		return m
	case int:
		l, _ := v.([]any)
		if step == len(l) {
			return append(l, by)
		}
		if l[step] = with(l[step], path[1:], by); l[step] == nil {
			return slices.Delete(l, step, step+1)
		}
		return l
	}
	return v
}

func join(path []any, step any) []any { return append(slices.Clone(path), step) }

// elementFields are the operator's fields of an element of a list that is merged.
func elementFields(owned map[string]any, element any) (map[string]any, bool) {
	for name, field := range owned {
		below, _ := field.(map[string]any)
		text, isKey := strings.CutPrefix(name, "k:")
		var key any
		if !isKey {
			text = strings.TrimPrefix(name, "v:")
		}
		if json.Unmarshal([]byte(text), &key) != nil {
			continue
		}
		want, _ := key.(map[string]any)
		got, _ := element.(map[string]any)
		if isKey && contains(got, want) || !isKey && fmt.Sprint(key) == fmt.Sprint(element) {
			return below, true
		}
	}
	return nil, false
}

func contains(got, want map[string]any) bool {
	for k, v := range want {
		if fmt.Sprint(got[k]) != fmt.Sprint(v) {
			return false
		}
	}
	return true
}

// words that occur in enumerations of Kubernetes.
var words = []any{
	"Always", "Never", "IfNotPresent", "UDP", "TCP", "Exists", "Equal", "In", "NotIn", "NoSchedule", "NoExecute", "Cluster", "Local", "Recreate", "RollingUpdate",
	"OnDelete", "Parallel", "OrderedReady", "Prefix", "Exact", "ClusterIP", "NodePort", "LoadBalancer", "HTTP", "HTTPS", "File", "None", "Egress", "Ingress",
	"ScheduleAnyway", "DoNotSchedule", "Memory", "2Gi", "3", "true", "false", "on", "10.1.0.0/16", "2m", "/x",
}

// others are values of the same type.
func others(v any) []any {
	switch v := v.(type) {
	case bool:
		return []any{!v}
	case int64:
		return []any{v + 1, v - 1, v * 2}
	case float64:
		return []any{v + 1, v / 2}
	case string:
		return append([]any{v + "x", "x" + v, "x"}, slices.DeleteFunc(slices.Clone(words), func(w any) bool { return w == v })...)
	}
	return nil
}

// alike are values like another, but not the same.
func alike(v any) []any {
	m, ok := v.(map[string]any)
	if !ok {
		return others(v)
	}
	var out []any
	for _, k := range []string{"name", "key", "port", "containerPort", "mountPath", "topologyKey", "host", "cidr", "apiGroup", "uid"} {
		if _, set := m[k]; !set {
			continue
		}
		for _, other := range others(m[k]) {
			if len(out) > 12 {
				break
			}
			changed := runtime.DeepCopyJSON(m)
			changed[k] = other
			if name, _ := m["name"].(string); name != "" && k != "name" {
				changed["name"] = name + "x"
			}
			for _, p := range []string{"port", "containerPort"} {
				if m[p] != nil {
					changed[p] = int64(4242)
				}
			}
			out = append(out, changed)
		}
	}
	return append(out, runtime.DeepCopyJSONValue(v))
}

// sampleValues are values of a type.
func sampleValues(kind reflect.Type, depth int) []any {
	if kind == nil || depth > 3 {
		return nil
	}
	for kind.Kind() == reflect.Pointer {
		kind = kind.Elem()
	}
	switch kind.Kind() {
	case reflect.Bool:
		return []any{true}
	case reflect.Int, reflect.Int32, reflect.Int64:
		return []any{int64(1), int64(65535)}
	case reflect.String:
		return append([]any{"x"}, words...)
	case reflect.Map:
		return []any{map[string]any{"foreign": "x"}}
	case reflect.Slice:
		var out []any
		for _, e := range sampleValues(kind.Elem(), depth+1) {
			out = append(out, []any{e})
		}
		return out
	case reflect.Struct:
		return sampleObjects(kind, depth)
	}
	return nil
}

// sampleObjects are an empty one and some with a field each.
func sampleObjects(kind reflect.Type, depth int) []any {
	out := []any{map[string]any{}}
	for name, field := range jsonFields(kind) {
		if values := sampleValues(field.Type, depth+1); len(values) > 0 && len(out) < 6 {
			out = append(out, map[string]any{name: values[0]})
		}
	}
	return out
}

// jsonFields of a struct, those of the embedded ones included.
func jsonFields(kind reflect.Type) map[string]reflect.StructField {
	out := map[string]reflect.StructField{}
	for field := range fieldsOf(kind) {
		name, options, _ := strings.Cut(field.Tag.Get("json"), ",")
		embedded := field.Type
		if embedded.Kind() == reflect.Pointer {
			embedded = embedded.Elem()
		}
		switch {
		case field.Anonymous && (name == "" || strings.Contains(options, "inline")) && embedded.Kind() == reflect.Struct:
			maps.Copy(out, jsonFields(embedded))
		case name != "" && name != "-":
			out[name] = field
		}
	}
	return out
}

func fieldsOf(kind reflect.Type) func(func(reflect.StructField) bool) {
	return func(yield func(reflect.StructField) bool) {
		for field := range kind.Fields() {
			if (field.IsExported() || field.Anonymous) && !yield(field) {
				return
			}
		}
	}
}

func fieldType(kind reflect.Type, name string) reflect.Type {
	switch {
	case kind == nil:
		return nil
	case kind.Kind() == reflect.Struct:
		if field, found := jsonFields(kind)[name]; found {
			return field.Type
		}
	case kind.Kind() == reflect.Map:
		return kind.Elem()
	}
	return nil
}
