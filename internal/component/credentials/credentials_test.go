package credentials_test

import (
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component"
	"github.com/xatube/xatube-operator/internal/component/credentials"
	"github.com/xatube/xatube-operator/internal/component/naming"
	"github.com/xatube/xatube-operator/internal/golden"
)

// TestRender is a rotation whose new login no pod uses yet.
func TestRender(t *testing.T) {
	golden.Run(t, credentials.New(), func(comp string, in *component.Input) { rotate(in, comp) })
}

// rotate makes both logins of a component, of which the backends have the former, and lets the servers run.
func rotate(in *component.Input, comp string) {
	former, newest := "demo-"+comp, "demo-"+comp+"-alternate"
	for _, name := range []string{former, newest, "demo-redis-server", "demo-rabbitmq-erlang-cookie"} {
		in.Facts.Secrets[name] = &corev1.Secret{
			ObjectMeta: metav1.ObjectMeta{Name: name, UID: types.UID("uid-of-" + name)},
			Data:       map[string][]byte{"password": []byte("p"), "admin": []byte("a")},
		}
	}
	in.Facts.Secrets[newest].Annotations = map[string]string{naming.AnnotationRotation: "1"}
	in.Facts.Pods = map[string][]*corev1.Pod{naming.Redis: {{
		ObjectMeta: metav1.ObjectMeta{UID: "uid-of-the-pod"},
		Status:     corev1.PodStatus{ContainerStatuses: []corev1.ContainerStatus{{Name: "redis", Ready: true}}},
	}}}
	in.Facts.StatefulSets = map[string]*appsv1.StatefulSet{"demo-rabbitmq": {Status: appsv1.StatefulSetStatus{ReadyReplicas: 1}}}
	in.Facts.Jobs = map[string]*batchv1.Job{}
}

// rendered is the one Job that is rendered; nil for none.
func rendered(t *testing.T, in component.Input) string {
	t.Helper()
	objects, err := credentials.New().Render(in)
	if err != nil {
		t.Fatal(err)
	}
	if len(objects) > 1 {
		t.Fatalf("%d Jobs are rendered", len(objects))
	}
	return string(golden.Documents(t, objects))
}

func load(t *testing.T, comp string) component.Input {
	t.Helper()
	in := golden.Input(t, "testdata/"+comp+"/in.yaml", credentials.New())
	rotate(&in, comp)
	return in
}

func TestNobodyIsToldWithoutARotation(t *testing.T) {
	in := load(t, "redis")
	delete(in.Facts.Secrets, "demo-redis-alternate")
	if got := rendered(t, in); got != "" {
		t.Errorf("got %s", got)
	}
}

func TestNobodyIsToldWhileTheServerIsAway(t *testing.T) {
	in := load(t, "redis")
	job := rendered(t, in)
	in.Facts.Pods[naming.Redis][0].Status.ContainerStatuses[0].Ready = false
	if got := rendered(t, in); got != "" {
		t.Errorf("got %s", got)
	}
	in.Facts.Pods[naming.Redis][0].Status.ContainerStatuses[0] = corev1.ContainerStatus{Name: "redis", Ready: true, RestartCount: 1}
	if again := rendered(t, in); again == "" || again == job {
		t.Error("a server that was restarted in the midst of a rotation is not told again")
	}
}

func TestTheServerIsToldToForgetWhenNothingUsesTheFormer(t *testing.T) {
	for _, comp := range []string{"redis", "rabbitmq"} {
		in := load(t, comp)
		add := rendered(t, in)
		delete(in.Facts.Secrets, "demo-"+comp)
		want := map[string]string{"redis": "- only\n", "rabbitmq": "- xatube\n"}[comp]
		if only := rendered(t, in); strings.Contains(add, want) || !strings.Contains(only, want) {
			t.Errorf("%s: got %s", comp, only)
		}
	}
}

func TestHealth(t *testing.T) {
	in := load(t, "redis")
	if h := credentials.New().Health(in); h.Reason != v1alpha1.ReasonRotating || !strings.Contains(h.Message, "redis: waiting until Job demo-redis-login-") {
		t.Errorf("got %+v", h)
	}
	in.Cluster.Annotations = map[string]string{naming.AnnotationRotate: "mysql"}
	if h := credentials.New().Health(in); h.Reason != v1alpha1.ReasonInvalidAnnotation {
		t.Errorf("got %+v", h)
	}
	in.Cluster.Annotations = nil
	in.Cluster.Spec.Redis.External = &v1alpha1.ExternalSpec{}
	if h := credentials.New().Health(in); !h.Healthy() {
		t.Errorf("what is run elsewhere is not rotated: %+v", h)
	}
}
