package postgres_test

import (
	"slices"
	"testing"

	cnpgv1 "github.com/cloudnative-pg/api/pkg/api/v1"
	"sigs.k8s.io/yaml"

	"github.com/xatube/xatube-operator/internal/component"
	"github.com/xatube/xatube-operator/internal/component/postgres"
	"github.com/xatube/xatube-operator/internal/golden"
)

// CloudNativePG's webhook adds its own queries to the list. An operator that did not repeat them would write at each
// start.
func TestTheQueriesOfCloudNativePGStay(t *testing.T) {
	for name, c := range map[string]struct{ live, want []string }{
		"a new database":        {nil, []string{"demo-postgres-queries"}},
		"after the webhook":     {[]string{"cnpg-default-monitoring", "demo-postgres-queries"}, []string{"cnpg-default-monitoring", "demo-postgres-queries"}},
		"added by someone else": {[]string{"other", "demo-postgres-queries"}, []string{"demo-postgres-queries"}},
	} {
		t.Run(name, func(t *testing.T) {
			in := input(t, "minimal", func(db *cnpgv1.Cluster) {
				db.Spec.Monitoring = &cnpgv1.MonitoringConfiguration{}
				for _, source := range c.live {
					db.Spec.Monitoring.CustomQueriesConfigMap = append(db.Spec.Monitoring.CustomQueriesConfigMap, cnpgv1.ConfigMapKeySelector{
						LocalObjectReference: cnpgv1.LocalObjectReference{Name: source}, Key: "queries",
					})
				}
			})
			objects, err := postgres.New().Render(in)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, o := range objects {
				var db cnpgv1.Cluster
				if err := yaml.Unmarshal(golden.Documents(t, []component.Object{o}), &db); err != nil || db.Kind != cnpgv1.ClusterKind {
					continue
				}
				for _, source := range db.Spec.Monitoring.CustomQueriesConfigMap {
					got = append(got, source.Name)
				}
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}
