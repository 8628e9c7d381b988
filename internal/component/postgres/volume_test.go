package postgres_test

import (
	"maps"
	"testing"

	cnpgv1 "github.com/cloudnative-pg/api/pkg/api/v1"
	"sigs.k8s.io/yaml"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component/postgres"
	"github.com/xatube/xatube-operator/internal/golden"
)

// A11: a database may be older than its platform, and larger. CloudNativePG refuses to shrink a volume or to give one up.
func TestVolumesNeverShrink(t *testing.T) {
	fast := "fast"
	log := func(size v1alpha1.Size) func(*v1alpha1.PostgresSpec) {
		return func(p *v1alpha1.PostgresSpec) { p.WALStorage = &v1alpha1.VolumeSpec{Size: size} }
	}
	data := func(size v1alpha1.Size) func(*v1alpha1.PostgresSpec) {
		return func(p *v1alpha1.PostgresSpec) { p.Storage = &v1alpha1.VolumeSpec{Size: size} }
	}
	for name, c := range map[string]struct {
		live          cnpgv1.ClusterSpec
		spec          func(*v1alpha1.PostgresSpec)
		storage, logs map[string]string
	}{
		"size left out":            {live: cnpgv1.ClusterSpec{StorageConfiguration: cnpgv1.StorageConfiguration{Size: "50Gi"}}, storage: map[string]string{"size": "50Gi"}},
		"smaller size":             {live: cnpgv1.ClusterSpec{StorageConfiguration: cnpgv1.StorageConfiguration{Size: "50Gi"}}, spec: data("30Gi"), storage: map[string]string{"size": "50Gi"}},
		"larger size":              {live: cnpgv1.ClusterSpec{StorageConfiguration: cnpgv1.StorageConfiguration{Size: "50Gi"}}, spec: data("60Gi"), storage: map[string]string{"size": "60Gi"}},
		"same size in other units": {live: cnpgv1.ClusterSpec{StorageConfiguration: cnpgv1.StorageConfiguration{Size: "1024Gi"}}, spec: data("1Ti"), storage: map[string]string{"size": "1Ti"}},
		"class left out": {
			live:    cnpgv1.ClusterSpec{StorageConfiguration: cnpgv1.StorageConfiguration{Size: "20Gi", StorageClass: &fast}},
			storage: map[string]string{"size": "20Gi", "storageClass": fast},
		},
		"log volume left out": {
			live:    cnpgv1.ClusterSpec{StorageConfiguration: cnpgv1.StorageConfiguration{Size: "20Gi"}, WalStorage: &cnpgv1.StorageConfiguration{Size: "5Gi", StorageClass: &fast}},
			storage: map[string]string{"size": "20Gi"}, logs: map[string]string{"size": "5Gi", "storageClass": fast},
		},
		"smaller log volume": {
			live: cnpgv1.ClusterSpec{StorageConfiguration: cnpgv1.StorageConfiguration{Size: "20Gi"}, WalStorage: &cnpgv1.StorageConfiguration{Size: "5Gi"}},
			spec: log("4Gi"), storage: map[string]string{"size": "20Gi"}, logs: map[string]string{"size": "5Gi"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			in := input(t, "minimal", func(db *cnpgv1.Cluster) {
				db.Spec.StorageConfiguration, db.Spec.WalStorage = c.live.StorageConfiguration, c.live.WalStorage
			})
			if c.spec != nil {
				c.spec(&in.Cluster.Spec.Postgres)
			}
			objects, err := postgres.New().Render(in)
			if err != nil {
				t.Fatal(err)
			}
			var got struct {
				Spec struct {
					Storage, WALStorage map[string]string
				}
			}
			if err := yaml.Unmarshal(golden.Documents(t, objects[:1]), &got); err != nil {
				t.Fatal(err)
			}
			if !maps.Equal(got.Spec.Storage, c.storage) || !maps.Equal(got.Spec.WALStorage, c.logs) {
				t.Errorf("storage %v, walStorage %v", got.Spec.Storage, got.Spec.WALStorage)
			}
		})
	}
}
