package postgres_test

import (
	"reflect"
	"strings"
	"testing"

	cnpgv1 "github.com/cloudnative-pg/api/pkg/api/v1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component"
	"github.com/xatube/xatube-operator/internal/component/naming"
	"github.com/xatube/xatube-operator/internal/component/postgres"
	"github.com/xatube/xatube-operator/internal/observe"
	"github.com/xatube/xatube-operator/internal/outcome"
)

// pooled is a platform whose database and pooler are well.
func pooled(t *testing.T, dir string) component.Input {
	t.Helper()
	in := input(t, dir, nil)
	in.Facts.Pooler = &cnpgv1.Pooler{Status: cnpgv1.PoolerStatus{Phase: cnpgv1.PoolerPhaseActive, Image: naming.ImagePgBouncer}}
	in.Facts.Deployments = map[string]*appsv1.Deployment{"demo-postgres-pooler": {
		Spec:   appsv1.DeploymentSpec{Replicas: new(int32(2))},
		Status: appsv1.DeploymentStatus{Replicas: 2, UpdatedReplicas: 2, AvailableReplicas: 2},
	}}
	return in
}

func TestPoolerHealth(t *testing.T) {
	tests := []struct {
		name            string
		change          func(*component.Input)
		reason, message string
	}{
		{name: "well", reason: v1alpha1.ReasonReady, message: "primary is demo-postgres-1"},
		{
			name:   "not created",
			change: func(in *component.Input) { in.Facts.Pooler = nil },
			reason: v1alpha1.ReasonProgressing, message: "Pooler demo-postgres-pooler does not exist yet",
		},
		{
			name:   "refused",
			change: func(in *component.Input) { in.Facts.Pooler.Status.Error = "Invalid or reserved parameter" },
			reason: v1alpha1.ReasonRejected, message: "Invalid or reserved parameter; correct spec.postgres.pooler",
		},
		{
			name:   "paused by hand",
			change: func(in *component.Input) { in.Facts.Pooler.Status.Phase = cnpgv1.PoolerPhasePaused },
			reason: v1alpha1.ReasonUnavailable, message: "set its spec.pgbouncer.paused to false",
		},
		{
			name: "waiting for a Secret",
			change: func(in *component.Input) {
				in.Facts.Pooler.Status.Phase = cnpgv1.PoolerPhaseInactive
				in.Facts.Pooler.Status.PhaseReason = "secret not found"
			},
			reason: v1alpha1.ReasonProgressing, message: "Pooler demo-postgres-pooler: inactive: secret not found",
		},
		{
			name:   "old image",
			change: func(in *component.Input) { in.Facts.Pooler.Status.Image = "pgbouncer:old" },
			reason: v1alpha1.ReasonProgressing, message: "is being rolled to image " + naming.ImagePgBouncer,
		},
		{
			name:   "no Deployment",
			change: func(in *component.Input) { in.Facts.Deployments = nil },
			reason: v1alpha1.ReasonProgressing, message: "Deployment demo-postgres-pooler does not exist yet",
		},
		{
			name: "one pod lost",
			change: func(in *component.Input) {
				in.Facts.Deployments["demo-postgres-pooler"].Status.AvailableReplicas = 1
			},
			reason: v1alpha1.ReasonProgressing, message: "1 of 2 pods are ready",
		},
		{
			name: "image cannot be pulled",
			change: func(in *component.Input) {
				in.Facts.Deployments["demo-postgres-pooler"].Status.AvailableReplicas = 0
				pod := &corev1.Pod{Status: corev1.PodStatus{ContainerStatuses: []corev1.ContainerStatus{{
					Image: naming.ImagePgBouncer,
					State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "ImagePullBackOff"}},
				}}}}
				in.Facts.Pods = map[string][]*corev1.Pod{naming.Pooler: {pod}}
			},
			reason: v1alpha1.ReasonImagePull, message: "correct the image of postgres-pooler",
		},
		{
			name: "not scaled yet",
			change: func(in *component.Input) {
				d := in.Facts.Deployments["demo-postgres-pooler"]
				d.Spec.Replicas = new(int32(1))
				d.Status = appsv1.DeploymentStatus{Replicas: 1, UpdatedReplicas: 1, AvailableReplicas: 1}
			},
			reason: v1alpha1.ReasonProgressing, message: "1 of 2 instances are ready",
		},
		{
			name:   "the database comes first",
			change: func(in *component.Input) { in.Facts.Database, in.Facts.Pooler = nil, nil },
			reason: v1alpha1.ReasonProgressing, message: "Cluster demo-postgres does not exist yet",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			in := pooled(t, "pooler")
			if tt.change != nil {
				tt.change(&in)
			}
			got := postgres.New().Health(in)
			if got.Reason != tt.reason || !strings.Contains(got.Message, tt.message) {
				t.Errorf("got %s: %s\nwant %s: %s", got.Reason, got.Message, tt.reason, tt.message)
			}
		})
	}
}

