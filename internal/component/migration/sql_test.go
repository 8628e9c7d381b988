package migration

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component"
	"github.com/xatube/xatube-operator/internal/outcome"
)

func fromConfigMap(name, key string) *v1alpha1.SQLSource {
	return &v1alpha1.SQLSource{ConfigMapKeyRef: &v1alpha1.KeySelector{Name: v1alpha1.ObjectName(name), Key: key}}
}

func fromSecret(name, key string) *v1alpha1.SQLSource {
	return &v1alpha1.SQLSource{SecretKeyRef: &v1alpha1.KeySelector{Name: v1alpha1.ObjectName(name), Key: key}}
}

// C7: a change of the content is a change of the Job, and nothing else of the object is.
func TestContentOfTheSQLNamesTheJob(t *testing.T) {
	tests := []struct {
		name   string
		from   *v1alpha1.SQLSource
		change func(component.Input)
		again  bool
	}{
		{"ConfigMap", fromConfigMap("seeds", "documents.sql"), func(in component.Input) { in.Facts.ConfigMaps["seeds"].Data["documents.sql"] += " " }, true},
		{"binary ConfigMap", fromConfigMap("seeds", "latin.sql"), func(in component.Input) { in.Facts.ConfigMaps["seeds"].BinaryData["latin.sql"] = []byte{0xe5} }, true},
		{"Secret", fromSecret("seeds", "users.sql"), func(in component.Input) { in.Facts.Secrets["seeds"].Data["users.sql"] = []byte("x") }, true},
		{"other key", fromConfigMap("seeds", "documents.sql"), func(in component.Input) { in.Facts.ConfigMaps["seeds"].Data["other"] = "x" }, false},
		{"annotation", fromConfigMap("seeds", "documents.sql"), func(in component.Input) { in.Facts.ConfigMaps["seeds"].Annotations = map[string]string{"a": "b"} }, false},
		{"deletion", fromConfigMap("seeds", "documents.sql"), func(in component.Input) { delete(in.Facts.ConfigMaps, "seeds") }, true},
		{"none", nil, func(in component.Input) { in.Facts.ConfigMaps["seeds"].Data["documents.sql"] += " " }, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			in := input(t, "minimal")
			without := JobName(in)
			in.Cluster.Spec.Backend.Migration.SQLFrom = tt.from
			before := JobName(in)
			if given := before != without; given != (tt.from != nil) {
				t.Errorf("the field changes the name: %t", given)
			}
			tt.change(in)
			if again := JobName(in) != before; again != tt.again {
				t.Errorf("migration runs again: %t, want %t", again, tt.again)
			}
		})
	}
}

// C7: the operator's update runs no migration, so the name of a Job without SQL stays as it was.
func TestNameWithoutSQLIsThatOfEarlierVersions(t *testing.T) {
	if got, want := JobName(input(t, "minimal")), "demo-migration-5a676b8b"; got != want {
		t.Errorf("JobName = %s, want %s", got, want)
	}
}

// C7: what is missing is named with the cure.
func TestMissingSQLIsReported(t *testing.T) {
	tests := []struct {
		name, reason string
		from         *v1alpha1.SQLSource
		says         []string
	}{
		{"no ConfigMap", v1alpha1.ReasonConfigMapNotFound, fromConfigMap("gone", "a.sql"), []string{"ConfigMap gone does not exist", "key a.sql", "spec.backend.migration.sqlFrom.configMapKeyRef.name"}},
		{"no key", v1alpha1.ReasonConfigMapKeyMissing, fromConfigMap("seeds", "a.sql"), []string{"ConfigMap seeds has no key a.sql", "spec.backend.migration.sqlFrom.configMapKeyRef.key"}},
		{"no Secret", v1alpha1.ReasonSecretNotFound, fromSecret("gone", "a.sql"), []string{"Secret gone does not exist", "key a.sql", "spec.backend.migration.sqlFrom.secretKeyRef.name"}},
		{"no key of the Secret", v1alpha1.ReasonSecretKeyMissing, fromSecret("seeds", "a.sql"), []string{"Secret seeds has no key a.sql", "spec.backend.migration.sqlFrom.secretKeyRef.key"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			in := input(t, "minimal")
			in.Cluster.Spec.Backend.Migration.SQLFrom = tt.from
			_, err := New().Render(in)
			blocked, ok := outcome.AsBlocked(err)
			if !ok || blocked.Reason != tt.reason || blocked.Terminal {
				t.Fatalf("Render: %v, want reason %s", err, tt.reason)
			}
			for _, text := range tt.says {
				if !strings.Contains(blocked.Message, text) {
					t.Errorf("message lacks %q: %s", text, blocked.Message)
				}
			}
			if got := WaitsFor(in); got != blocked.Message {
				t.Errorf("WaitsFor = %q, want %q", got, blocked.Message)
			}
		})
	}
}

// C7: psql gets the settings of the driver, in the order in which Kubernetes lets variables win, and no other credential.
func TestClientEnv(t *testing.T) {
	in := input(t, "full")
	in.Facts.Secrets["mail"] = &corev1.Secret{Data: map[string][]byte{"MAIL_PASSWORD": nil, "PGSSLMODE": nil, "PGAPPNAME": nil}}
	container, _, err := sqlContainer(in)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, e := range container.Env {
		if _, twice := got[*e.Name]; twice {
			t.Errorf("%s is set twice", *e.Name)
		}
		switch {
		case e.Value != nil:
			got[*e.Name] = *e.Value
		case e.ValueFrom != nil && e.ValueFrom.SecretKeyRef != nil:
			got[*e.Name] = "Secret " + *e.ValueFrom.SecretKeyRef.Name
		}
	}
	for name, want := range map[string]string{
		"PGSSLMODE": "verify-full", "PGOPTIONS": "-c timezone=UTC", "PGAPPNAME": "Secret mail", "POSTGRES_URL": "Secret demo-postgres-app",
	} {
		if got[name] != want {
			t.Errorf("%s is %q, want %q", name, got[name], want)
		}
	}
	for _, name := range []string{"MAIL_PASSWORD", "SECRET_KEY", "REDIS_URL", "THEME", "SENTRY"} {
		if _, found := got[name]; found {
			t.Errorf("%s is given to psql", name)
		}
	}
}

// C7: Kubernetes puts variables into a command where it finds $(NAME), and one dollar in the place of two.
func TestKubernetesLeavesTheScriptAsItIs(t *testing.T) {
	container, _, err := sqlContainer(input(t, "full"))
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range container.Command {
		if strings.Contains(text, "$$") {
			t.Errorf("two dollars in a row:\n%s", text)
		}
		for _, e := range container.Env {
			if strings.Contains(text, "$("+*e.Name+")") {
				t.Errorf("$(%s) is put in by Kubernetes:\n%s", *e.Name, text)
			}
		}
	}
}
