package postgres_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	cnpgv1 "github.com/cloudnative-pg/api/pkg/api/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/yaml"

	"github.com/xatube/xatube-operator/internal/component"
	"github.com/xatube/xatube-operator/internal/component/naming"
	"github.com/xatube/xatube-operator/internal/component/postgres"
	"github.com/xatube/xatube-operator/internal/golden"
	"github.com/xatube/xatube-operator/internal/observe"
)

func TestRender(t *testing.T) {
	golden.Run(t, postgres.New(), func(name string, in *component.Input) {
		in.Facts.Secrets["my-db"] = secret("my-db", "postgresql://tube:secret@db.example.com/tube")
		switch name {
		case "backup", "restore":
			in.Facts.APIs = map[schema.GroupVersionKind]bool{observe.ObjectStore: true}
		case "waking":
			in.Facts.Database = live(func(db *cnpgv1.Cluster) {
				db.Annotations = map[string]string{"cnpg.io/hibernation": "on"}
			})
		case "growing":
			in.Facts.Database = live(func(db *cnpgv1.Cluster) {
				db.Spec.Instances = 1
				db.Spec.PostgresConfiguration.Synchronous = nil
				db.Status.ReadyInstances = 1
			})
		case "rotated":
			// For the second time: the first of the two roles goes.
			in.Facts.Secrets["demo-postgres-login-alternate"] = secret("demo-postgres-login-alternate", "")
			in.Facts.Database = live(func(db *cnpgv1.Cluster) {
				db.Spec.Managed = &cnpgv1.ManagedConfiguration{Roles: []cnpgv1.RoleConfiguration{{Name: "xatube_login"}}}
			})
		case "new-image":
			in.Facts.Database = live(func(db *cnpgv1.Cluster) {
				db.Spec.PostgresConfiguration.Parameters = map[string]string{"work_mem": "16MB", "wal_level": "logical"}
			})
		}
	})
}

// TestFieldsExist catches a misspelt field, which the API server would drop in silence.
func TestFieldsExist(t *testing.T) {
	files, err := filepath.Glob("testdata/*/want.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no golden files: %v", err)
	}
	for _, path := range files {
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for document := range bytes.SplitSeq(content, []byte("---\n")) {
			var kind metav1.TypeMeta
			if err := yaml.Unmarshal(document, &kind); err != nil {
				t.Fatalf("%s: %v", path, err)
			}
			types := map[string]any{"Cluster": &cnpgv1.Cluster{}, "Pooler": &cnpgv1.Pooler{}}
			if types[kind.Kind] == nil {
				continue
			}
			if err := yaml.UnmarshalStrict(document, types[kind.Kind]); err != nil {
				t.Errorf("%s: %v", path, err)
			}
		}
	}
}

func TestURLEnv(t *testing.T) {
	in := input(t, "minimal", nil)
	got := postgres.URLEnv(in)
	if len(got) != 2 {
		t.Fatalf("got %d variables, want the plain URL and DATABASE_URL", len(got))
	}
	plain, full := got[0], got[1]
	if ref := plain.ValueFrom.SecretKeyRef; *ref.Name != "demo-postgres-app" || *ref.Key != "uri" {
		t.Errorf("%s comes from Secret %s, key %s", *plain.Name, *ref.Name, *ref.Key)
	}
	want := "$(" + *plain.Name + ")?connect_timeout=5&keepalives=1&keepalives_idle=2&keepalives_interval=2" +
		"&keepalives_count=3&tcp_user_timeout=4000&target_session_attrs=read-write"
	if *full.Name != "DATABASE_URL" || *full.Value != want {
		t.Errorf("%s=%s\nwant %s", *full.Name, *full.Value, want)
	}
}

func TestURLEnvAfterARotation(t *testing.T) {
	in := input(t, "minimal", nil)
	app, login := secret("demo-postgres-app", "postgresql://xatube:pw@h/xatube"), secret("demo-postgres-login", "postgresql://xatube_login:pw@h/xatube")
	login.ResourceVersion = "7"
	in.Facts.Secrets = map[string]*corev1.Secret{app.Name: app, login.Name: login}
	if got := postgres.URLEnv(in); *got[0].ValueFrom.SecretKeyRef.Name != app.Name || strings.Contains(*got[1].Value, "role") {
		t.Errorf("before the role exists: %s", jsonOf(t, got))
	}
	in.Facts.Database.Status.ManagedRolesStatus.PasswordStatus = map[string]cnpgv1.PasswordState{"xatube_login": {SecretResourceVersion: "6"}}
	if got := postgres.URLEnv(in); *got[0].ValueFrom.SecretKeyRef.Name != app.Name {
		t.Errorf("while the role has the password of a former Secret: %s", jsonOf(t, got))
	}
	in.Facts.Database.Status.ManagedRolesStatus.PasswordStatus["xatube_login"] = cnpgv1.PasswordState{SecretResourceVersion: "7"}
	got := postgres.URLEnv(in)
	if *got[0].ValueFrom.SecretKeyRef.Name != login.Name || !strings.HasSuffix(*got[1].Value, "&options=-crole%3Dxatube") {
		t.Errorf("when it has the password: %s", jsonOf(t, got))
	}
}

