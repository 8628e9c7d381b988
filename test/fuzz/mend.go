package main

import (
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

// mend changes what admission has refused: it draws the value anew or, when that has not helped, takes it out. It says
// whether there was anything to change.
func (d *drawer) mend(spec map[string]any, schema *props, refusal error, attempt int) bool {
	var status apierrors.APIStatus
	if !errors.As(refusal, &status) || status.Status().Details == nil {
		return false
	}
	mended := false
	for _, cause := range status.Status().Details.Causes {
		found := locate(spec, steps(cause.Field))
		if len(found) == 0 {
			continue
		}
		mended = true
		s := at(schema, found)
		path := "spec." + strings.Join(found, ".")
		if s != nil && (attempt < 2 && d.IntN(2) == 0 || d.keeps(path)) {
			sparse := &drawer{Rand: d.Rand, density: d.density / 2, wanted: d.wanted, alone: d.alone}
			replace(spec, found, sparse.draw(path, s))
			continue
		}
		remove(spec, found)
	}
	if !mended && len(spec) > 0 {
		// The refusal is of the whole, so some part has to go.
		delete(spec, pick(d.Rand, slices.Sorted(maps.Keys(spec))))
		return true
	}
	return mended
}

// keeps reports whether the only target of the spec lies at the path or below it.
func (d *drawer) keeps(path string) bool {
	_, wanted := d.wanted[path]
	return d.alone && wanted
}

// locate follows a path as far as a spec has it. The keys of maps may hold dots.
func locate(v any, path []string) []string {
	for n := len(path); n > 0; n-- {
		step := strings.Join(path[:n], ".")
		if next, ok := child(v, step); ok {
			return append([]string{step}, locate(next, path[n:])...)
		}
	}
	return nil
}

func child(v any, step string) (any, bool) {
	switch v := v.(type) {
	case map[string]any:
		next, ok := v[step]
		return next, ok
	case []any:
		if i, err := strconv.Atoi(step); err == nil && i < len(v) {
			return v[i], true
		}
	}
	return nil, false
}

// replace the value at a path, which exists.
func replace(v any, path []string, by any) {
	for _, step := range path[:len(path)-1] {
		v, _ = child(v, step)
	}
	last := path[len(path)-1]
	switch v := v.(type) {
	case map[string]any:
		v[last] = by
	case []any:
		i, _ := strconv.Atoi(last)
		v[i] = by
	}
}

// remove the value at a path, which exists.
func remove(spec map[string]any, path []string) {
	parent := any(spec)
	for _, step := range path[:len(path)-1] {
		parent, _ = child(parent, step)
	}
	last := path[len(path)-1]
	switch p := parent.(type) {
	case map[string]any:
		delete(p, last)
	case []any:
		i, _ := strconv.Atoi(last)
		replace(spec, path[:len(path)-1], slices.Delete(slices.Clone(p), i, i+1))
	}
}
