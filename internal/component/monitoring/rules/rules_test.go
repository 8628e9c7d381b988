// Package rules_test proves the rules with promtool: what they are made of, and for each alert when it fires and when not.
package rules_test

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"text/template"

	"sigs.k8s.io/yaml"
)

const (
	runbooks   = "../../../../docs/runbooks"
	runbookURL = "https://github.com/xatube/xatube-operator/blob/main/docs/runbooks/"
)

// platform is whose rules are tried.
var platform = struct{ Namespace, Platform string }{"tube", "demo"}

type rule struct {
	Record, Alert, Expr, For string
	Labels                   map[string]string
	Annotations              map[string]string
}

type ruleFile struct {
	Groups []struct {
		Name  string
		Rules []rule
	}
}

type testFile struct {
	Tests []struct {
		AlertRuleTest []struct {
			Alertname string
			ExpAlerts []any `json:"exp_alerts"`
		} `json:"alert_rule_test"`
	}
}

func files(t *testing.T, pattern string) []string {
	t.Helper()
	found, err := filepath.Glob(pattern)
	if err != nil || len(found) == 0 {
		t.Fatalf("%s: %d files, %v", pattern, len(found), err)
	}
	return found
}

// render writes the rules of the platform and their tests into one folder, and returns the paths of both.
func render(t *testing.T) (rules, tests []string) {
	t.Helper()
	dir := t.TempDir()
	write := func(name string, content []byte) string {
		path := filepath.Join(dir, filepath.Base(name))
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for _, name := range files(t, "*.yaml") {
		parsed, err := template.New(name).Delims("[[", "]]").ParseFiles(name)
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		if err := parsed.Option("missingkey=error").Execute(&out, platform); err != nil {
			t.Fatal(err)
		}
		rules = append(rules, write(name, out.Bytes()))
	}
	for _, name := range files(t, "testdata/*_test.yaml") {
		tests = append(tests, write(name, read(t, name)))
	}
	return rules, tests
}

func read(t *testing.T, name string) []byte {
	t.Helper()
	raw, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func parse[F any](t *testing.T, name string) F {
	t.Helper()
	var file F
	if err := yaml.Unmarshal(read(t, name), &file); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return file
}

func alerts(t *testing.T) map[string]rule {
	t.Helper()
	rules, _ := render(t)
	found := map[string]rule{}
	for _, name := range rules {
		for _, group := range parse[ruleFile](t, name).Groups {
			for _, r := range group.Rules {
				if _, twice := found[r.Alert]; twice {
					t.Errorf("%s is there twice", r.Alert)
				}
				if r.Alert != "" {
					found[r.Alert] = r
				}
			}
		}
	}
	return found
}

// promtool is that of XATUBE_PROMTOOL, or the one on the PATH.
func promtool(t *testing.T, args ...string) {
	t.Helper()
	program, err := exec.LookPath(cmp.Or(os.Getenv("XATUBE_PROMTOOL"), "promtool"))
	if err != nil {
		t.Skip("no promtool on PATH and XATUBE_PROMTOOL is not set: the rules cannot be tried")
	}
	if out, err := exec.Command(program, args...).CombinedOutput(); err != nil {
		t.Errorf("promtool %s %s: %v\n%s", args[0], args[1], err, out)
	}
}

func TestPromtoolFindsNoFault(t *testing.T) {
	rules, _ := render(t)
	promtool(t, append([]string{"check", "rules", "--lint=all", "--lint-fatal"}, rules...)...)
}

func TestRulesDoWhatTheyPromise(t *testing.T) {
	_, tests := render(t)
	promtool(t, append([]string{"test", "rules"}, tests...)...)
}

// The rules of two platforms live side by side in one Prometheus: each must name its own.
func TestRulesNameTheirPlatform(t *testing.T) {
	rules, _ := render(t)
	for _, name := range rules {
		for _, group := range parse[ruleFile](t, name).Groups {
			if !strings.HasPrefix(group.Name, "xatube.tube.demo.") {
				t.Errorf("%s: group %s is not the platform's alone", filepath.Base(name), group.Name)
			}
			for _, r := range group.Rules {
				if !strings.Contains(r.Expr, `namespace="tube"`) {
					t.Errorf("%s asks for every namespace", r.Alert+r.Record)
				}
			}
		}
	}
}

func TestEveryAlertIsTriedBothWays(t *testing.T) {
	fires, quiet := map[string]bool{}, map[string]bool{}
	for _, name := range files(t, "testdata/*_test.yaml") {
		for _, test := range parse[testFile](t, name).Tests {
			for _, tried := range test.AlertRuleTest {
				outcome := quiet
				if len(tried.ExpAlerts) > 0 {
					outcome = fires
				}
				outcome[tried.Alertname] = true
			}
		}
	}
	for name := range alerts(t) {
		if !fires[name] {
			t.Errorf("no test lets %s fire", name)
		}
		if !quiet[name] {
			t.Errorf("no test keeps %s from firing", name)
		}
	}
}

func TestEveryAlertTellsWhatToDo(t *testing.T) {
	for name, alert := range alerts(t) {
		if severity := alert.Labels["severity"]; !slices.Contains([]string{"critical", "warning", "info"}, severity) {
			t.Errorf("%s has severity %q", name, severity)
		}
		for _, key := range []string{"summary", "description"} {
			if alert.Annotations[key] == "" {
				t.Errorf("%s has no %s", name, key)
			}
		}
		if url := alert.Annotations["runbook_url"]; url != runbookURL+name+".md" {
			t.Errorf("%s has the runbook %q", name, url)
		}
	}
}

func TestEveryAlertHasARunbook(t *testing.T) {
	all := alerts(t)
	index := string(read(t, filepath.Join(runbooks, "README.md")))
	for name, alert := range all {
		runbook := string(read(t, filepath.Join(runbooks, name+".md")))
		for _, part := range []string{"# " + name + "\n", "## Meaning\n", "## Impact\n", "## Diagnosis\n", "## Mitigation\n", "```console\n"} {
			if !strings.Contains(runbook, part) {
				t.Errorf("the runbook of %s lacks %q", name, part)
			}
		}
		row := fmt.Sprintf("| [%s](%s.md) | %s | %s |\n", name, name, alert.Labels["severity"], cmp.Or(alert.For, "at once"))
		if !strings.Contains(index, row) {
			t.Errorf("the list of runbooks lacks %q", row)
		}
	}
	for _, path := range files(t, filepath.Join(runbooks, "XaTube*.md")) {
		if name := strings.TrimSuffix(filepath.Base(path), ".md"); all[name].Alert == "" {
			t.Errorf("there is no alert for the runbook %s; there are %v", name, slices.Sorted(maps.Keys(all)))
		}
	}
}
