package postgres_test

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	cnpgv1 "github.com/cloudnative-pg/api/pkg/api/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component"
	"github.com/xatube/xatube-operator/internal/component/naming"
	"github.com/xatube/xatube-operator/internal/component/postgres"
	"github.com/xatube/xatube-operator/internal/golden"
)

// input is a platform whose database is as the test makes it.
func input(t *testing.T, name string, change func(*cnpgv1.Cluster)) component.Input {
	t.Helper()
	in := golden.Input(t, filepath.Join("testdata", name, "in.yaml"), postgres.New())
	in.Facts.APIs = map[schema.GroupVersionKind]bool{postgres.ClusterGVK: true}
	in.Facts.Secrets["demo-postgres-app"] = secret("demo-postgres-app", "postgresql://xatube:secret@demo-postgres-rw.tube:5432/xatube")
	in.Facts.Secrets["my-db"] = secret("my-db", "postgresql://tube:secret@db.example.com/tube")
	in.Facts.Database = live(change)
	return in
}

func TestHealth(t *testing.T) {
	tests := []struct {
		name    string
		in      func(*component.Input)
		db      func(*cnpgv1.Cluster)
		reason  string
		message string
	}{
		{
			name: "healthy", reason: v1alpha1.ReasonReady,
			message: "primary is demo-postgres-1; 3 of 3 instances are ready",
		},
		{
			name:   "not installed",
			in:     func(in *component.Input) { in.Facts.APIs = nil },
			reason: v1alpha1.ReasonAPINotInstalled, message: "CloudNativePG is not installed",
		},
		{
			name:   "not created",
			in:     func(in *component.Input) { in.Facts.Database = nil },
			reason: v1alpha1.ReasonProgressing, message: "Cluster demo-postgres does not exist yet",
		},
		{
			name:   "asleep",
			db:     func(db *cnpgv1.Cluster) { db.Annotations = map[string]string{"cnpg.io/hibernation": "on"} },
			reason: v1alpha1.ReasonProgressing, message: "is being woken",
		},
		{
			name:   "first primary",
			db:     func(db *cnpgv1.Cluster) { db.Status.CurrentPrimary = ""; db.Status.ReadyInstances = 0 },
			reason: v1alpha1.ReasonProgressing, message: "is setting up its first primary",
		},
		{
			name:   "an instance is missing while the condition is not yet corrected",
			db:     func(db *cnpgv1.Cluster) { db.Status.ReadyInstances = 2 },
			reason: v1alpha1.ReasonProgressing, message: "2 of 3 instances are ready",
		},
		{
			name:   "the condition is false although the phase is healthy",
			db:     func(db *cnpgv1.Cluster) { db.Status.Conditions = conditionReady("False") },
			reason: v1alpha1.ReasonProgressing, message: "Cluster in healthy state",
		},
		{
			name:   "failover without a successor",
			db:     func(db *cnpgv1.Cluster) { db.Status.TargetPrimary = "pending" },
			reason: v1alpha1.ReasonFailover, message: "lost its primary demo-postgres-1",
		},
		{
			name:   "switchover",
			db:     func(db *cnpgv1.Cluster) { db.Status.TargetPrimary = "demo-postgres-2" },
			reason: v1alpha1.ReasonFailover, message: "moving from demo-postgres-1 to demo-postgres-2",
		},
		{
			name:   "image taken by the status, not by the pods",
			in:     func(in *component.Input) { in.Facts.Pods = pods("registry.example.com/postgresql:18.5") },
			reason: v1alpha1.ReasonProgressing, message: "is being rolled to image",
		},
		{
			name:   "image not taken",
			db:     func(db *cnpgv1.Cluster) { db.Status.Image = "registry.example.com/postgresql:18.5" },
			reason: v1alpha1.ReasonProgressing, message: "is being rolled to image",
		},
		{
			name:   "strict durability not in force",
			db:     func(db *cnpgv1.Cluster) { db.Spec.PostgresConfiguration.Synchronous = nil },
			reason: v1alpha1.ReasonProgressing, message: "does not replicate synchronously yet",
		},
		{
			name: "image cannot be pulled",
			db:   func(db *cnpgv1.Cluster) { db.Status.ReadyInstances = 2 },
			in: func(in *component.Input) {
				in.Facts.Pods = pods(naming.ImagePostgres)
				in.Facts.Pods[naming.Postgres][0].Status.ContainerStatuses = []corev1.ContainerStatus{{
					Name: "postgres", Image: naming.ImagePostgres,
					State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "ImagePullBackOff"}},
				}}
			},
			reason: v1alpha1.ReasonImagePull, message: "cannot pull image",
		},
		{
			name: "quota refuses the first pod",
			db:   func(db *cnpgv1.Cluster) { db.Status.CurrentPrimary = ""; db.Status.ReadyInstances = 0 },
			in: func(in *component.Input) {
				in.Facts.Refusals = map[string]string{
					"demo-postgres-1-initdb":   "exceeded quota: small",
					"demo-postgres-backend":    "of another platform",
					"demo-postgres-1x-foreign": "of another platform",
				}
			},
			reason: v1alpha1.ReasonQuotaExceeded, message: "Job demo-postgres-1-initdb cannot create pods: exceeded quota: small",
		},
		{
			name: "CloudNativePG cannot create objects",
			db: func(db *cnpgv1.Cluster) {
				db.Status.ReadyInstances = 2
				db.Status.Phase, db.Status.PhaseReason = cnpgv1.PhaseCannotCreateClusterObjects, "denied by policy"
			},
			reason: v1alpha1.ReasonPodRefused, message: "denied by policy",
		},
		{
			name:   "a volume has not grown",
			in:     func(in *component.Input) { in.Facts.Claims = claims("10Gi") },
			reason: v1alpha1.ReasonProgressing, message: `demo-postgres-1 grows from 10Gi to the 20Gi of spec.postgres.storage.size; CloudNativePG waits if its StorageClass "fixed"`,
		},
		{
			name:   "CloudNativePG repairs nothing while a volume cannot grow",
			in:     func(in *component.Input) { in.Facts.Claims = claims("10Gi") },
			db:     func(db *cnpgv1.Cluster) { db.Status.ReadyInstances = 2 },
			reason: v1alpha1.ReasonProgressing, message: "allowVolumeExpansion",
		},
		{
			name:   "a volume has grown",
			in:     func(in *component.Input) { in.Facts.Claims = claims("20Gi") },
			reason: v1alpha1.ReasonReady,
		},
		{
			name: "the volume of the log has not grown",
			in: func(in *component.Input) {
				in.Cluster.Spec.Postgres.WALStorage = &v1alpha1.VolumeSpec{Size: "30Gi"}
				in.Facts.Claims = claims("20Gi")
				log := in.Facts.Claims["demo-postgres-1"].DeepCopy()
				log.Labels["cnpg.io/pvcRole"] = "PG_WAL"
				in.Facts.Claims["demo-postgres-1-wal"] = log
			},
			reason: v1alpha1.ReasonProgressing, message: "demo-postgres-1-wal grows from 20Gi to the 30Gi of spec.postgres.walStorage.size",
		},
		{
			name: "needs help",
			db: func(db *cnpgv1.Cluster) {
				db.Status.ReadyInstances = 0
				db.Status.Phase = cnpgv1.PhaseUnrecoverable
			},
			reason: v1alpha1.ReasonUnavailable, message: "Cluster is unrecoverable and needs manual intervention; see kubectl describe",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			in := input(t, "minimal", tt.db)
			if tt.in != nil {
				tt.in(&in)
			}
			got := postgres.New().Health(in)
			if got.Reason != tt.reason || !strings.Contains(got.Message, tt.message) {
				t.Errorf("got %s: %s\nwant %s: %s", got.Reason, got.Message, tt.reason, tt.message)
			}
			if got.Healthy() != (tt.reason == v1alpha1.ReasonReady) {
				t.Errorf("status %s with reason %s", got.Status, got.Reason)
			}
		})
	}
}

