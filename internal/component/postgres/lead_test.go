package postgres_test

import (
	"testing"

	cnpgv1 "github.com/cloudnative-pg/api/pkg/api/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/xatube/xatube-operator/internal/component/naming"
	"github.com/xatube/xatube-operator/internal/component/postgres"
)

func TestUnrouted(t *testing.T) {
	tests := []struct {
		name, role string
		db         func(*cnpgv1.Cluster)
		leaving    bool
		want       bool
	}{
		{name: "led to already", role: "primary"},
		{name: "just promoted", role: "replica", want: true},
		{name: "called unhealthy when it failed, and back", role: "unhealthy", want: true},
		{name: "without a label", want: true},
		{name: "a failover has begun", role: "unhealthy", db: func(db *cnpgv1.Cluster) { db.Status.TargetPrimary = "pending" }},
		{name: "it hands over", role: "unhealthy", db: func(db *cnpgv1.Cluster) { db.Status.TargetPrimary = "demo-postgres-2" }},
		{name: "it is to take over", role: "replica", db: func(db *cnpgv1.Cluster) { db.Status.CurrentPrimary = "demo-postgres-2" }},
		{name: "it leaves", role: "replica", leaving: true},
		{name: "asleep", role: "replica", db: func(db *cnpgv1.Cluster) {
			db.Annotations = map[string]string{"cnpg.io/hibernation": "on"}
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			in := input(t, "minimal", tt.db)
			pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "demo-postgres-1"}}
			if tt.role != "" {
				pod.Labels = map[string]string{"cnpg.io/instanceRole": tt.role}
			}
			if tt.leaving {
				now := metav1.Now()
				pod.DeletionTimestamp = &now
			}
			in.Facts.Pods = map[string][]*corev1.Pod{naming.Postgres: {pod}}
			got := postgres.Unrouted(in)
			if (got != nil) != tt.want {
				t.Errorf("got %v", got)
			}
			if got != nil && postgres.Routed(got).Labels["cnpg.io/instanceRole"] != "primary" {
				t.Errorf("labels: %v", postgres.Routed(got).Labels)
			}
		})
	}
}
