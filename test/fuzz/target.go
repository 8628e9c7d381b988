package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
)

// target is a field of the schema that an accepted spec has to set, or a value that it has to have.
type target struct {
	path string
	// value of the field: JSON, or full for a list. Empty stands for any value that is not the default.
	value string
}

// full is the value of a list that holds as many elements as it may.
const full = "full"

// mostFull is the length from which on lists need not be full.
const mostFull = 16

func (t target) String() string {
	if t.value == "" {
		return t.path
	}
	return t.path + "=" + t.value
}

// targets of the schema at a path: every field, every value of an enumeration, the bounds of every number, every list that
// is full. The elements of a list share one path, and so do the values of a map.
func targets(path string, s props) []target {
	out := valueTargets(path, s)
	if out == nil {
		out = []target{{path: path}}
	}
	for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
		out = append(out, targets(path+"."+name, s.Properties[name])...)
	}
	if s.Items != nil {
		if s.MaxItems != nil && *s.MaxItems <= mostFull {
			out = append(out, target{path, full})
		}
		for _, t := range targets(path, *s.Items.Schema) {
			if t != (target{path: path}) {
				out = append(out, t)
			}
		}
	}
	if s.AdditionalProperties != nil {
		out = append(out, targets(path+".*", *s.AdditionalProperties.Schema)...)
	}
	return out
}

// valueTargets are the values that a scalar has to have; none when any will do.
func valueTargets(path string, s props) []target {
	var values []string
	switch {
	case len(s.Enum) > 0:
		for _, v := range s.Enum {
			values = append(values, string(v.Raw))
		}
	case s.Type == "boolean":
		values = []string{"false", "true"}
	case s.Type == "integer" && s.Minimum != nil && s.Maximum != nil:
		values = []string{fmt.Sprint(int64(*s.Minimum)), fmt.Sprint(int64(*s.Maximum))}
	}
	var out []target
	for _, v := range values {
		if s.Default == nil || string(s.Default.Raw) != v {
			out = append(out, target{path, v})
		}
	}
	return out
}

// cover notes the targets that a spec meets.
func cover(path string, s props, v any, met map[target]bool) {
	if !isDefault(s, v) {
		met[target{path: path}] = true
	}
	switch v := v.(type) {
	case map[string]any:
		for k, value := range v {
			if field, known := s.Properties[k]; known {
				cover(path+"."+k, field, value, met)
			} else if s.AdditionalProperties != nil {
				cover(path+".*", *s.AdditionalProperties.Schema, value, met)
			}
		}
	case []any:
		if s.MaxItems != nil && int64(len(v)) == *s.MaxItems {
			met[target{path, full}] = true
		}
		for _, value := range v {
			if s.Items != nil {
				cover(path, *s.Items.Schema, value, met)
			}
		}
	default:
		met[target{path, encode(v)}] = true
	}
}

// isDefault tells whether a value says no more than its absence: the default, or nothing in a list, map or string.
func isDefault(s props, v any) bool {
	if s.Default != nil {
		var d any
		if json.Unmarshal(s.Default.Raw, &d) == nil && encode(d) == encode(v) {
			return len(s.Properties) == 0
		}
	}
	switch v := reflect.ValueOf(v); v.Kind() {
	case reflect.Invalid:
		return true
	case reflect.Slice, reflect.String:
		return v.Len() == 0
	case reflect.Map:
		return v.Len() == 0 && len(s.Properties) == 0
	}
	return false
}

func encode(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		return ""
	}
	return string(text)
}