// claims of one instance.
func claims(size string) map[string]*corev1.PersistentVolumeClaim {
	class := "fixed"
	claim := &corev1.PersistentVolumeClaim{}
	claim.Labels = map[string]string{naming.LabelComponent: naming.Postgres, "cnpg.io/pvcRole": "PG_DATA"}
	claim.Spec.StorageClassName = &class
	claim.Spec.Resources.Requests = corev1.ResourceList{corev1.ResourceStorage: resource.MustParse(size)}
	return map[string]*corev1.PersistentVolumeClaim{"demo-postgres-1": claim}
}

func TestHealthOfExternal(t *testing.T) {
	in := input(t, "external", nil)
	if h := postgres.New().Health(in); !h.Healthy() || h.Reason != v1alpha1.ReasonExternal {
		t.Errorf("got %+v", h)
	}
	in.Facts.Secrets["my-db"] = secret("my-db", "postgres://tube:secret@db.example.com/tube")
	h := postgres.New().Health(in)
	if h.Reason != v1alpha1.ReasonSecretInvalid || strings.Contains(h.Message, "secret@") {
		t.Errorf("got %+v", h)
	}
	if _, err := postgres.New().Render(in); err == nil {
		t.Error("an unusable external database must hold the component back")
	}
}

func TestWritable(t *testing.T) {
	tests := []struct {
		name    string
		in      func(*component.Input)
		db      func(*cnpgv1.Cluster)
		message string // empty: writable
	}{
		{name: "healthy"},
		{
			name: "one standby of two is enough",
			db: func(db *cnpgv1.Cluster) {
				db.Status.ReadyInstances = 2
				db.Status.Conditions = conditionReady("False")
				db.Status.InstancesStatus[cnpgv1.PodHealthy] = []string{"demo-postgres-1", "demo-postgres-2"}
			},
		},
		{
			name: "no standby and strict",
			db: func(db *cnpgv1.Cluster) {
				db.Status.InstancesStatus[cnpgv1.PodHealthy] = []string{"demo-postgres-1"}
			},
			message: "waiting for a standby of Cluster demo-postgres",
		},
		{
			name: "no standby and available",
			db: func(db *cnpgv1.Cluster) {
				db.Status.InstancesStatus[cnpgv1.PodHealthy] = []string{"demo-postgres-1"}
				db.Spec.PostgresConfiguration.Synchronous.DataDurability = cnpgv1.DataDurabilityLevelPreferred
			},
		},
		{
			name: "primary not ready",
			db: func(db *cnpgv1.Cluster) {
				db.Status.InstancesStatus[cnpgv1.PodHealthy] = []string{"demo-postgres-2", "demo-postgres-3"}
			},
			message: "waiting for primary demo-postgres-1 to become ready",
		},
		{
			name:    "failover",
			db:      func(db *cnpgv1.Cluster) { db.Status.TargetPrimary = "pending" },
			message: "waiting for Cluster demo-postgres to change its primary",
		},
		{
			name:    "no primary yet",
			db:      func(db *cnpgv1.Cluster) { db.Status.CurrentPrimary, db.Status.TargetPrimary = "", "" },
			message: "waiting for Cluster demo-postgres to set up its first primary",
		},
		{
			name:    "not created",
			in:      func(in *component.Input) { in.Facts.Database = nil },
			message: "waiting for Cluster demo-postgres to be created",
		},
		{
			name:    "asleep",
			db:      func(db *cnpgv1.Cluster) { db.Annotations = map[string]string{"cnpg.io/hibernation": "on"} },
			message: "waiting for Cluster demo-postgres to wake up",
		},
		{
			name:    "no login yet",
			in:      func(in *component.Input) { delete(in.Facts.Secrets, "demo-postgres-app") },
			message: "waiting for CloudNativePG to create Secret demo-postgres-app",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			in := input(t, "minimal", tt.db)
			if tt.in != nil {
				tt.in(&in)
			}
			ok, message := postgres.Writable(in)
			if ok != (tt.message == "") || !strings.Contains(message, tt.message) {
				t.Errorf("got %t: %s, want %q", ok, message, tt.message)
			}
		})
	}
}

func TestWritableExternal(t *testing.T) {
	in := input(t, "external", nil)
	if ok, message := postgres.Writable(in); !ok {
		t.Errorf("not writable: %s", message)
	}
	delete(in.Facts.Secrets, "my-db")
	if ok, message := postgres.Writable(in); ok || !strings.Contains(message, "Secret my-db does not exist") {
		t.Errorf("got %t: %s", ok, message)
	}
}

func pods(image string) map[string][]*corev1.Pod {
	pod := &corev1.Pod{Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "postgres", Image: image}}}}
	pod.Name = "demo-postgres-1"
	return map[string][]*corev1.Pod{naming.Postgres: {pod}}
}

func conditionReady(status metav1.ConditionStatus) []metav1.Condition {
	return []metav1.Condition{{Type: "Ready", Status: status}}
}

func jsonOf(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
