package promql

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const (
	dashboardFolder = "../../internal/component/monitoring/dashboards"
	ruleFolder      = "../../internal/component/monitoring/rules"
)

type dashboard struct {
	UID, Title, Description string
	SchemaVersion           int
	Tags                    []string
	Templating              struct {
		List []struct {
			Name, Type, Definition string
			Datasource             source
		}
	}
	Panels []panel

	file, raw string
}

type source struct{ Type, UID string }

type panel struct {
	ID                       int
	Type, Title, Description string
	Datasource               source
	GridPos                  struct{ X, Y, W, H int }
	FieldConfig              struct {
		Defaults struct{ Unit string }
	}
	Targets []struct {
		RefID, Expr string
		Datasource  source
	}
}

func dashboards(t *testing.T) []dashboard {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dashboardFolder, "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	var all []dashboard
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		d := dashboard{file: filepath.Base(file), raw: string(raw)}
		if err := json.Unmarshal(raw, &d); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		all = append(all, d)
	}
	return all
}

func TestThereAreSixDashboards(t *testing.T) {
	all := dashboards(t)
	if len(all) != 6 {
		t.Errorf("%d dashboards, want 6", len(all))
	}
	seen := map[string]bool{}
	for _, d := range all {
		if seen[d.UID] || d.UID != "xatube-"+strings.TrimSuffix(d.file, ".json") {
			t.Errorf("%s has uid %q", d.file, d.UID)
		}
		seen[d.UID] = true
		if d.Title == "" || d.Description == "" || d.SchemaVersion < 39 || len(d.Tags) == 0 {
			t.Errorf("%s: title %q, description %q, schema %d, tags %q", d.file, d.Title, d.Description, d.SchemaVersion, d.Tags)
		}
	}
}

func TestVariablesChooseThePlatform(t *testing.T) {
	for _, d := range dashboards(t) {
		types := map[string]string{}
		for _, v := range d.Templating.List {
			types[v.Name] = v.Type
			if v.Type == "query" && v.Datasource.UID != "${datasource}" {
				t.Errorf("%s: variable %s asks %q", d.file, v.Name, v.Datasource.UID)
			}
		}
		if types["datasource"] != "datasource" || types["namespace"] != "query" || types["platform"] != "query" {
			t.Errorf("%s has the variables %v", d.file, types)
		}
	}
}

func TestPanelsExplainThemselves(t *testing.T) {
	for _, d := range dashboards(t) {
		ids, titles := map[int]bool{}, map[string]bool{}
		for _, p := range d.Panels {
			if ids[p.ID] || titles[p.Title] || p.Title == "" {
				t.Errorf("%s: panel %d %q is there twice, or has no title", d.file, p.ID, p.Title)
			}
			ids[p.ID], titles[p.Title] = true, true
			if !strings.HasSuffix(p.Description, ".") {
				t.Errorf("%s: panel %q has the description %q", d.file, p.Title, p.Description)
			}
			if p.FieldConfig.Defaults.Unit == "" {
				t.Errorf("%s: panel %q has no unit", d.file, p.Title)
			}
			if len(p.Targets) == 0 {
				t.Errorf("%s: panel %q asks nothing", d.file, p.Title)
			}
			for _, target := range p.Targets {
				if p.Datasource.UID != "${datasource}" || target.Datasource.UID != "${datasource}" {
					t.Errorf("%s: panel %q asks a Prometheus of its own", d.file, p.Title)
				}
			}
		}
	}
}

// Ten seconds suffice for what fits on two screens.
func TestPanelsAreLaidOut(t *testing.T) {
	for _, d := range dashboards(t) {
		if len(d.Panels) > 24 {
			t.Errorf("%s has %d panels", d.file, len(d.Panels))
		}
		taken := map[[2]int]string{}
		for _, p := range d.Panels {
			g := p.GridPos
			if g.X < 0 || g.W <= 0 || g.H <= 0 || g.X+g.W > 24 {
				t.Errorf("%s: panel %q lies at %+v", d.file, p.Title, g)
			}
			for x := g.X; x < g.X+g.W; x++ {
				for y := g.Y; y < g.Y+g.H; y++ {
					if other := taken[[2]int{x, y}]; other != "" {
						t.Fatalf("%s: panels %q and %q overlap", d.file, p.Title, other)
					}
					taken[[2]int{x, y}] = p.Title
				}
			}
		}
	}
}

var needed = regexp.MustCompile(`Needs (cAdvisor|the metrics of the kubelets|node-exporter)`)

// What does not come with every Prometheus is said where it is missed.
func TestResourcePanelsSayWhatTheyNeed(t *testing.T) {
	for _, d := range dashboards(t) {
		if d.file != "resource-utilization.json" {
			continue
		}
		for _, p := range d.Panels {
			if !needed.MatchString(p.Description) {
				t.Errorf("%s: panel %q does not say what it needs", d.file, p.Title)
			}
		}
	}
}
