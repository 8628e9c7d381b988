// Package monitoring renders what lets a Prometheus scrape the platform, judge it and draw it: monitors, rules and
// dashboards, and a Prometheus, a Grafana and node-exporters of its own when they are asked for.
package monitoring

import (
	"errors"
	"fmt"
	"maps"
	"strings"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component"
	"github.com/xatube/xatube-operator/internal/component/naming"
	"github.com/xatube/xatube-operator/internal/credential"
	"github.com/xatube/xatube-operator/internal/observe"
)

// Component is the monitoring.
type Component struct{}

// New returns the component.
func New() Component { return Component{} }

// Name is the value of the component label.
func (Component) Name() string { return naming.Monitoring }

// Condition that Health fills.
func (Component) Condition() string { return v1alpha1.ConditionMonitoringReady }

// Needs no API for all that it does: what can be made without one is made, and Health tells of the rest.
func (Component) Needs(*v1alpha1.XaTubeCluster) []schema.GroupVersionKind { return nil }

// Credentials are the password of Grafana's administrator.
func (Component) Credentials(in component.Input) []credential.Request {
	if in.Cluster.Spec.Monitoring.Grafana == nil {
		return nil
	}
	return []credential.Request{{
		Component: naming.Grafana,
		Name:      naming.Child(in.Cluster, naming.Grafana),
		Data: func(g credential.Generator) map[string][]byte {
			return map[string][]byte{keyUsername: []byte(administrator), keyPassword: []byte(g.Password())}
		},
	}}
}

// Render what the installed APIs allow. One part that fails does not keep the others from being made.
func (Component) Render(in component.Input) ([]component.Object, error) {
	if !in.Cluster.Monitored() {
		return nil, nil
	}
	var out []component.Object
	var errs []error
	for _, part := range []func(component.Input) ([]component.Object, error){
		services, monitors, rules, dashboards, nodeExporter, prometheus, grafana,
	} {
		objects, err := part(in)
		out = append(out, objects...)
		errs = append(errs, err)
	}
	return out, errors.Join(errs...)
}

// apis are those of prometheus-operator without which nobody scrapes the platform.
var apis = []schema.GroupVersionKind{observe.ServiceMonitor, observe.PodMonitor, observe.PrometheusRule}

// active says that somebody is meant to look at the platform: by the spec, or because prometheus-operator is there.
func active(in component.Input) bool {
	m := in.Cluster.Spec.Monitoring
	asked := m.Mode == v1alpha1.MonitoringEnabled || m.Prometheus != nil || m.Grafana != nil
	return asked || in.Facts.Installed(apis...)
}

// lacking are the APIs that the spec insists on and that are not installed.
func lacking(in component.Input) string {
	m := in.Cluster.Spec.Monitoring
	var wanted []schema.GroupVersionKind
	if m.Mode == v1alpha1.MonitoringEnabled || m.Prometheus != nil {
		wanted = append(wanted, apis...)
	}
	if m.Prometheus != nil {
		wanted = append(wanted, observe.Prometheus)
	}
	var missing []string
	for _, gvk := range wanted {
		if !in.Facts.Installed(gvk) {
			missing = append(missing, gvk.Kind)
		}
	}
	if len(missing) == 0 {
		return ""
	}
	return fmt.Sprintf("%s (%s)", strings.Join(missing, ", "), observe.ServiceMonitor.GroupVersion())
}

// document is an object of an optional API. What a Prometheus selects carries the user's labels; the operator's own win.
func document(c *v1alpha1.XaTubeCluster, gvk schema.GroupVersionKind, name string, spec map[string]any) component.Document {
	labels := naming.Metadata(c.Spec.Monitoring.Labels)
	maps.Copy(labels, naming.Labels(c, naming.Monitoring))
	return component.Document{
		"apiVersion": gvk.GroupVersion().String(),
		"kind":       gvk.Kind,
		"metadata":   map[string]any{"name": name, "namespace": c.Namespace, "labels": labels},
		"spec":       spec,
	}
}
