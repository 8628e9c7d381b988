package backup_test

import (
	"strings"
	"testing"
	"time"

	cnpgv1 "github.com/cloudnative-pg/api/pkg/api/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component"
	"github.com/xatube/xatube-operator/internal/component/backup"
	"github.com/xatube/xatube-operator/internal/golden"
	"github.com/xatube/xatube-operator/internal/objectstore"
	"github.com/xatube/xatube-operator/internal/observe"
	"github.com/xatube/xatube-operator/internal/outcome"
)

const server = "demo-postgres"

func TestRender(t *testing.T) {
	golden.Run(t, backup.New(), func(_ string, in *component.Input) { provide(in) })
}

// provide makes the user's Secret, and the database as it is while all is well.
func provide(in *component.Input) {
	in.Facts.Secrets["s3"] = &corev1.Secret{Data: map[string][]byte{
		"ACCESS_KEY_ID": []byte("id"), "SECRET_ACCESS_KEY": []byte("key"),
	}}
	in.Facts.APIs = map[schema.GroupVersionKind]bool{observe.ObjectStore: true, observe.CNPGScheduledBackup: true}
	in.Facts.ScheduledBackup = &cnpgv1.ScheduledBackup{}
	in.Facts.Database = &cnpgv1.Cluster{}
	in.Facts.Database.Name = server
	in.Facts.Database.Status.CurrentPrimary = server + "-1"
	set(in, cnpgv1.ConditionContinuousArchiving, metav1.ConditionTrue, "ContinuousArchivingSuccess", "")
	set(in, cnpgv1.ConditionBackup, metav1.ConditionTrue, "LastBackupSucceeded", "")
	in.Facts.ObjectStore = &objectstore.ObjectStore{Status: objectstore.Status{
		ServerRecoveryWindow: map[string]objectstore.RecoveryWindow{
			server:  {FirstRecoverabilityPoint: at(1), LastSuccessfulBackupTime: at(2)},
			"other": {FirstRecoverabilityPoint: at(9)},
		},
	}}
}

func set(in *component.Input, kind cnpgv1.ClusterConditionType, status metav1.ConditionStatus, reason, message string) {
	conditions := &in.Facts.Database.Status.Conditions
	for i := range *conditions {
		if (*conditions)[i].Type == string(kind) {
			(*conditions)[i].Status, (*conditions)[i].Reason, (*conditions)[i].Message = status, reason, message
			return
		}
	}
	*conditions = append(*conditions, metav1.Condition{Type: string(kind), Status: status, Reason: reason, Message: message})
}

func at(day int) *metav1.Time {
	t := metav1.Date(2026, 11, day, 3, 0, 0, 0, time.UTC)
	return &t
}

func TestHealth(t *testing.T) {
	tests := []struct {
		name            string
		dir             string
		change          func(*component.Input)
		reason, message string
	}{
		{name: "off", dir: "off", reason: v1alpha1.ReasonDisabled, message: "spec.postgres.backup is not set"},
		{
			name: "good", reason: v1alpha1.ReasonReady,
			message: "any time since 2026-11-01T03:00:00Z; last base backup 2026-11-02T03:00:00Z",
		},
		{
			name:   "no plugin",
			change: func(in *component.Input) { in.Facts.APIs = nil },
			reason: v1alpha1.ReasonAPINotInstalled, message: "install the barman-cloud plugin of CloudNativePG",
		},
		{
			name:   "no ObjectStore",
			change: func(in *component.Input) { in.Facts.ObjectStore = nil },
			reason: v1alpha1.ReasonProgressing, message: "ObjectStore demo-postgres does not exist yet",
		},
		{
			name:   "no schedule",
			change: func(in *component.Input) { in.Facts.ScheduledBackup = nil },
			reason: v1alpha1.ReasonProgressing, message: "ScheduledBackup demo-postgres does not exist yet",
		},
		{
			name:   "refused schedule",
			change: func(in *component.Input) { in.Facts.ScheduledBackup.Status.Error = "beginning of range beyond end" },
			reason: v1alpha1.ReasonRejected, message: "beginning of range beyond end; correct spec.postgres.backup.schedule",
		},
		{
			name:   "not archived yet",
			change: func(in *component.Input) { in.Facts.Database.Status.Conditions = nil },
			reason: v1alpha1.ReasonProgressing, message: "Cluster demo-postgres has not archived its log yet",
		},
		{
			name: "archiving fails",
			change: func(in *component.Input) {
				set(in, cnpgv1.ConditionContinuousArchiving, metav1.ConditionFalse, "ContinuousArchivingFailing", "Expected empty archive")
			},
			reason: v1alpha1.ReasonArchivingFailed, message: "cannot archive its log: Expected empty archive; check destinationPath",
		},
		{
			name: "backup failed",
			change: func(in *component.Input) {
				set(in, cnpgv1.ConditionBackup, metav1.ConditionFalse, "LastBackupFailed", "access denied")
			},
			reason: v1alpha1.ReasonBackupFailed, message: "failed: access denied; see kubectl get backups.postgresql.cnpg.io, last good one: 2026-11-02",
		},
		{
			name: "backup failed, as the plugin tells",
			change: func(in *component.Input) {
				in.Facts.ObjectStore.Status.ServerRecoveryWindow[server] = objectstore.RecoveryWindow{
					FirstRecoverabilityPoint: at(1), LastSuccessfulBackupTime: at(2), LastFailedBackupTime: at(3),
				}
			},
			reason: v1alpha1.ReasonBackupFailed, message: "failed: at 2026-11-03T03:00:00Z",
		},
		{
			name: "backup runs after a good one",
			change: func(in *component.Input) {
				set(in, cnpgv1.ConditionBackup, metav1.ConditionFalse, string(cnpgv1.ConditionBackupStarted), "New Backup starting up")
			},
			reason: v1alpha1.ReasonReady, message: "any time since",
		},
		{
			name:   "no base backup",
			change: func(in *component.Input) { in.Facts.ObjectStore.Status = objectstore.Status{} },
			reason: v1alpha1.ReasonProgressing, message: "its first base backup is awaited",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := "full"
			if tt.dir != "" {
				dir = tt.dir
			}
			in := golden.Input(t, "testdata/"+dir+"/in.yaml", backup.New())
			provide(&in)
			if tt.change != nil {
				tt.change(&in)
			}
			got := backup.New().Health(in)
			if got.Reason != tt.reason || !strings.Contains(got.Message, tt.message) {
				t.Errorf("got %s: %s\nwant %s: %s", got.Reason, got.Message, tt.reason, tt.message)
			}
		})
	}
}

