package main

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/yaml"
)

// board is a dashboard, as far as it is asked and drawn.
type board struct {
	Title  string
	Panels []panel

	name string // of its file
}

type panel struct {
	Title, Type string
	GridPos     struct{ X, Y, W, H int }
	FieldConfig struct {
		Defaults struct {
			Unit       string
			Min, Max   *float64
			Thresholds struct{ Steps []step }
			Mappings   []struct{ Options map[string]mapping }
			Custom     struct{ Stacking struct{ Mode string } }
		}
	}
	Options struct{ TextMode string }
	Targets []target
}

type step struct {
	Color string
	Value *float64
}

type mapping struct{ Text, Color string }

type target struct {
	Expr, LegendFormat string
	Instant            bool
}

// variables replaces those of the dashboards, and of the rules, by a platform.
func variables(platform types.NamespacedName) *strings.Replacer {
	return strings.NewReplacer("$namespace", platform.Namespace, "$platform", platform.Name, "$__rate_interval", "1m",
		"[[.Namespace]]", platform.Namespace, "[[.Platform]]", platform.Name)
}

// boards reads the dashboards of a platform.
func boards(monitoring fs.FS, platform types.NamespacedName) ([]board, error) {
	files, err := fs.Glob(monitoring, "dashboards/*.json")
	if err != nil {
		return nil, fmt.Errorf("listing the dashboards: %w", err)
	}
	var all []board
	for _, file := range files {
		raw, err := fs.ReadFile(monitoring, file)
		if err != nil {
			return nil, fmt.Errorf("reading a dashboard: %w", err)
		}
		var b board
		if err := json.Unmarshal(raw, &b); err != nil {
			return nil, fmt.Errorf("reading %s: %w", file, err)
		}
		b.name = strings.TrimSuffix(strings.TrimPrefix(file, "dashboards/"), ".json")
		for _, p := range b.Panels {
			for i := range p.Targets {
				p.Targets[i].Expr = variables(platform).Replace(p.Targets[i].Expr)
			}
		}
		all = append(all, b)
	}
	return all, nil
}

// recordings are the queries for what the recording rules of a platform keep.
func recordings(monitoring fs.FS, platform types.NamespacedName) ([]string, error) {
	files, err := fs.Glob(monitoring, "rules/*.yaml")
	if err != nil {
		return nil, fmt.Errorf("listing the rules: %w", err)
	}
	var queries []string
	for _, file := range files {
		raw, err := fs.ReadFile(monitoring, file)
		if err != nil {
			return nil, fmt.Errorf("reading rules: %w", err)
		}
		var content struct {
			Groups []struct{ Rules []struct{ Record string } }
		}
		if err := yaml.Unmarshal(raw, &content); err != nil {
			return nil, fmt.Errorf("reading %s: %w", file, err)
		}
		for _, group := range content.Groups {
			for _, rule := range group.Rules {
				if rule.Record != "" {
					queries = append(queries, fmt.Sprintf("%s{namespace=%q,platform=%q}", rule.Record, platform.Namespace, platform.Name))
				}
			}
		}
	}
	slices.Sort(queries)
	return queries, nil
}