func TestPooledURL(t *testing.T) {
	got := postgres.ServerURLEnv(input(t, "pooler", nil))
	const want = "postgresql://$(POSTGRES_USER):$(POSTGRES_PASSWORD)@demo-postgres-pooler.tube:5432/xatube?connect_timeout=5"
	last := got[len(got)-1]
	if *last.Name != "DATABASE_URL" || !strings.HasPrefix(*last.Value, want) || strings.Contains(*last.Value, "target_session_attrs") {
		t.Errorf("%s=%s", *last.Name, *last.Value)
	}
	for _, e := range got[:len(got)-1] {
		if *e.ValueFrom.SecretKeyRef.Name != "demo-postgres-app" {
			t.Errorf("%s comes from Secret %s", *e.Name, *e.ValueFrom.SecretKeyRef.Name)
		}
	}
	direct := postgres.ServerURLEnv(input(t, "minimal", nil))
	if got := jsonOf(t, direct); got != patient(t, postgres.URLEnv(input(t, "minimal", nil))) {
		t.Errorf("without a pooler: %s", got)
	}
}

// patient is the URL of a client whose door lets it wait.
func patient(t *testing.T, env any) string {
	t.Helper()
	impatient := jsonOf(t, env)
	changed := strings.ReplaceAll(impatient, "connect_timeout=5", "connect_timeout=30")
	if changed == impatient {
		t.Errorf("no timeout in %s", impatient)
	}
	return changed
}

