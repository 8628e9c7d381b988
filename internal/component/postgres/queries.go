package postgres

import (
	_ "embed"

	"github.com/xatube/xatube-operator/internal/component"
	"github.com/xatube/xatube-operator/internal/component/naming"
	"github.com/xatube/xatube-operator/internal/component/workload"
)

const (
	fileQueries = "queries.yaml"
	// labelReload makes CloudNativePG read the ConfigMap again when it changes.
	labelReload = "cnpg.io/reload"
)

//go:embed file/queries.yaml
var queriesFile string

func queriesName(in component.Input) string {
	return naming.Child(in.Cluster, naming.Postgres) + "-queries"
}

// queries of CloudNativePG's exporter beside its own, if the platform is monitored.
func queries(in component.Input) []component.Object {
	if !in.Cluster.Monitored() {
		return nil
	}
	m := workload.ConfigMap(in, queriesName(in), naming.Postgres, map[string]string{fileQueries: queriesFile})
	m.Labels[labelReload] = ""
	return []component.Object{m}
}

// monitoring is where CloudNativePG finds them.
func monitoring(in component.Input) map[string]any {
	return map[string]any{"customQueriesConfigMap": []map[string]any{{"name": queriesName(in), "key": fileQueries}}}
}
