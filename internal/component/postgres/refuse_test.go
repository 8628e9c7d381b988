package postgres_test

import (
	"strings"
	"testing"

	cnpgv1 "github.com/cloudnative-pg/api/pkg/api/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component/postgres"
	"github.com/xatube/xatube-operator/internal/outcome"
)

func parameter(name, value string) func(*v1alpha1.PostgresSpec) {
	return func(p *v1alpha1.PostgresSpec) { p.Parameters = map[string]string{name: value} }
}

func TestRefuse(t *testing.T) {
	fast := v1alpha1.ObjectName("fast")
	tests := []struct {
		name    string
		spec    func(*v1alpha1.PostgresSpec)
		db      func(*cnpgv1.Cluster)
		message string // empty: accepted
	}{
		{name: "nothing to refuse"},
		{
			name:    "no tag",
			spec:    func(p *v1alpha1.PostgresSpec) { p.Image = "example.com/postgresql@sha256:0123" },
			message: "its tag must start with the major version",
		},
		{
			name:    "tag without a version",
			spec:    func(p *v1alpha1.PostgresSpec) { p.Image = "example.com/postgresql:latest" },
			message: "its tag must start with the major version",
		},
		{
			name:    "downgrade",
			spec:    func(p *v1alpha1.PostgresSpec) { p.Image = "example.com/postgresql:17.6" },
			message: "set an image of PostgreSQL 18",
		},
		{
			name:    "upgrade to what CloudNativePG cannot upgrade to",
			spec:    func(p *v1alpha1.PostgresSpec) { p.Image = "example.com/postgresql:15.1" },
			db:      func(db *cnpgv1.Cluster) { db.Status.PGDataImageInfo.MajorVersion = 14 },
			message: "PostgreSQL 16 and newer only",
		},
		{
			name: "upgrade",
			spec: func(p *v1alpha1.PostgresSpec) { p.Image = "example.com/postgresql:19.0" },
		},
		{
			name: "growth",
			spec: func(p *v1alpha1.PostgresSpec) { p.Storage = &v1alpha1.VolumeSpec{Size: "21Gi"} },
		},
		{
			name: "another storage class",
			spec: func(p *v1alpha1.PostgresSpec) {
				p.Storage = &v1alpha1.VolumeSpec{Size: "20Gi", StorageClassName: &fast}
			},
			message: "asks for class fast, but the volumes are of the default class and cannot change",
		},
		{
			name: "another storage class of the WAL",
			spec: func(p *v1alpha1.PostgresSpec) {
				p.WALStorage = &v1alpha1.VolumeSpec{Size: "4Gi", StorageClassName: &fast}
			},
			db:      func(db *cnpgv1.Cluster) { db.Spec.WalStorage = &cnpgv1.StorageConfiguration{Size: "5Gi"} },
			message: "spec.postgres.walStorage.storageClassName asks for class fast",
		},
		{
			name:    "shared_buffers above the default memory",
			spec:    func(p *v1alpha1.PostgresSpec) { p.Parameters = map[string]string{"shared_buffers": "1GB"} },
			message: "does not fit into the 256Mi of memory",
		},
		{
			name:    "shared_buffers that is no amount",
			spec:    func(p *v1alpha1.PostgresSpec) { p.Parameters = map[string]string{"shared_buffers": "1Gi"} },
			message: "is no amount of memory",
		},
		{
			name: "shared_buffers within the memory",
			spec: func(p *v1alpha1.PostgresSpec) {
				p.Parameters = map[string]string{"shared_buffers": "1GB"}
				p.Pod.Resources = &v1alpha1.Resources{Requests: corev1.ResourceList{corev1.ResourceMemory: resource.MustParse("4Gi")}}
			},
		},
		{
			name:    "too little in the log for standbys",
			spec:    parameter("wal_level", "minimal"),
			message: `wal_level "minimal": write replica`,
		},
		{
			name:    "a line end in a value",
			spec:    parameter("application_name", "a\nfsync = off"),
			message: "spec.postgres.parameters.application_name holds a line end",
		},
		{name: "logical replication", spec: parameter("wal_level", "logical")},
		{
			name:    "no boolean",
			spec:    parameter("hot_standby_feedback", "maybe"),
			message: `hot_standby_feedback "maybe" is neither on nor off`,
		},
		{name: "a boolean as PostgreSQL reads it", spec: parameter("sync_replication_slots", "YES")},
		{
			name:    "a former primary could not rejoin",
			spec:    parameter("wal_log_hints", "off"),
			message: "wal_log_hints must be on with more than one instance",
		},
		{
			name:    "no amount of log",
			spec:    parameter("max_wal_size", "much"),
			message: `max_wal_size "much" is no amount`,
		},
		{
			name:    "less log than the least",
			spec:    parameter("max_wal_size", "80MB"),
			message: "min_wal_size, 80MB when absent, must be less than max_wal_size",
		},
		{
			name: "more log than its volume holds",
			spec: func(p *v1alpha1.PostgresSpec) {
				p.WALStorage = &v1alpha1.VolumeSpec{Size: "2Gi"}
				p.Parameters = map[string]string{"max_wal_size": "2GB"}
			},
			message: "max_wal_size must be less than the 2Gi of spec.postgres.walStorage",
		},
		{
			name: "a WAL volume is added",
			spec: func(p *v1alpha1.PostgresSpec) {
				p.WALStorage = &v1alpha1.VolumeSpec{Size: "2Gi"}
				p.Parameters = map[string]string{"max_wal_size": "1536MB"}
			},
		},
		{
			name: "unequal huge pages",
			spec: func(p *v1alpha1.PostgresSpec) {
				p.Pod.Resources = &v1alpha1.Resources{
					Requests: corev1.ResourceList{"hugepages-2Mi": resource.MustParse("2Mi")},
					Limits:   corev1.ResourceList{"hugepages-2Mi": resource.MustParse("4Mi")},
				}
			},
			message: "requests and limits of hugepages-2Mi must be the same; set both to 4Mi",
		},
		{
			name:    "CloudNativePG's variable",
			spec:    func(p *v1alpha1.PostgresSpec) { p.Pod.Env = []v1alpha1.EnvVar{{Name: "PGDATA"}} },
			message: "spec.postgres.pod.env PGDATA is CloudNativePG's own",
		},
		{
			name:    "CloudNativePG's label",
			spec:    func(p *v1alpha1.PostgresSpec) { p.Pod.Labels = map[string]v1alpha1.LabelValue{"cnpg.io/podRole": "x"} },
			message: "spec.postgres.pod.labels cnpg.io/podRole is CloudNativePG's own",
		},
		{
			name: "CloudNativePG's annotation",
			spec: func(p *v1alpha1.PostgresSpec) {
				p.Pod.Annotations = map[string]v1alpha1.AnnotationValue{"cnpg.io/hibernation": "on"}
			},
			message: "spec.postgres.pod.annotations cnpg.io/hibernation is CloudNativePG's own",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			in := input(t, "minimal", tt.db)
			if tt.spec != nil {
				tt.spec(&in.Cluster.Spec.Postgres)
			}
			_, err := postgres.New().Render(in)
			if tt.message == "" {
				if err != nil {
					t.Fatalf("refused: %v", err)
				}
				return
			}
			blocked, ok := outcome.AsBlocked(err)
			if !ok || !blocked.Terminal || blocked.Reason != v1alpha1.ReasonInvalid || !strings.Contains(blocked.Message, tt.message) {
				t.Errorf("got %v, want %q", err, tt.message)
			}
		})
	}
}

