package scene

import (
	"context"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/xatube/xatube-operator/internal/eck"
	"github.com/xatube/xatube-operator/internal/observe"
)

// Installed are optional APIs that neither come nor go.
type Installed map[schema.GroupVersionKind]bool

// Installed tells which there are.
func (i Installed) Installed(context.Context) (map[schema.GroupVersionKind]bool, error) {
	return i, nil
}

// EveryAPI that the operator knows, as on the server of StartServer.
func EveryAPI() Installed {
	all := Installed{}
	for _, gvk := range []schema.GroupVersionKind{
		observe.CNPGCluster, observe.CNPGPooler, observe.CNPGScheduledBackup, observe.ObjectStore, observe.ServiceMonitor,
		observe.PodMonitor, observe.PrometheusRule, observe.Prometheus, observe.GrafanaDashboard, observe.HTTPRoute,
		observe.TCPRoute, eck.ElasticsearchKind, eck.KibanaKind,
	} {
		all[gvk] = true
	}
	return all
}