func TestALostRoleStaysAsLongAsPodsUseIt(t *testing.T) {
	in := input(t, "minimal", func(db *cnpgv1.Cluster) {
		db.Spec.Managed = &cnpgv1.ManagedConfiguration{Roles: []cnpgv1.RoleConfiguration{{Name: "xatube_login"}}}
	})
	pod := &corev1.Pod{Spec: corev1.PodSpec{Containers: []corev1.Container{{Env: []corev1.EnvVar{{ValueFrom: &corev1.EnvVarSource{
		SecretKeyRef: &corev1.SecretKeySelector{LocalObjectReference: corev1.LocalObjectReference{Name: "demo-postgres-login"}},
	}}}}}}}
	role := func() string {
		objects, err := postgres.New().Render(in)
		if err != nil {
			t.Fatal(err)
		}
		_, found, _ := strings.Cut(jsonOf(t, objects[0]), `"managed":`)
		found, _, _ = strings.Cut(found, "]}")
		return found
	}
	in.Facts.Pods = map[string][]*corev1.Pod{"backend": {pod}}
	if got := role(); !strings.Contains(got, `"ensure":"present"`) || strings.Contains(got, "passwordSecret") {
		t.Errorf("while a pod uses it: %s", got)
	}
	in.Facts.Pods = nil
	if got := role(); !strings.Contains(got, `"ensure":"absent"`) {
		t.Errorf("when none does: %s", got)
	}
}

func TestURLEnvOfExternal(t *testing.T) {
	got := postgres.URLEnv(input(t, "external", nil))
	if len(got) != 1 || *got[0].Name != "DATABASE_URL" || *got[0].ValueFrom.SecretKeyRef.Name != "my-db" {
		t.Errorf("got %s", jsonOf(t, got))
	}
}

func TestNeeds(t *testing.T) {
	for name, want := range map[string]int{"minimal": 1, "external": 0} {
		cluster := golden.Load(t, filepath.Join("testdata", name, "in.yaml"))
		if got := postgres.New().Needs(cluster); len(got) != want {
			t.Errorf("%s needs %v", name, got)
		}
	}
}

func secret(name, uri string) *corev1.Secret {
	s := &corev1.Secret{Data: map[string][]byte{"uri": []byte(uri)}}
	s.Name = name
	return s
}

// live is a healthy database of three instances, changed by the test.
func live(change func(*cnpgv1.Cluster)) *cnpgv1.Cluster {
	db := &cnpgv1.Cluster{}
	db.Name = "demo-postgres"
	db.Spec.Instances = 3
	db.Spec.ImageName = naming.ImagePostgres
	db.Spec.StorageConfiguration.Size = "20Gi"
	db.Spec.PostgresConfiguration.Synchronous = &cnpgv1.SynchronousReplicaConfiguration{
		Method: cnpgv1.SynchronousReplicaConfigurationMethodAny, Number: 1,
		DataDurability: cnpgv1.DataDurabilityLevelRequired, FailoverQuorum: true,
	}
	db.Status = cnpgv1.ClusterStatus{
		Image:           naming.ImagePostgres,
		PGDataImageInfo: &cnpgv1.ImageInfo{Image: naming.ImagePostgres, MajorVersion: 18},
		CurrentPrimary:  "demo-postgres-1",
		TargetPrimary:   "demo-postgres-1",
		ReadyInstances:  3,
		InstancesStatus: map[cnpgv1.PodStatus][]string{
			cnpgv1.PodHealthy: {"demo-postgres-1", "demo-postgres-2", "demo-postgres-3"},
		},
		Phase: cnpgv1.PhaseHealthy,
	}
	db.Status.Conditions = conditionReady("True")
	if change != nil {
		change(db)
	}
	return db
}

// renderedParameters are the parameters of postgresql.conf that would be applied.
func renderedParameters(t *testing.T, in component.Input) map[string]string {
	t.Helper()
	objects, err := postgres.New().Render(in)
	if err != nil {
		t.Fatal(err)
	}
	var db cnpgv1.Cluster
	if err := yaml.Unmarshal([]byte(jsonOf(t, objects[0])), &db); err != nil {
		t.Fatal(err)
	}
	return db.Spec.PostgresConfiguration.Parameters
}
