package main

import (
	"encoding/json"
	"maps"
	"math"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
)

type props = apiextensionsv1.JSONSchemaProps

// drawer draws values that a schema describes, good ones and such as only look good.
type drawer struct {
	*rand.Rand
	// density is the share of the optional fields that are set.
	density float64
	// wanted are fields to set in any case, with those around them, and the values they have to have: see target.
	wanted map[string]string
	// alone means that the spec is for one target, which mending must not take out.
	alone bool
}

// draw a value for the field at a path. Paths are those of coverage: the elements of a list share one.
func (d *drawer) draw(path string, s *props) any {
	if s.Type != "array" {
		if v, ok := d.example(path); ok {
			return v
		}
	}
	switch {
	case s.Type != "object" && s.Type != "array" && d.wants(path):
		return d.value(path)
	case s.XIntOrString:
		return d.amount()
	case len(s.Enum) > 0:
		return d.oneOf(s.Enum)
	}
	switch s.Type {
	case "object":
		return d.object(path, s)
	case "array":
		return d.list(path, s)
	case "integer":
		return d.integer(s)
	case "boolean":
		return d.IntN(2) == 0
	}
	return d.text(path, s)
}

func (d *drawer) oneOf(values []apiextensionsv1.JSON) any {
	var v any
	if json.Unmarshal(values[d.IntN(len(values))].Raw, &v) != nil {
		return nil
	}
	return v
}

// wants says that the field has to have one certain value.
func (d *drawer) wants(path string) bool { return d.wanted[path] != "" && d.wanted[path] != full }

func (d *drawer) value(path string) any {
	decoder := json.NewDecoder(strings.NewReader(d.wanted[path]))
	decoder.UseNumber()
	var v any
	if decoder.Decode(&v) != nil {
		return nil
	}
	if n, ok := v.(json.Number); ok {
		i, _ := n.Int64()
		return i
	}
	return v
}

// drawWanted draws a value that is not the default, if it finds one.
func (d *drawer) drawWanted(path string, s *props) any {
	v := d.draw(path, s)
	for range 8 {
		if !isDefault(*s, v) {
			break
		}
		v = d.draw(path, s)
	}
	return v
}

func (d *drawer) object(path string, s *props) any {
	switch {
	case s.XPreserveUnknownFields != nil && *s.XPreserveUnknownFields:
		var v map[string]any
		if json.Unmarshal([]byte(pick(d.Rand, affinities)), &v) != nil {
			return nil
		}
		return v
	case s.AdditionalProperties != nil:
		return d.dictionary(path, s)
	}
	out := map[string]any{}
	for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
		field := s.Properties[name]
		at := path + "." + name
		if _, wanted := d.wanted[at]; wanted {
			out[name] = d.drawWanted(at, &field)
		} else if slices.Contains(s.Required, name) || d.Float64() < d.density {
			out[name] = d.draw(at, &field)
		}
	}
	return out
}

func (d *drawer) dictionary(path string, s *props) map[string]any {
	most := int64(4)
	if s.MaxProperties != nil {
		most = *s.MaxProperties
	}
	out := map[string]any{}
	n := d.count(0, most)
	if _, wanted := d.wanted[path+".*"]; wanted {
		n = max(n, 1)
	}
	for range n {
		out[d.key(path, s)] = d.draw(path+".*", s.AdditionalProperties.Schema)
	}
	return out
}

// keyPattern finds the pattern that a rule demands of the keys of a map.
var keyPattern = regexp.MustCompile(`k\.matches\('((?:[^'\\]|\\.)*)'\)`)

func (d *drawer) key(path string, s *props) string {
	switch {
	case strings.HasSuffix(path, "requests"), strings.HasSuffix(path, "limits"):
		return pick(d.Rand, resourceNames)
	case strings.HasSuffix(path, "nnotations"):
		return pick(d.Rand, annotationNames)
	case strings.HasSuffix(path, "parameters"):
		for _, rule := range s.XValidations {
			m := keyPattern.FindStringSubmatch(rule.Rule)
			if m == nil || d.IntN(4) > 0 {
				continue
			}
			if k, ok := drawMatch(d.Rand, unescape(m[1]), 40); ok {
				return k
			}
		}
		return pick(d.Rand, parameterNames)
	}
	return pick(d.Rand, labelNames)
}

