package monitoring_test

import (
	"bytes"
	"encoding/json"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	monitoringv1 "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/apply"
	"github.com/xatube/xatube-operator/internal/component"
	"github.com/xatube/xatube-operator/internal/component/monitoring"
	"github.com/xatube/xatube-operator/internal/golden"
	"github.com/xatube/xatube-operator/internal/observe"
)

// scraping are the APIs without which nothing is scraped.
var scraping = []schema.GroupVersionKind{observe.ServiceMonitor, observe.PodMonitor, observe.PrometheusRule}

func install(in *component.Input, apis ...schema.GroupVersionKind) {
	in.Facts.APIs = map[schema.GroupVersionKind]bool{}
	for _, gvk := range apis {
		in.Facts.APIs[gvk] = true
	}
}

func input(t *testing.T, name string, apis ...schema.GroupVersionKind) component.Input {
	t.Helper()
	in := golden.Input(t, filepath.Join("testdata", name, "in.yaml"), monitoring.New())
	install(&in, apis...)
	return in
}

func render(t *testing.T, in component.Input) []*unstructured.Unstructured {
	t.Helper()
	objects, err := monitoring.New().Render(in)
	if err != nil {
		t.Fatal(err)
	}
	out := make([]*unstructured.Unstructured, len(objects))
	for i, o := range objects {
		if out[i], err = apply.Object(o); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

// TestRender compares all but rules and dashboards, which have tests of their own: each change of them would change all
// cases.
func TestRender(t *testing.T) {
	cases := map[string][]schema.GroupVersionKind{
		"minimal":   scraping,
		"absent":    nil,
		"recording": scraping,
		"full":      append(slices.Clone(scraping), observe.Prometheus),
	}
	for name, apis := range cases {
		t.Run(name, func(t *testing.T) {
			objects, err := monitoring.New().Render(input(t, name, apis...))
			if err != nil {
				t.Fatal(err)
			}
			var compared []component.Object
			for _, o := range objects {
				u, err := apply.Object(o)
				if err != nil {
					t.Fatal(err)
				}
				if u.GetKind() != "PrometheusRule" && u.GetLabels()["grafana_dashboard"] == "" {
					compared = append(compared, o)
				}
			}
			golden.Compare(t, filepath.Join("testdata", name, "want.yaml"), golden.Documents(t, compared))
		})
	}
}

func TestNothingIsMade(t *testing.T) {
	for _, tt := range []struct {
		name string
		mode v1alpha1.MonitoringMode
		apis []schema.GroupVersionKind
	}{
		{"while prometheus-operator is absent", v1alpha1.MonitoringAuto, nil},
		{"when monitoring is switched off", v1alpha1.MonitoringDisabled, scraping},
	} {
		t.Run(tt.name, func(t *testing.T) {
			in := input(t, "minimal", tt.apis...)
			in.Cluster.Spec.Monitoring.Mode = tt.mode
			if got := render(t, in); len(got) != 0 {
				t.Errorf("got %d objects, the first is %s %s", len(got), got[0].GetKind(), got[0].GetName())
			}
			if h := monitoring.New().Health(in); !h.Healthy() {
				t.Errorf("got %+v", h)
			}
		})
	}
}

// TestEverySeriesSaysWhatItIsOf: rules and dashboards rest on these labels.
func TestEverySeriesSaysWhatItIsOf(t *testing.T) {
	for _, u := range render(t, input(t, "full", scraping...)) {
		field := map[string]string{"ServiceMonitor": "endpoints", "PodMonitor": "podMetricsEndpoints"}[u.GetKind()]
		if field == "" {
			continue
		}
		endpoints, _, err := unstructured.NestedSlice(u.Object, "spec", field)
		if err != nil || len(endpoints) == 0 {
			t.Fatalf("%s has endpoints %v: %v", u.GetName(), endpoints, err)
		}
		for _, e := range endpoints {
			var labels []string
			for _, r := range e.(map[string]any)["relabelings"].([]any) {
				if label, found := r.(map[string]any)["targetLabel"].(string); found {
					labels = append(labels, label)
				}
			}
			for _, want := range []string{"platform", "component", "instance"} {
				if !slices.Contains(labels, want) {
					t.Errorf("%s %s gives no label %s", u.GetKind(), u.GetName(), want)
				}
			}
		}
	}
}

// TestDocumentsAreOfTheirKind: a field that the API server does not know, it would drop without a word.
func TestDocumentsAreOfTheirKind(t *testing.T) {
	kinds := map[string]func() any{
		"ServiceMonitor": func() any { return &monitoringv1.ServiceMonitor{} },
		"PodMonitor":     func() any { return &monitoringv1.PodMonitor{} },
		"PrometheusRule": func() any { return &monitoringv1.PrometheusRule{} },
		"Prometheus":     func() any { return &monitoringv1.Prometheus{} },
	}
	seen := map[string]bool{}
	for _, u := range render(t, input(t, "full", append(slices.Clone(scraping), observe.Prometheus)...)) {
		empty, found := kinds[u.GetKind()]
		if !found {
			continue
		}
		seen[u.GetKind()] = true
		text, err := u.MarshalJSON()
		if err != nil {
			t.Fatal(err)
		}
		d := json.NewDecoder(bytes.NewReader(text))
		d.DisallowUnknownFields()
		if err := d.Decode(empty()); err != nil {
			t.Errorf("%s %s: %v", u.GetKind(), u.GetName(), err)
		}
	}
	if len(seen) != len(kinds) {
		t.Errorf("only %v were looked at", seen)
	}
}

// C8. Upstream labels by raw paths, keys of streams among them, and by the number of each stream.
func TestUnboundedMetricsAreNotStored(t *testing.T) {
	for _, u := range render(t, input(t, "minimal", scraping...)) {
		if u.GetKind() != "ServiceMonitor" || u.GetName() != "demo-backend" {
			continue
		}
		m := &monitoringv1.ServiceMonitor{}
		if err := runtime.DefaultUnstructuredConverter.FromUnstructured(u.Object, m); err != nil {
			t.Fatal(err)
		}
		c := m.Spec.Endpoints[0].MetricRelabelConfigs[0]
		if c.Action != "drop" || len(c.SourceLabels) != 1 || c.SourceLabels[0] != "__name__" {
			t.Fatalf("got %+v", c)
		}
		// Prometheus anchors it.
		dropped := regexp.MustCompile("^(?:" + c.Regex + ")$")
		for name, want := range map[string]bool{
			"api_requests_total": true, "api_requests_created": true, "api_request_duration_seconds_bucket": true,
			"api_request_duration_seconds_sum": true, "api_request_duration_seconds_count": true,
			"api_request_duration_seconds_created": true, "stream_views_total": true, "stream_views_created": true,
			"process_cpu_seconds_total": false, "up": false, "active_streams_total": false,
		} {
			if dropped.MatchString(name) != want {
				t.Errorf("%s is dropped: %v, want %v", name, !want, want)
			}
		}
		return
	}
	t.Fatal("there is no monitor of the backend")
}

// rule is the PrometheusRule of a case.
func rule(t *testing.T, name string) *monitoringv1.PrometheusRule {
	t.Helper()
	for _, u := range render(t, input(t, name, scraping...)) {
		if u.GetKind() != "PrometheusRule" {
			continue
		}
		out := &monitoringv1.PrometheusRule{}
		if err := runtime.DefaultUnstructuredConverter.FromUnstructured(u.Object, out); err != nil {
			t.Fatal(err)
		}
		return out
	}
	t.Fatalf("%s has no rules", name)
	return nil
}

func TestRules(t *testing.T) {
	alerts, names := 0, map[string]bool{}
	for _, g := range rule(t, "minimal").Spec.Groups {
		if names[g.Name] || len(g.Rules) == 0 || strings.Contains(g.Name, "[[") {
			t.Errorf("group %q is there twice, is empty, or has a placeholder left", g.Name)
		}
		names[g.Name] = true
		for _, r := range g.Rules {
			if r.Alert != "" {
				alerts++
			}
			if strings.Contains(r.Expr.String(), "[[") {
				t.Errorf("a placeholder is left in %s", r.Expr.String())
			}
		}
	}
	if alerts == 0 {
		t.Error("there are no alerts")
	}
}

func TestAlertsAreSwitchedOff(t *testing.T) {
	groups := rule(t, "recording").Spec.Groups
	if len(groups) == 0 {
		t.Error("no recording rule is left")
	}
	for _, g := range groups {
		for _, r := range g.Rules {
			if r.Alert != "" || len(g.Rules) == 0 {
				t.Errorf("alert %s is left", r.Alert)
			}
		}
	}
}

// dashboard is what matters of one when there are several platforms.
type dashboard struct {
	UID, Title string
	Templating struct {
		List []struct {
			Name    string
			Current struct{ Value any }
		}
	}
}

func (d dashboard) opensOn(variable string) any {
	for _, v := range d.Templating.List {
		if v.Name == variable {
			return v.Current.Value
		}
	}
	return nil
}

func dashboardsOf(t *testing.T, platform string) map[string]dashboard {
	t.Helper()
	in := input(t, "minimal", scraping...)
	in.Cluster.Name = platform
	out := map[string]dashboard{}
	for _, u := range render(t, in) {
		if u.GetLabels()["grafana_dashboard"] != "1" {
			continue
		}
		data, _, _ := unstructured.NestedStringMap(u.Object, "data")
		for file, text := range data {
			var d dashboard
			if err := json.Unmarshal([]byte(text), &d); err != nil {
				t.Fatal(err)
			}
			out[file] = d
		}
	}
	return out
}

// TestDashboardsOfTwoPlatforms must fit into one Grafana, which takes identities of at most 40 characters.
func TestDashboardsOfTwoPlatforms(t *testing.T) {
	identities := map[string]bool{}
	for _, name := range []string{"demo", "other"} {
		for file, d := range dashboardsOf(t, name) {
			if identities[d.UID] || len(d.UID) > 40 || !strings.Contains(d.Title, "tube/"+name) {
				t.Errorf("%s has uid %q and title %q", file, d.UID, d.Title)
			}
			identities[d.UID] = true
			if d.opensOn("namespace") != "tube" || d.opensOn("platform") != name {
				t.Errorf("%s opens on %v/%v", file, d.opensOn("namespace"), d.opensOn("platform"))
			}
		}
	}
	if len(identities) < 12 {
		t.Errorf("got dashboards %v", identities)
	}
}

func TestGrafanaDashboards(t *testing.T) {
	configMaps, dashboards := 0, 0
	for _, u := range render(t, input(t, "minimal", append(slices.Clone(scraping), observe.GrafanaDashboard)...)) {
		switch {
		case u.GetKind() == "GrafanaDashboard":
			dashboards++
			if name, _, _ := unstructured.NestedString(u.Object, "spec", "configMapRef", "name"); name != u.GetName() {
				t.Errorf("%s takes its content from %q", u.GetName(), name)
			}
		case u.GetLabels()["grafana_dashboard"] == "1":
			configMaps++
		}
	}
	if dashboards == 0 || dashboards != configMaps {
		t.Errorf("%d GrafanaDashboards for %d ConfigMaps", dashboards, configMaps)
	}
}

func TestHealthOfAbsentAPIs(t *testing.T) {
	in := input(t, "absent")
	in.Facts.DaemonSets = map[string]*appsv1.DaemonSet{"demo-node-exporter": {}}
	h := monitoring.New().Health(in)
	if h.Reason != v1alpha1.ReasonAPINotInstalled || !strings.Contains(h.Message, "ServiceMonitor, PodMonitor, PrometheusRule (monitoring.coreos.com/v1)") {
		t.Errorf("got %+v", h)
	}
	install(&in, scraping...)
	if h := monitoring.New().Health(in); !h.Healthy() {
		t.Errorf("got %+v", h)
	}
	delete(in.Facts.DaemonSets, "demo-node-exporter")
	if h := monitoring.New().Health(in); h.Reason != v1alpha1.ReasonProgressing {
		t.Errorf("got %+v", h)
	}
}

func TestHealthOfPrometheus(t *testing.T) {
	in := input(t, "minimal", append(slices.Clone(scraping), observe.Prometheus)...)
	in.Cluster.Spec.Monitoring.Prometheus = &v1alpha1.PrometheusSpec{}
	for _, tt := range []struct {
		name                  string
		reconciled, available monitoringv1.ConditionStatus
		healthy               bool
	}{
		{"both", monitoringv1.ConditionTrue, monitoringv1.ConditionTrue, true},
		{"not available", monitoringv1.ConditionTrue, monitoringv1.ConditionFalse, false},
		{"degraded", monitoringv1.ConditionTrue, monitoringv1.ConditionDegraded, false},
		{"not reconciled", monitoringv1.ConditionFalse, monitoringv1.ConditionTrue, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			in.Facts.Prometheus = &monitoringv1.Prometheus{Status: monitoringv1.PrometheusStatus{Conditions: []monitoringv1.Condition{
				{Type: monitoringv1.Reconciled, Status: tt.reconciled}, {Type: monitoringv1.Available, Status: tt.available},
			}}}
			if h := monitoring.New().Health(in); h.Healthy() != tt.healthy {
				t.Errorf("got %+v", h)
			}
			in.Facts.Prometheus.Generation = 2
			if h := monitoring.New().Health(in); h.Healthy() {
				t.Errorf("healthy before prometheus-operator has seen it: %+v", h)
			}
		})
	}
	in.Facts.Refusals = map[string]string{"prometheus-demo-prometheus": "violates PodSecurity"}
	if h := monitoring.New().Health(in); h.Reason != v1alpha1.ReasonPodRefused || !strings.Contains(h.Message, "violates PodSecurity") {
		t.Errorf("got %+v", h)
	}
	in.Facts.Prometheus = nil
	if h := monitoring.New().Health(in); h.Reason != v1alpha1.ReasonProgressing {
		t.Errorf("got %+v", h)
	}
	install(&in, scraping...)
	if h := monitoring.New().Health(in); h.Reason != v1alpha1.ReasonAPINotInstalled || !strings.Contains(h.Message, "Prometheus (") {
		t.Errorf("got %+v", h)
	}
}

func TestThePasswordOfGrafanaIsGenerated(t *testing.T) {
	requests := monitoring.New().Credentials(input(t, "full"))
	if len(requests) != 1 || requests[0].Name != "demo-grafana" {
		t.Fatalf("got %+v", requests)
	}
	if len(monitoring.New().Credentials(input(t, "minimal"))) != 0 {
		t.Error("a Secret is made for a Grafana that nobody wants")
	}
}
