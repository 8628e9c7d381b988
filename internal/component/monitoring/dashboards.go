package monitoring

import (
	"embed"
	"encoding/json"
	"fmt"
	"strings"

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

func dashboardsOf(c *v1alpha1.XaTubeCluster) ([]dashboard, error) {
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
		content, err := forPlatform(c, text)
		if err != nil {
			return nil, fmt.Errorf("rendering dashboard %s: %w", e.Name(), err)
		}
		out[i] = dashboard{e.Name(), content}
	}
	return out, nil
}

// forPlatform lets the dashboards of several platforms stand side by side in one Grafana: each has an identity and a
// title of its own, and opens on its platform.
func forPlatform(c *v1alpha1.XaTubeCluster, text []byte) (string, error) {
	var d map[string]any
	if err := json.Unmarshal(text, &d); err != nil {
		return "", err
	}
	identity, err := workload.Checksum(d["uid"], c.Namespace, c.Name)
	if err != nil {
		return "", err
	}
	d["uid"] = "xatube-" + identity
	d["title"] = fmt.Sprintf("%v · %s/%s", d["title"], c.Namespace, c.Name)
	templating, _ := d["templating"].(map[string]any)
	variables, _ := templating["list"].([]any)
	for _, v := range variables {
		variable, _ := v.(map[string]any)
		switch variable["name"] {
		case "namespace":
			variable["current"] = chosen(c.Namespace)
		case "platform":
			variable["current"] = chosen(c.Name)
		}
	}
	out, err := json.Marshal(d)
	return string(out), err
}

func chosen(value string) map[string]any {
	return map[string]any{"selected": true, "text": value, "value": value}
}
