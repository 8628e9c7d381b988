package postgres

import (
	"cmp"
	"time"

	cnpgv1 "github.com/cloudnative-pg/api/pkg/api/v1"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component"
	"github.com/xatube/xatube-operator/internal/component/backup"
	"github.com/xatube/xatube-operator/internal/component/naming"
	"github.com/xatube/xatube-operator/internal/observe"
	"github.com/xatube/xatube-operator/internal/outcome"
)

// originName is what the Cluster calls the database that it was restored from.
const originName = "origin"

// bootstrap is read once, when the Cluster is created.
func bootstrap(in component.Input) map[string]any {
	if !restores(in) {
		return map[string]any{"initdb": map[string]any{
			"database":      database,
			"owner":         database,
			"dataChecksums": true,
		}}
	}
	recovery := map[string]any{"source": originName, "database": database, "owner": database}
	if t := in.Cluster.Spec.Postgres.Restore.TargetTime; t != nil {
		recovery["recoveryTarget"] = map[string]any{"targetTime": t.UTC().Format(time.RFC3339)}
	}
	return map[string]any{"recovery": recovery}
}

func restores(in component.Input) bool { return in.Cluster.Spec.Postgres.Restore != nil }

// origin is where the backup to restore is.
func origin(c *v1alpha1.XaTubeCluster) map[string]any {
	r := c.Spec.Postgres.Restore
	return map[string]any{
		"name": originName,
		"plugin": map[string]any{
			"name": backup.PluginName,
			"parameters": map[string]any{
				"barmanObjectName": r.From,
				"serverName":       cmp.Or(r.ServerName, r.From),
			},
		},
	}
}

// refuseRestore keeps a restore from what it cannot work with. A database that exists is never restored over.
func refuseRestore(in component.Input) error {
	if !restores(in) {
		return nil
	}
	live := in.Facts.Database
	switch {
	case live == nil && !in.Facts.Installed(observe.ObjectStore):
		return outcome.Waiting(v1alpha1.ReasonAPINotInstalled,
			"spec.postgres.restore needs the API ObjectStore (%s): install %s; the operator goes on by itself",
			observe.ObjectStore.GroupVersion(), backup.Provider)
	case live != nil && !restored(live):
		return invalid("spec.postgres.restore: Cluster %s exists already and holds data, which a restore would not touch; restore into a XaTubeCluster of another name", naming.Child(in.Cluster, naming.Postgres))
	}
	return nil
}

func restored(db *cnpgv1.Cluster) bool {
	return db.Spec.Bootstrap != nil && db.Spec.Bootstrap.Recovery != nil
}