// TestHibernation makes no backup of a database that sleeps, and resumes with it.
func TestHibernation(t *testing.T) {
	in := golden.Input(t, "testdata/full/in.yaml", backup.New())
	provide(&in)
	for state, suspended := range map[v1alpha1.PowerState]bool{v1alpha1.PowerHibernated: true, v1alpha1.PowerRunning: false} {
		in.Cluster.Spec.PowerState = state
		objects, err := backup.New().Render(in)
		if err != nil {
			t.Fatal(err)
		}
		spec, _ := objects[1].(component.Document)["spec"].(map[string]any)
		if spec["suspend"] != suspended {
			t.Errorf("%s: suspend is %v", state, spec["suspend"])
		}
		if h := backup.New().Health(in); !h.Healthy() || (h.Reason == v1alpha1.ReasonHibernated) != suspended {
			t.Errorf("%s: got %+v", state, h)
		}
	}
}

func TestSecrets(t *testing.T) {
	tests := []struct {
		name, reason, message string
		change                func(*component.Input)
	}{
		{
			name: "none", reason: v1alpha1.ReasonSecretNotFound, message: "create it with key ACCESS_KEY_ID",
			change: func(in *component.Input) { delete(in.Facts.Secrets, "s3") },
		},
		{
			name: "no key", reason: v1alpha1.ReasonSecretKeyMissing, message: "Secret s3 has no key SECRET_ACCESS_KEY",
			change: func(in *component.Input) { delete(in.Facts.Secrets["s3"].Data, "SECRET_ACCESS_KEY") },
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			in := golden.Input(t, "testdata/full/in.yaml", backup.New())
			provide(&in)
			tt.change(&in)
			_, err := backup.New().Render(in)
			b, ok := outcome.AsBlocked(err)
			if !ok || b.Reason != tt.reason || !strings.Contains(b.Message, tt.message) {
				t.Errorf("got %v", err)
			}
		})
	}
}

// TestPlugin sees when the Cluster may name the ObjectStore.
func TestPlugin(t *testing.T) {
	tests := []struct {
		name   string
		change func(*component.Input)
		want   bool
	}{
		{name: "all is there", change: func(*component.Input) {}, want: true},
		{name: "no API", change: func(in *component.Input) { in.Facts.APIs = nil }},
		{name: "no ObjectStore yet", change: func(in *component.Input) { in.Facts.ObjectStore = nil }},
		{
			name:   "a new database",
			change: func(in *component.Input) { in.Facts.ObjectStore, in.Facts.Database = nil, nil }, want: true,
		},
		{
			name: "a new database, no credentials",
			change: func(in *component.Input) {
				in.Facts.ObjectStore, in.Facts.Database = nil, nil
				delete(in.Facts.Secrets, "s3")
			},
		},
		{name: "credentials lost", change: func(in *component.Input) { delete(in.Facts.Secrets, "s3") }, want: true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			in := golden.Input(t, "testdata/full/in.yaml", backup.New())
			provide(&in)
			tt.change(&in)
			if got := backup.Plugin(in) != nil; got != tt.want {
				t.Errorf("got %t", got)
			}
		})
	}
}