// TestDoor: before a database of ours each backend has a door, unless it goes through the pooler.
func TestDoor(t *testing.T) {
	got, ok := postgres.DoorOf(input(t, "minimal", nil))
	want := postgres.Door{Upstream: "demo-postgres-rw.tube.svc.cluster.local.:5432", Names: []string{"demo-postgres-rw.tube"}, Port: 5432}
	if !ok || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	for _, name := range []string{"pooler", "external"} {
		if got, ok := postgres.DoorOf(input(t, name, nil)); ok {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// TestARotatedLoginGoesPastThePooler, which would let it make tables of its own.
func TestARotatedLoginGoesPastThePooler(t *testing.T) {
	const login = "demo-postgres-login"
	in := input(t, "pooler", nil)
	in.Cluster.Annotations = map[string]string{naming.AnnotationRotate: "postgres@1"}
	in.Facts.Secrets = map[string]*corev1.Secret{
		login: secret(login, ""), "demo-postgres-app": secret("demo-postgres-app", ""),
	}
	_, err := postgres.New().Render(in)
	if b, blocked := outcome.AsBlocked(err); !blocked || b.Reason != v1alpha1.ReasonInvalid || !strings.Contains(b.Message, "delete Secret "+login) {
		t.Errorf("got %v", err)
	}
	in.Facts.Pods = map[string][]*corev1.Pod{naming.Backend: {{Spec: corev1.PodSpec{Containers: []corev1.Container{{
		Env: []corev1.EnvVar{{Name: "POSTGRES_URL", ValueFrom: &corev1.EnvVarSource{SecretKeyRef: &corev1.SecretKeySelector{
			LocalObjectReference: corev1.LocalObjectReference{Name: login},
		}}}},
	}}}}}}
	for name, live := range map[string]*cnpgv1.Cluster{"accepted": accepted(in.Facts.Secrets[login]), "not yet": live(nil)} {
		in.Facts.Database = live
		if got, want := jsonOf(t, postgres.ServerURLEnv(in)), patient(t, postgres.URLEnv(in)); got != want {
			t.Errorf("%s: got %s, want %s", name, got, want)
		}
	}

	// The cure: the backends become the owner again, the role stays until the last of them is.
	delete(in.Facts.Secrets, login)
	objects, err := postgres.New().Render(in)
	if err != nil {
		t.Fatal(err)
	}
	if cluster := jsonOf(t, objects[0]); !strings.Contains(cluster, `"ensure":"present","inRoles":["xatube"],"login":true,"name":"xatube_login"`) {
		t.Errorf("the role that a pod uses is gone: %s", cluster)
	}
	if got := jsonOf(t, postgres.ServerURLEnv(in)); !strings.Contains(got, `"name":"demo-postgres-app"`) || !strings.Contains(got, "@demo-postgres-pooler.tube:5432/") {
		t.Errorf("got %s", got)
	}
	for _, r := range postgres.New().Credentials(in) {
		if r.Name != "demo-postgres-app" {
			t.Errorf("Secret %s is made behind the pooler", r.Name)
		}
	}
}

func accepted(s *corev1.Secret) *cnpgv1.Cluster {
	return live(func(db *cnpgv1.Cluster) {
		db.Status.ManagedRolesStatus.PasswordStatus = map[string]cnpgv1.PasswordState{
			"xatube_login": {SecretResourceVersion: s.ResourceVersion},
		}
	})
}

// TestThePoolerSleepsToo, and the database is not said to sleep before.
func TestThePoolerSleepsToo(t *testing.T) {
	in := pooled(t, "pooler")
	in.Cluster.Spec.PowerState = v1alpha1.PowerHibernated
	in.Facts.Pods = nil
	in.Facts.Database = live(func(db *cnpgv1.Cluster) {
		db.Annotations = map[string]string{"cnpg.io/hibernation": "on"}
		db.Status.Conditions = []metav1.Condition{{Type: "cnpg.io/hibernation", Status: metav1.ConditionTrue}}
	})
	if h := postgres.New().Health(in); h.Healthy() || !strings.Contains(h.Message, "Pooler demo-postgres-pooler is stopping") {
		t.Errorf("got %+v", h)
	}
	objects, err := postgres.New().Render(in)
	if err != nil {
		t.Fatal(err)
	}
	if len(objects) < 2 || !strings.Contains(jsonOf(t, objects[1]), `"instances":0`) {
		t.Errorf("got %s", jsonOf(t, objects))
	}
	in.Facts.Deployments["demo-postgres-pooler"].Status.Replicas = 0
	if h := postgres.New().Health(in); h.Reason != v1alpha1.ReasonHibernated {
		t.Errorf("got %+v", h)
	}
}

// TestSharedConnections sees max_connections fall only when no backend connects past the pooler any more.
func TestSharedConnections(t *testing.T) {
	server := func(url string) *corev1.Pod {
		return &corev1.Pod{Spec: corev1.PodSpec{Containers: []corev1.Container{{
			Env: []corev1.EnvVar{{Name: "DATABASE_URL", Value: url}},
		}}}}
	}
	direct := server("$(POSTGRES_URL)?connect_timeout=5")
	through := server("postgresql://a:b@demo-postgres-pooler.tube:5432/xatube?connect_timeout=5")
	tests := []struct {
		name, dir string
		pods      []*corev1.Pod
		want      string
	}{
		{name: "shared, nothing runs", dir: "pooler-shared", want: "400"},
		{name: "shared", dir: "pooler-shared", pods: []*corev1.Pod{through, through}, want: "400"},
		{name: "shared, one is left", dir: "pooler-shared", pods: []*corev1.Pod{through, direct}, want: "1600"},
		{name: "sessions", dir: "pooler", pods: []*corev1.Pod{through}, want: "400"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			in := input(t, tt.dir, nil)
			in.Facts.Pods = map[string][]*corev1.Pod{naming.Backend: tt.pods}
			if got := renderedParameters(t, in)["max_connections"]; got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

func TestRestore(t *testing.T) {
	restored := func(db *cnpgv1.Cluster) {
		db.Name = "again-postgres"
		db.Spec.Bootstrap = &cnpgv1.BootstrapConfiguration{Recovery: &cnpgv1.BootstrapRecovery{}}
	}
	tests := []struct {
		name            string
		plugin          bool
		db              *cnpgv1.Cluster
		reason, message string
	}{
		{name: "new", plugin: true},
		{name: "no plugin", reason: v1alpha1.ReasonAPINotInstalled, message: "install the barman-cloud plugin"},
		{name: "restored before", db: live(restored)},
		{
			name: "over a database", plugin: true, db: live(nil),
			reason: v1alpha1.ReasonInvalid, message: "restore into a XaTubeCluster of another name",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			in := input(t, "restore", nil)
			in.Facts.APIs = map[schema.GroupVersionKind]bool{observe.ObjectStore: tt.plugin}
			in.Facts.Database = tt.db
			_, err := postgres.New().Render(in)
			b, blocked := outcome.AsBlocked(err)
			switch {
			case tt.reason == "" && err != nil:
				t.Errorf("refused: %v", err)
			case tt.reason != "" && (!blocked || b.Reason != tt.reason || !strings.Contains(b.Message, tt.message)):
				t.Errorf("got %v", err)
			}
		})
	}
}
