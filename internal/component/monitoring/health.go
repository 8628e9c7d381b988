package monitoring

import (
	"cmp"
	"fmt"

	monitoringv1 "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component"
	"github.com/xatube/xatube-operator/internal/component/hibernation"
	"github.com/xatube/xatube-operator/internal/component/naming"
	"github.com/xatube/xatube-operator/internal/component/workload"
)

// Provider is what to install for the APIs.
const Provider = "prometheus-operator 0.78 or newer (github.com/prometheus-operator/prometheus-operator)"

// Health of the monitoring: what runs for it, then what is not installed.
func (Component) Health(in component.Input) component.Health {
	spec := in.Cluster.Spec.Monitoring
	if !in.Cluster.Monitored() {
		return component.Off(v1alpha1.ReasonDisabled, "spec.monitoring.mode is Disabled")
	}
	for _, part := range []struct {
		asked bool
		judge func(component.Input) component.Health
	}{
		{spec.Grafana != nil, grafanaOf},
		{spec.NodeExporter != nil && !hibernation.Wanted(in.Cluster), nodeExporters},
		{spec.Prometheus != nil && lacking(in) == "", serverOf},
	} {
		if !part.asked {
			continue
		}
		if h := part.judge(in); !h.Healthy() {
			return h
		}
	}
	switch missing := lacking(in); {
	case missing != "":
		return component.NotReady(v1alpha1.ReasonAPINotInstalled, fmt.Sprintf(
			"the API %s is not installed: install %s; the operator goes on by itself", missing, Provider))
	case !in.Facts.Installed(apis...):
		return component.Off(v1alpha1.ReasonDisabled, fmt.Sprintf(
			"the APIs of prometheus-operator (%s) are not installed, and spec.monitoring.mode Auto does without",
			monitoringv1.SchemeGroupVersion))
	case hibernation.Wanted(in.Cluster):
		return hibernation.Asleep("there is nothing to monitor")
	}
	return component.Ready("monitors, rules and dashboards are in place")
}

func grafanaOf(in component.Input) component.Health {
	return workload.DeploymentHealth(in, naming.Grafana)
}

func nodeExporters(in component.Input) component.Health {
	return workload.DaemonSetHealth(in, naming.NodeExporter)
}

// serverOf judges the Prometheus by what prometheus-operator says of it.
func serverOf(in component.Input) component.Health {
	name := naming.Child(in.Cluster, naming.Prometheus)
	p := in.Facts.Prometheus
	if p == nil {
		return component.NotReady(v1alpha1.ReasonProgressing, fmt.Sprintf("Prometheus %s does not exist yet", name))
	}
	if hibernation.Wanted(in.Cluster) {
		return hibernation.Asleep("Prometheus is stopped, and its samples are kept if they are on a volume")
	}
	if h, refused := workload.Refused(in, "StatefulSet", statefulSet(in.Cluster)); refused {
		return h
	}
	for _, kind := range []monitoringv1.ConditionType{monitoringv1.Reconciled, monitoringv1.Available} {
		c := conditionOf(p, kind)
		switch {
		case c == nil || c.ObservedGeneration < p.Generation:
			return component.NotReady(v1alpha1.ReasonProgressing, fmt.Sprintf("prometheus-operator has not seen Prometheus %s yet", name))
		case c.Status != monitoringv1.ConditionTrue:
			return component.NotReady(v1alpha1.ReasonProgressing, fmt.Sprintf(
				"Prometheus %s is not %s: %s; see kubectl describe prometheus %s", name, kind, cmp.Or(c.Message, c.Reason), name))
		}
	}
	return component.Ready("Prometheus runs")
}

func conditionOf(p *monitoringv1.Prometheus, kind monitoringv1.ConditionType) *monitoringv1.Condition {
	for i := range p.Status.Conditions {
		if p.Status.Conditions[i].Type == kind {
			return &p.Status.Conditions[i]
		}
	}
	return nil
}