func TestMaxConnections(t *testing.T) {
	tests := []struct {
		name     string
		replicas int32
		max      int32
		workers  int32
		live     string
		want     string
	}{
		{name: "default", replicas: 3, workers: 1, want: "400"},
		{name: "nothing runs", replicas: 0, workers: 1, want: "400"},
		{name: "twice as many need no restart", replicas: 6, workers: 1, live: "400", want: "400"},
		{name: "one more than the step takes", replicas: 11, workers: 1, live: "400", want: "800"},
		{name: "fewer need no restart either", replicas: 3, workers: 1, live: "800", want: "800"},
		{name: "what an earlier operator gave is enough", replicas: 3, workers: 1, live: "200", want: "200"},
		{name: "what the user gave is gone and too little", replicas: 3, workers: 1, live: "100", want: "400"},
		{name: "workers count", replicas: 3, workers: 4, want: "800"},
		{name: "the autoscaler's most counts", replicas: 3, max: 12, workers: 1, want: "800"},
		{name: "the largest platform stays within PostgreSQL's bound", replicas: 200, workers: 32, want: "204800"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			in := input(t, "minimal", func(db *cnpgv1.Cluster) {
				db.Spec.PostgresConfiguration.Parameters = map[string]string{"max_connections": tt.live}
			})
			b := &in.Cluster.Spec.Backend
			b.Replicas, b.Workers = &tt.replicas, tt.workers
			if tt.max > 0 {
				b.Autoscaling = &v1alpha1.AutoscalingSpec{MaxReplicas: tt.max}
			}
			if got := renderedParameters(t, in)["max_connections"]; got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}
