package promql

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
	"sigs.k8s.io/yaml"
)

// The names that stand in for the variables: no query holds them by chance.
const (
	namespace = "chosen-namespace"
	platform  = "chosen-platform"
)

var variables = strings.NewReplacer("$namespace", namespace, "$platform", platform, "$__rate_interval", "1m",
	"[[.Namespace]]", namespace, "[[.Platform]]", platform)

type rule struct{ Record, Alert, Expr string }

func rules(t *testing.T) []rule {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(ruleFolder, "*.yaml"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%d files of rules, %v", len(files), err)
	}
	var all []rule
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var content struct{ Groups []struct{ Rules []rule } }
		if err := yaml.Unmarshal(raw, &content); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		for _, group := range content.Groups {
			all = append(all, group.Rules...)
		}
	}
	return all
}

// selectors of a query, by Prometheus' own parser.
func selectors(t *testing.T, where, query string) []*parser.VectorSelector {
	t.Helper()
	expr, err := parser.NewParser(parser.Options{}).ParseExpr(variables.Replace(query))
	if err != nil {
		t.Errorf("%s: %s: %v", where, query, err)
		return nil
	}
	var found []*parser.VectorSelector
	parser.Inspect(expr, func(node parser.Node, _ []parser.Node) error {
		if selector, ok := node.(*parser.VectorSelector); ok {
			found = append(found, selector)
		}
		return nil
	})
	return found
}

// eachSelector visits what dashboards and rules ask for.
func eachSelector(t *testing.T, visit func(where string, s *parser.VectorSelector)) {
	t.Helper()
	for _, d := range dashboards(t) {
		for _, p := range d.Panels {
			for _, target := range p.Targets {
				where := d.file + ": " + p.Title
				for _, s := range selectors(t, where, target.Expr) {
					visit(where, s)
				}
			}
		}
	}
	for _, r := range rules(t) {
		for _, s := range selectors(t, r.Record+r.Alert, r.Expr) {
			visit(r.Record+r.Alert, s)
		}
	}
}

func TestMetricsAreKnown(t *testing.T) {
	known := slices.Clone(metrics)
	for _, r := range rules(t) {
		known = append(known, r.Record)
	}
	asked := map[string]bool{}
	eachSelector(t, func(where string, s *parser.VectorSelector) {
		if !slices.Contains(known, s.Name) {
			t.Errorf("%s: nothing is known to export %s", where, s.Name)
		}
		asked[s.Name] = true
	})
	for _, name := range known {
		if name != "" && !asked[name] {
			t.Errorf("nobody asks for %s", name)
		}
	}
}

// A name that is not a variable would show another platform's data, or none.
func TestQueriesNameThePlatformByVariables(t *testing.T) {
	eachSelector(t, func(where string, s *parser.VectorSelector) {
		if strings.HasPrefix(s.Name, "node_") {
			return // of nodes, not of a platform
		}
		ours := map[string]bool{}
		for _, m := range s.LabelMatchers {
			switch m.Name {
			case "namespace":
				ours["namespace"] = m.Type == labels.MatchEqual && m.Value == namespace
			case "platform", "name":
				ours["platform"] = m.Type == labels.MatchEqual && m.Value == platform
			case "pod", "persistentvolumeclaim":
				ours["platform"] = m.Type == labels.MatchRegexp && strings.Contains(m.Value, platform+"-(")
			case "instance", "job", "cluster", "node":
				t.Errorf("%s: %s is chosen by %s", where, s.Name, m)
			}
		}
		if !ours["namespace"] || !ours["platform"] {
			t.Errorf("%s: %s is not that of the chosen platform", where, s)
		}
	})
}

// What the dashboards show at a glance is computed once, by the rules.
func TestEveryDashboardUsesRecordings(t *testing.T) {
	for _, d := range dashboards(t) {
		used := 0
		for _, r := range rules(t) {
			if r.Record != "" && strings.Contains(d.raw, r.Record+"{") {
				used++
			}
		}
		if used == 0 {
			t.Errorf("%s uses no recording rule", d.file)
		}
	}
}

// metricName is what a runbook calls a metric.
var metricName = regexp.MustCompile("`((?:api|barman|cnpg|container|kubelet|nginx|node|rabbitmq|redis|xatube)_[a-z0-9_]+)`")

// C15. A runbook names no metric that nobody exports.
func TestRunbooksNameKnownMetrics(t *testing.T) {
	files, err := filepath.Glob("../../docs/runbooks/*.md")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d runbooks, %v", len(files), err)
	}
	found := 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range metricName.FindAllStringSubmatch(string(text), -1) {
			found++
			known := slices.ContainsFunc(metrics, func(name string) bool { return strings.TrimSuffix(name, "_bucket") == m[1] })
			if !known {
				t.Errorf("%s: nothing is known to export %s", filepath.Base(file), m[1])
			}
		}
	}
	if found == 0 {
		t.Error("no runbook names a metric")
	}
}
