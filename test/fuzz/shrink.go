package main

import (
	"context"
	"maps"
	"slices"

	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// mostTrials bounds how long a faulty spec is made smaller.
const mostTrials = 40

// shrink takes out of a faulty spec what the fault does not need, whole branches first. Each trial is a platform of its own.
func (c *campaign) shrink(ctx context.Context, g *ground, api client.Client, spec map[string]any, found *fault, number int) (map[string]any, *fault) {
	trials := 0
	for depth := 1; depth <= 6; depth++ {
		for _, path := range branches(spec, depth) {
			if trials++; trials > mostTrials {
				return spec, found
			}
			smaller := runtime.DeepCopyJSON(spec)
			remove(smaller, path)
			p := newPlatform(g, c.drawer(number).trialName(number, trials), number)
			if newNamespace(ctx, api, p.key.Namespace) != nil || p.create(ctx, api, smaller) != nil {
				continue
			}
			if again, err := p.run(ctx, api); err == nil && again != nil && again.kind == found.kind {
				spec, found = smaller, again
			}
		}
	}
	return spec, found
}

// branches of a spec that lie at a depth.
func branches(v any, depth int) [][]string {
	m, ok := v.(map[string]any)
	if !ok {
		return nil
	}
	var out [][]string
	for _, k := range slices.Sorted(maps.Keys(m)) {
		if depth == 1 {
			out = append(out, []string{k})
			continue
		}
		for _, below := range branches(m[k], depth-1) {
			out = append(out, append([]string{k}, below...))
		}
	}
	return out
}
