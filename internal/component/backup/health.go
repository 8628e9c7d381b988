package backup

import (
	"fmt"
	"time"

	cnpgv1 "github.com/cloudnative-pg/api/pkg/api/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component"
	"github.com/xatube/xatube-operator/internal/component/hibernation"
	"github.com/xatube/xatube-operator/internal/component/naming"
	"github.com/xatube/xatube-operator/internal/objectstore"
	"github.com/xatube/xatube-operator/internal/observe"
)

// Health of the backup: ready when the log reaches the store and a base backup is there to begin with.
func (c Component) Health(in component.Input) component.Health {
	if in.Cluster.Spec.Postgres.Backup == nil {
		return component.Off(v1alpha1.ReasonDisabled, "spec.postgres.backup is not set")
	}
	if hibernation.Stops(in, naming.Postgres) {
		return hibernation.Asleep("no backup is made, and those that exist are kept")
	}
	if !in.Facts.Installed(c.Needs(in.Cluster)...) {
		return component.NotReady(v1alpha1.ReasonAPINotInstalled, fmt.Sprintf(
			"the API ObjectStore (%s) is not installed: install %s", observe.ObjectStore.GroupVersion(), Provider))
	}
	for _, find := range []func(component.Input) (component.Health, bool){missing, refused, archiving, failed} {
		if h, found := find(in); found {
			return h
		}
	}
	w := window(in)
	if w.FirstRecoverabilityPoint == nil {
		return component.NotReady(v1alpha1.ReasonProgressing, fmt.Sprintf(
			"the log of Cluster %s is archived; its first base backup is awaited", name(in.Cluster)))
	}
	return component.Ready(fmt.Sprintf("the database can be restored to any time since %s; last base backup %s",
		written(w.FirstRecoverabilityPoint), written(w.LastSuccessfulBackupTime)))
}

func missing(in component.Input) (component.Health, bool) {
	for _, object := range []struct {
		kind   string
		absent bool
	}{
		{"ObjectStore", in.Facts.ObjectStore == nil},
		{"ScheduledBackup", in.Facts.ScheduledBackup == nil},
		{"Cluster", in.Facts.Database == nil},
	} {
		if object.absent {
			return component.NotReady(v1alpha1.ReasonProgressing,
				fmt.Sprintf("%s %s does not exist yet", object.kind, name(in.Cluster))), true
		}
	}
	return component.Health{}, false
}

func refused(in component.Input) (component.Health, bool) {
	message := in.Facts.ScheduledBackup.Status.Error
	return component.NotReady(v1alpha1.ReasonRejected, fmt.Sprintf(
		"CloudNativePG refuses ScheduledBackup %s: %s; correct spec.postgres.backup.schedule", name(in.Cluster), message)), message != ""
}

func archiving(in component.Input) (component.Health, bool) {
	db := in.Facts.Database
	c := meta.FindStatusCondition(db.Status.Conditions, string(cnpgv1.ConditionContinuousArchiving))
	switch {
	case c == nil:
		return component.NotReady(v1alpha1.ReasonProgressing, fmt.Sprintf(
			"Cluster %s has not archived its log yet", db.Name)), true
	case c.Status != metav1.ConditionTrue:
		return component.NotReady(v1alpha1.ReasonArchivingFailed, fmt.Sprintf(
			"Cluster %s cannot archive its log: %s; check destinationPath, which must be empty at first, endpointURL and credentials of spec.postgres.backup, and the log of container plugin-barman-cloud of pod %s",
			db.Name, c.Message, db.Status.CurrentPrimary)), true
	}
	return component.Health{}, false
}

// failed finds a base backup that failed after the last one that did not. CloudNativePG tells of the last one, the plugin
// of both.
func failed(in component.Input) (component.Health, bool) {
	w := window(in)
	last := meta.FindStatusCondition(in.Facts.Database.Status.Conditions, string(cnpgv1.ConditionBackup))
	reason := ""
	switch {
	case last != nil && last.Status == metav1.ConditionFalse && last.Reason != string(cnpgv1.ConditionBackupStarted):
		reason = last.Message
	case w.LastFailedBackupTime != nil && (w.LastSuccessfulBackupTime == nil || w.LastSuccessfulBackupTime.Before(w.LastFailedBackupTime)):
		reason = "at " + written(w.LastFailedBackupTime)
	default:
		return component.Health{}, false
	}
	return component.NotReady(v1alpha1.ReasonBackupFailed, fmt.Sprintf(
		"the last base backup of Cluster %s failed: %s; see kubectl get backups.postgresql.cnpg.io, last good one: %s",
		name(in.Cluster), reason, written(w.LastSuccessfulBackupTime))), true
}

func window(in component.Input) objectstore.RecoveryWindow {
	return in.Facts.ObjectStore.Status.ServerRecoveryWindow[name(in.Cluster)]
}

func written(t *metav1.Time) string {
	if t == nil {
		return "none"
	}
	return t.UTC().Format(time.RFC3339)
}
