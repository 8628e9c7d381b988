package monitoring

import (
	"embed"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"

	"sigs.k8s.io/yaml"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component"
	"github.com/xatube/xatube-operator/internal/component/naming"
	"github.com/xatube/xatube-operator/internal/observe"
)

// ruleFiles are Prometheus' own files of rules, but for [[.Namespace]] and [[.Platform]]: Prometheus has a use for
// braces.
//
//go:embed rules/*.yaml
var ruleFiles embed.FS

// group of rules, as in a file of Prometheus and in a PrometheusRule.
type group struct {
	Name   string            `json:"name"`
	Labels map[string]string `json:"labels,omitempty"`
	Rules  []map[string]any  `json:"rules"`
}

// ruleTemplate is all groups as JSON, made once: YAML takes long to read.
var ruleTemplate = sync.OnceValues(func() (string, error) {
	entries, err := ruleFiles.ReadDir("rules")
	if err != nil {
		return "", fmt.Errorf("listing the rules: %w", err)
	}
	var all []group
	for _, e := range entries {
		text, err := ruleFiles.ReadFile("rules/" + e.Name())
		if err != nil {
			return "", fmt.Errorf("reading the rules of %s: %w", e.Name(), err)
		}
		var content struct {
			Groups []group `json:"groups"`
		}
		if err := yaml.UnmarshalStrict(text, &content); err != nil {
			return "", fmt.Errorf("reading the rules of %s: %w", e.Name(), err)
		}
		all = append(all, content.Groups...)
	}
	out, err := json.Marshal(all)
	return string(out), err
})

// rules are one PrometheusRule with all groups.
func rules(in component.Input) ([]component.Object, error) {
	if !in.Facts.Installed(apis...) {
		return nil, nil
	}
	all, err := groupsOf(in.Cluster)
	if err != nil {
		return nil, err
	}
	return []component.Object{document(in.Cluster, observe.PrometheusRule, naming.Child(in.Cluster, naming.Monitoring),
		map[string]any{"groups": all})}, nil
}

// groupsOf a platform, without those that nothing is left of when alerts are not wanted.
func groupsOf(c *v1alpha1.XaTubeCluster) ([]group, error) {
	text, err := ruleTemplate()
	if err != nil {
		return nil, err
	}
	var all []group
	filled := strings.NewReplacer(placeNamespace, c.Namespace, placePlatform, c.Name).Replace(text)
	if err := json.Unmarshal([]byte(filled), &all); err != nil {
		return nil, fmt.Errorf("rendering the rules: %w", err)
	}
	if c.Spec.Monitoring.Alerts != v1alpha1.ToggleDisabled {
		return all, nil
	}
	for i := range all {
		all[i].Rules = slices.DeleteFunc(all[i].Rules, func(rule map[string]any) bool { return rule["alert"] != nil })
	}
	return slices.DeleteFunc(all, func(g group) bool { return len(g.Rules) == 0 }), nil
}
