package monitoring

import (
	"bytes"
	"embed"
	"fmt"
	"slices"
	"text/template"

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

var ruleTemplates = template.Must(template.New("").Delims("[[", "]]").Option("missingkey=error").ParseFS(ruleFiles, "rules/*.yaml"))

// group of rules, as in a file of Prometheus and in a PrometheusRule.
type group struct {
	Name   string            `json:"name"`
	Labels map[string]string `json:"labels,omitempty"`
	Rules  []map[string]any  `json:"rules"`
}

// rules are one PrometheusRule with all groups.
func rules(in component.Input) ([]component.Object, error) {
	if !in.Facts.Installed(apis...) {
		return nil, nil
	}
	entries, err := ruleFiles.ReadDir("rules")
	if err != nil {
		return nil, fmt.Errorf("listing the rules: %w", err)
	}
	var groups []any
	for _, e := range entries {
		of, err := groupsOf(in.Cluster, e.Name())
		if err != nil {
			return nil, err
		}
		for _, g := range of {
			groups = append(groups, g)
		}
	}
	return []component.Object{document(in.Cluster, observe.PrometheusRule, naming.Child(in.Cluster, naming.Monitoring),
		map[string]any{"groups": groups})}, nil
}

// groupsOf a file, without those that nothing is left of when alerts are not wanted.
func groupsOf(c *v1alpha1.XaTubeCluster, file string) ([]group, error) {
	var text bytes.Buffer
	platform := struct{ Namespace, Platform string }{c.Namespace, c.Name}
	if err := ruleTemplates.ExecuteTemplate(&text, file, platform); err != nil {
		return nil, fmt.Errorf("rendering the rules of %s: %w", file, err)
	}
	var content struct {
		Groups []group `json:"groups"`
	}
	if err := yaml.UnmarshalStrict(text.Bytes(), &content); err != nil {
		return nil, fmt.Errorf("reading the rules of %s: %w", file, err)
	}
	if c.Spec.Monitoring.Alerts != v1alpha1.ToggleDisabled {
		return content.Groups, nil
	}
	var recording []group
	for _, g := range content.Groups {
		g.Rules = slices.DeleteFunc(g.Rules, func(rule map[string]any) bool { return rule["alert"] != nil })
		if len(g.Rules) > 0 {
			recording = append(recording, g)
		}
	}
	return recording, nil
}