func (d *drawer) list(path string, s *props) []any {
	least, most := int64(0), int64(4)
	if s.MinItems != nil {
		least = *s.MinItems
	}
	if s.MaxItems != nil {
		most = *s.MaxItems
	}
	var out []any
	seen := map[string]bool{}
	n := d.count(least, most)
	if d.wanted[path] == full {
		n = 3 * most // Some of them may be alike.
	}
	for range n {
		if int64(len(out)) == most {
			break
		}
		v := d.draw(path, s.Items.Schema)
		if id, unique := identity(s, v); unique && seen[id] {
			continue
		} else if unique {
			seen[id] = true
		}
		out = append(out, v)
	}
	return out
}

// identity is what must not occur twice in a list.
func identity(s *props, v any) (string, bool) {
	if s.XListType == nil || *s.XListType == "atomic" {
		return "", false
	}
	if m, ok := v.(map[string]any); ok {
		var keys []any
		for _, k := range s.XListMapKeys {
			keys = append(keys, m[k])
		}
		v = keys
	}
	b, err := json.Marshal(v)
	return string(b), err == nil
}

func (d *drawer) count(least, most int64) int64 {
	switch d.IntN(12) {
	case 0:
		return least
	case 1:
		if most <= 16 {
			return most
		}
	case 2, 3:
		return min(most, least+3)
	}
	return min(most, max(1, least))
}

func (d *drawer) integer(s *props) int64 {
	low, high := int64(math.MinInt32), int64(math.MaxInt32)
	if s.Format == "int64" {
		low, high = math.MinInt64, math.MaxInt64
	}
	if s.Minimum != nil {
		low = int64(*s.Minimum)
	}
	if s.Maximum != nil {
		high = int64(*s.Maximum)
	}
	near := []int64{low, low, high, 0, 1, 2, 3, 5}
	if high-low > 0 {
		near = append(near, low+d.Int64N(min(high-low, 1000)+1))
	}
	v := pick(d.Rand, near)
	return max(low, min(high, v))
}

func (d *drawer) amount() any { return pick(d.Rand, amounts) }

var (
	selfPattern = regexp.MustCompile(`self\.matches\('((?:[^'\\]|\\.)*)'\)`)
	constant    = regexp.MustCompile(`(?:quantity|duration)\('([^']*)'\)`)
)

// longest text that a schema allows, or that is of use.
func longest(s *props) int {
	limit := 5000
	if s.MaxLength != nil {
		limit = int(*s.MaxLength)
	}
	for _, part := range s.AllOf {
		if part.MaxLength != nil {
			limit = min(limit, int(*part.MaxLength))
		}
	}
	return limit
}

// text draws a string by what the schema and its rules say of it, and now and then any string.
func (d *drawer) text(path string, s *props) string {
	limit := longest(s)
	if d.IntN(40) == 0 {
		return cut(pick(d.Rand, texts), limit)
	}
	if v, ok := d.byRule(path, s, limit); ok {
		return v
	}
	if s.Pattern != "" {
		if v, ok := drawMatch(d.Rand, s.Pattern, limit); ok {
			return v
		}
	}
	switch {
	case strings.Contains(path, "nnotations"):
		return cut(pick(d.Rand, annotationValues), limit)
	case strings.Contains(path, "parameters"):
		return cut(pick(d.Rand, parameterValues), limit)
	}
	return cut(pick(d.Rand, texts), limit)
}

func (d *drawer) byRule(path string, s *props, limit int) (string, bool) {
	var constants []string
	for _, rule := range s.XValidations {
		switch m := selfPattern.FindStringSubmatch(rule.Rule); {
		case strings.HasSuffix(path, "schedule"):
			return pick(d.Rand, schedules), true
		case strings.Contains(rule.Rule, "isCIDR"):
			return pick(d.Rand, networks), true
		case m != nil:
			if v, ok := drawMatch(d.Rand, unescape(m[1]), limit); ok {
				return v, true
			}
		}
		for _, m := range constant.FindAllStringSubmatch(rule.Rule, -1) {
			constants = append(constants, m[1], m[1])
		}
	}
	switch {
	case len(constants) == 0:
		return "", false
	case strings.HasPrefix(s.Pattern, "^([0-9]{1,6}"):
		return pick(d.Rand, append(constants, durations...)), true
	}
	return pick(d.Rand, append(constants, sizes...)), true
}

// unescape a string literal of CEL.
func unescape(s string) string { return strings.ReplaceAll(s, `\\`, `\`) }

func cut(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	return strings.ToValidUTF8(s[:limit], "")
}

func pick[T any](r *rand.Rand, from []T) T { return from[r.IntN(len(from))] }
