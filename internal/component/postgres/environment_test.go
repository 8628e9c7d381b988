package postgres_test

import (
	"testing"

	cnpgv1 "github.com/cloudnative-pg/api/pkg/api/v1"
	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component"
	"github.com/xatube/xatube-operator/internal/component/postgres"
	"github.com/xatube/xatube-operator/internal/golden"
)

// TestVariablesOfTheUserJoinThoseOfTheOperator: A12. Without RES_OPTIONS a failover takes seconds longer.
func TestVariablesOfTheUserJoinThoseOfTheOperator(t *testing.T) {
	own := corev1.EnvVar{Name: "RES_OPTIONS", Value: "timeout:1 attempts:1"}
	zone := corev1.EnvVar{Name: "TZ", Value: "UTC"}
	patient := corev1.EnvVar{Name: "RES_OPTIONS", Value: "timeout:5"}
	for name, tt := range map[string]struct {
		failover   v1alpha1.FailoverProfile
		user, want []corev1.EnvVar
	}{
		"none of the user":    {want: []corev1.EnvVar{own}},
		"another of the user": {user: []corev1.EnvVar{zone}, want: []corev1.EnvVar{own, zone}},
		"the same":            {user: []corev1.EnvVar{patient, zone}, want: []corev1.EnvVar{patient, zone}},
		"a patient profile":   {failover: v1alpha1.FailoverBalanced, user: []corev1.EnvVar{zone}, want: []corev1.EnvVar{zone}},
	} {
		t.Run(name, func(t *testing.T) {
			in := input(t, "minimal", nil)
			in.Cluster.Spec.Postgres.Failover = tt.failover
			for _, e := range tt.user {
				in.Cluster.Spec.Postgres.Pod.Env = append(in.Cluster.Spec.Postgres.Pod.Env, v1alpha1.EnvVar{Name: e.Name, Value: new(e.Value)})
			}
			if diff := cmp.Diff(tt.want, variables(t, in)); diff != "" {
				t.Errorf("env (- want, + got):\n%s", diff)
			}
		})
	}
}

// variables of the instances, as CloudNativePG reads them.
func variables(t *testing.T, in component.Input) []corev1.EnvVar {
	t.Helper()
	objects, err := postgres.New().Render(in)
	if err != nil {
		t.Fatal(err)
	}
	var db cnpgv1.Cluster
	if err := yaml.Unmarshal(golden.Documents(t, objects[:1]), &db); err != nil {
		t.Fatal(err)
	}
	return db.Spec.Env
}
