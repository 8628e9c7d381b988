package monitoring

import (
	"embed"
	"encoding/json"
	"fmt"
	"strings"
	"sync"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component"
	"github.com/xatube/xatube-operator/internal/component/naming"
	"github.com/xatube/xatube-operator/internal/component/workload"
	"github.com/xatube/xatube-operator/internal/observe"
)

//go:embed dashboards/*.json
var dashboardFiles embed.FS

// labelDashboard is what the sidecar of Grafana's chart selects ConfigMaps by.
const labelDashboard = "grafana_dashboard"

// dashboard is one for one platform.
type dashboard struct{ file, content string }

// name of the ConfigMap and of the GrafanaDashboard.
func (d dashboard) name(c *v1alpha1.XaTubeCluster) string {
	return naming.Child(c, "dashboard-"+strings.TrimSuffix(d.file, ".json"))
}

// dashboards are ConfigMaps, and GrafanaDashboards where grafana-operator is.
func dashboards(in component.Input) ([]component.Object, error) {
	if !active(in) {
		return nil, nil
	}
	all, err := dashboardsOf(in.Cluster)
	if err != nil {
		return nil, err
	}
	var out []component.Object
	for _, d := range all {
		m := workload.ConfigMap(in, d.name(in.Cluster), naming.Monitoring, map[string]string{d.file: d.content})
		m.Labels[labelDashboard] = "1"
		out = append(out, m)
		if !in.Facts.Installed(observe.GrafanaDashboard) {
			continue
		}
		out = append(out, document(in.Cluster, observe.GrafanaDashboard, d.name(in.Cluster), map[string]any{
			// Every Grafana that grafana-operator runs, in whatever namespace it is.
			"instanceSelector":          matching(map[string]string{}),
			"allowCrossNamespaceImport": true,
			"configMapRef":              map[string]any{"name": d.name(in.Cluster), "key": d.file},
		}))
	}
	return out, nil
}

// The places of a dashboard, and of a file of rules, that differ from platform to platform.
const (
	placeNamespace = "[[.Namespace]]"
	placePlatform  = "[[.Platform]]"
	placeIdentity  = "[[.Identity]]"
)

// dashboardTemplates are prepared once: a pass must not read a megabyte of JSON.
var dashboardTemplates = sync.OnceValues(func() ([]dashboard, error) {
	entries, err := dashboardFiles.ReadDir("dashboards")
	if err != nil {
		return nil, fmt.Errorf("listing the dashboards: %w", err)
	}
	out := make([]dashboard, len(entries))
	for i, e := range entries {
		text, err := dashboardFiles.ReadFile("dashboards/" + e.Name())
		if err != nil {
			return nil, fmt.Errorf("reading dashboard %s: %w", e.Name(), err)
		}
		out[i].file = e.Name()
		if out[i].content, err = prepare(e.Name(), text); err != nil {
			return nil, fmt.Errorf("preparing dashboard %s: %w", e.Name(), err)
		}
	}
	return out, nil
})

// prepare a dashboard so that those of several platforms can stand side by side in one Grafana: each has an identity and a
// title of its own, and opens on its platform.
func prepare(file string, text []byte) (string, error) {
	var d map[string]any
	if err := json.Unmarshal(text, &d); err != nil {
		return "", err
	}
	d["uid"] = strings.TrimSuffix(file, ".json") + "-" + placeIdentity
	d["title"] = fmt.Sprintf("%v · %s/%s", d["title"], placeNamespace, placePlatform)
	templating, _ := d["templating"].(map[string]any)
	variables, _ := templating["list"].([]any)
	for _, v := range variables {
		variable, _ := v.(map[string]any)
		switch variable["name"] {
		case "namespace":
			variable["current"] = chosen(placeNamespace)
		case "platform":
			variable["current"] = chosen(placePlatform)
		}
	}
	out, err := json.Marshal(d)
	return string(out), err
}

func chosen(value string) map[string]any {
	return map[string]any{"selected": true, "text": value, "value": value}
}

// dashboardsOf a platform. Its namespace and name hold nothing that JSON would write otherwise.
func dashboardsOf(c *v1alpha1.XaTubeCluster) ([]dashboard, error) {
	templates, err := dashboardTemplates()
	if err != nil {
		return nil, err
	}
	identity, err := workload.Checksum(c.Namespace, c.Name)
	if err != nil {
		return nil, err
	}
	fill := strings.NewReplacer(placeNamespace, c.Namespace, placePlatform, c.Name, placeIdentity, identity)
	out := make([]dashboard, len(templates))
	for i, d := range templates {
		out[i] = dashboard{d.file, fill.Replace(d.content)}
	}
	return out, nil
}
