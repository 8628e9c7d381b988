package postgres

import (
	"fmt"
	"slices"

	cnpgv1 "github.com/cloudnative-pg/api/pkg/api/v1"

	"github.com/xatube/xatube-operator/internal/component"
	"github.com/xatube/xatube-operator/internal/component/naming"
)

// Writable says whether a write can be made and acknowledged now, or what is awaited. Fewer instances suffice than
// for a healthy database.
func Writable(in component.Input) (ok bool, message string) {
	if server, ok := elsewhere(in.Cluster); ok {
		h := server.Health(in)
		return h.Healthy(), h.Message
	}
	if reason := unwritable(in); reason != "" {
		return false, reason
	}
	return true, fmt.Sprintf("Cluster %s accepts writes", in.Facts.Database.Name)
}

func unwritable(in component.Input) string {
	name, db := naming.Child(in.Cluster, naming.Postgres), in.Facts.Database
	switch {
	case db == nil:
		return fmt.Sprintf("waiting for Cluster %s to be created", name)
	case Hibernates(db):
		return fmt.Sprintf("waiting for Cluster %s to wake up", name)
	case db.Status.CurrentPrimary == "":
		return fmt.Sprintf("waiting for Cluster %s to set up its first primary", name)
	case db.Status.CurrentPrimary != db.Status.TargetPrimary:
		return fmt.Sprintf("waiting for Cluster %s to change its primary", name)
	case !slices.Contains(healthy(db), db.Status.CurrentPrimary):
		return fmt.Sprintf("waiting for primary %s to become ready", db.Status.CurrentPrimary)
	case requiresStandby(db) && len(healthy(db)) < 2:
		return fmt.Sprintf("waiting for a standby of Cluster %s: with durability Strict a write needs one", name)
	case in.Facts.Secrets[loginSecret(in)] == nil:
		return fmt.Sprintf("waiting for CloudNativePG to create Secret %s", loginSecret(in))
	}
	return ""
}

// healthy instances: active and ready.
func healthy(db *cnpgv1.Cluster) []string {
	return db.Status.InstancesStatus[cnpgv1.PodHealthy]
}
