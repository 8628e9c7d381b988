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
	// defaultQueriesConfigMap is the name that CloudNativePG gives its own queries in every namespace.
	defaultQueriesConfigMap = "cnpg-default-monitoring"
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

// monitoring is where CloudNativePG finds them. Its webhook puts its own queries into the same list; they are repeated
// here, since the list belongs to whoever applies it and would differ otherwise.
func monitoring(in component.Input) map[string]any {
	var sources []map[string]any
	if live := in.Facts.Database; live != nil && live.Spec.Monitoring != nil {
		for _, source := range live.Spec.Monitoring.CustomQueriesConfigMap {
			if source.Name == defaultQueriesConfigMap {
				sources = append(sources, map[string]any{"name": source.Name, "key": source.Key})
			}
		}
	}
	sources = append(sources, map[string]any{"name": queriesName(in), "key": fileQueries})
	return map[string]any{"customQueriesConfigMap": sources}
}
