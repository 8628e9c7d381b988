package rollout

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component"
	"github.com/xatube/xatube-operator/internal/component/naming"
)

// settledInput is a platform at rest with three backends.
func settledInput() component.Input {
	in := input()
	in.Cluster.Generation = 4
	in.Cluster.Spec.Backend.Replicas = new(int32(3))
	in.Cluster.Spec.Backend.EnvFrom = []v1alpha1.EnvFromSource{{ConfigMapRef: &v1alpha1.LocalConfigMap{Name: "flags"}}}
	in.Facts.Secrets = map[string]*corev1.Secret{
		"demo-redis":        {Data: map[string][]byte{"password": []byte("a")}},
		"demo-postgres-app": {Data: map[string][]byte{"uri": []byte("a")}},
		"demo-postgres-ca":  {Data: map[string][]byte{"ca.crt": []byte("a")}},
	}
	in.Facts.Secrets["demo-postgres-ca"].Labels = naming.Labels(in.Cluster, naming.Postgres)
	in.Facts.ConfigMaps = map[string]*corev1.ConfigMap{"flags": {Data: map[string]string{"a": "b"}}}
	in.Cluster.Status.Settled = Settled(in, true)
	return in
}

func TestWhoIsTheCause(t *testing.T) {
	tests := []struct {
		name     string
		change   func(component.Input)
		operator bool
	}{
		{"nothing changed", func(component.Input) {}, true},
		{"scaling", func(in component.Input) { spec(in).Backend.Replicas = new(int32(4)) }, true},
		{"scaling that needs more connections", func(in component.Input) { spec(in).Backend.Replicas = new(int32(11)) }, false},
		{"scaling to one", func(in component.Input) { spec(in).Backend.Replicas = new(int32(1)) }, false},
		{"an image", func(in component.Input) { spec(in).Frontend.Image = "b" }, false},
		{"a new default of the CRD", func(in component.Input) { in.Cluster.Spec.Frontend.Port = 3000 }, true},
		{"a credential", func(in component.Input) { in.Facts.Secrets["demo-redis"].Data["password"] = []byte("b") }, false},
		{"the login of the database", func(in component.Input) { in.Facts.Secrets["demo-postgres-app"].Data["uri"] = []byte("b") }, false},
		{"a certificate inside of the database", func(in component.Input) { in.Facts.Secrets["demo-postgres-ca"].Data["ca.crt"] = []byte("b") }, true},
		{"a login that a rotation made in the database", func(in component.Input) {
			login := &corev1.Secret{}
			login.Labels = naming.Labels(in.Cluster, naming.Postgres)
			login.Annotations = map[string]string{naming.AnnotationRotation: "1"}
			in.Facts.Secrets["demo-postgres-login"] = login
		}, false},
		{"binary data of a ConfigMap", func(in component.Input) { in.Facts.ConfigMaps["flags"].BinaryData = map[string][]byte{"b": {0xe4}} }, false}, // C7
		{"a ConfigMap", func(in component.Input) { in.Facts.ConfigMaps["flags"].Data["a"] = "c" }, false},
		{"the wish to migrate again", func(in component.Input) { in.Cluster.Annotations = map[string]string{naming.AnnotationRetry: "1"} }, false},
		{"the platform never rested", func(in component.Input) { in.Cluster.Status.Settled = "" }, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			in := settledInput()
			tt.change(in)
			if got := ByOperator(in); got != tt.operator {
				t.Errorf("caused by the operator: %t, want %t", got, tt.operator)
			}
		})
	}
}

// spec of a platform, as a user changes it.
func spec(in component.Input) *v1alpha1.XaTubeClusterSpec {
	in.Cluster.Generation++
	return &in.Cluster.Spec
}

func TestTheFingerprintIsRenewedWhenItStandsForTheSame(t *testing.T) {
	in := settledInput()
	before := in.Cluster.Status.Settled
	spec(in).Backend.Replicas = new(int32(4))
	if renewed := Settled(in, false); renewed == before {
		t.Error("the generation of a scaling is not kept")
	}
	spec(in).Frontend.Image = "b"
	if kept := Settled(in, false); kept != before {
		t.Errorf("the fingerprint of before a change of the user is lost while it goes out: %s", kept)
	}
	if settled := Settled(in, true); settled == before {
		t.Error("the platform came to rest and its fingerprint is that of before")
	}
}

func TestWaitingKeepsWhatRuns(t *testing.T) {
	in := input()
	p, err := Pass(in, naming.Edge, Gate{Open: true}, []*unstructured.Unstructured{deployment("a", 2)})
	if err != nil {
		t.Fatal(err)
	}
	first := record(t, in, p.Objects)
	objects := []*unstructured.Unstructured{object("Service", "s"), object("ConfigMap", "c"), deployment("b", 5)}
	if p, err = Pass(in, naming.Edge, Gate{Open: true}, objects); err != nil || !p.Rolls {
		t.Fatalf("another image does not roll: %v", err)
	}
	p, err = Wait(in, naming.Edge, objects)
	if err != nil {
		t.Fatal(err)
	}
	if got := image(t, p.Objects); got != "a" || p.Rolls {
		t.Errorf("image %s goes out, rolls %t", got, p.Rolls)
	}
	if len(p.Objects) != 3 || p.Objects[1].GetName() != first.Name || len(p.Kept) != 1 {
		t.Errorf("out go %v, kept are %v", p.Objects, p.Kept)
	}
}

func TestTheJobOfTheLogsIsNoRollout(t *testing.T) {
	p, err := Pass(input(), naming.Logging, Gate{Open: true}, []*unstructured.Unstructured{object("DaemonSet", "d"), object("Job", "j")})
	if err != nil || p.Rolls || len(p.Objects) != 2 || p.Shown != nil {
		t.Errorf("it rolls %t, with %v shown: %v, %v", p.Rolls, p.Shown, p.Objects, err)
	}
}

func TestNoMigrationStartsWhileThePlatformWaits(t *testing.T) {
	p, err := Wait(input(), naming.Migration, []*unstructured.Unstructured{object("Job", "j")})
	if err != nil || len(p.Objects) != 0 || p.Shown == nil || !p.Shown.Healthy() {
		t.Errorf("a migration starts: %+v, %v", p, err)
	}
}
