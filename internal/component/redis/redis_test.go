package redis_test

import (
	"path/filepath"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component"
	"github.com/xatube/xatube-operator/internal/component/naming"
	"github.com/xatube/xatube-operator/internal/component/redis"
	"github.com/xatube/xatube-operator/internal/credential"
	"github.com/xatube/xatube-operator/internal/golden"
	"github.com/xatube/xatube-operator/internal/outcome"
)

func input(t *testing.T, name string) component.Input {
	t.Helper()
	in := golden.Input(t, filepath.Join("testdata", name, "in.yaml"), redis.New())
	in.Facts.Secrets["my-cache"] = &corev1.Secret{Data: map[string][]byte{"url": []byte("rediss://:secret@cache.example.com/1")}}
	return in
}

func TestRender(t *testing.T) {
	golden.Run(t, redis.New(), func(name string, in *component.Input) {
		in.Facts.Secrets["my-cache"] = &corev1.Secret{Data: map[string][]byte{"url": []byte("redis://cache.example.com")}}
		if name == "grown" {
			in.Facts.StatefulSets = map[string]*appsv1.StatefulSet{"demo-redis": {Spec: appsv1.StatefulSetSpec{
				VolumeClaimTemplates: []corev1.PersistentVolumeClaim{claim("data", "1Gi")},
			}}}
			live := claim("data-demo-redis-0", "1Gi")
			in.Facts.Claims = map[string]*corev1.PersistentVolumeClaim{live.Name: &live}
		}
	})
}

func claim(name, size string) corev1.PersistentVolumeClaim {
	c := corev1.PersistentVolumeClaim{}
	c.Name = name
	c.Spec.Resources.Requests = corev1.ResourceList{corev1.ResourceStorage: resource.MustParse(size)}
	return c
}

func TestCredentials(t *testing.T) {
	in := input(t, "minimal")
	requests := redis.New().Credentials(in)
	if len(requests) != 2 || requests[0].Name != "demo-redis" || requests[1].Name != "demo-redis-server" {
		t.Fatalf("got %+v", requests)
	}
	data := requests[0].Data(credential.Generator{})
	password := string(data["password"])
	if want := "redis://:" + password + "@demo-redis.tube.svc:6379/0"; string(data["uri"]) != want {
		t.Errorf("uri %s, want %s", data["uri"], want)
	}
	own := requests[1].Data(credential.Generator{})
	if len(own["admin"]) < 32 || len(own["monitor"]) < 32 || string(own["admin"]) == string(own["monitor"]) {
		t.Error("the server's own users need passwords of their own")
	}
	if len(redis.New().Credentials(input(t, "external"))) != 0 {
		t.Error("an external cache needs no generated login")
	}
}

func TestARotationRestartsNobody(t *testing.T) {
	in := input(t, "minimal")
	before := checksum(t, in)
	in.Facts.Secrets["demo-redis-alternate"] = &corev1.Secret{Data: map[string][]byte{"password": []byte("other")}}
	if checksum(t, in) != before {
		t.Error("a new login would restart the server")
	}
	in.Facts.Secrets["demo-redis-server"].Data["admin"] = []byte("other")
	if checksum(t, in) == before {
		t.Error("the server would never learn the new password of its own user")
	}
}

func checksum(t *testing.T, in component.Input) string {
	t.Helper()
	objects, err := redis.New().Render(in)
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := strings.Cut(string(golden.Documents(t, objects)), naming.AnnotationChecksum+": ")
	if !found {
		t.Fatal("no checksum")
	}
	sum, _, _ := strings.Cut(rest, "\n")
	return sum
}

func TestRefusesTooLittleMemory(t *testing.T) {
	tests := []struct {
		limit   string
		refused bool
	}{{"767Mi", true}, {"768Mi", false}}
	for _, tt := range tests {
		t.Run(tt.limit, func(t *testing.T) {
			in := input(t, "minimal")
			in.Cluster.Spec.Redis.Pod.Resources = &v1alpha1.Resources{
				Limits: corev1.ResourceList{corev1.ResourceMemory: resource.MustParse(tt.limit)},
			}
			_, err := redis.New().Render(in)
			blocked, refused := outcome.AsBlocked(err)
			if refused != tt.refused {
				t.Fatalf("got %v", err)
			}
			if refused && (!blocked.Terminal || !strings.Contains(blocked.Message, "set the limit to 768Mi or more")) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestWaitsForItsSecret(t *testing.T) {
	in := input(t, "minimal")
	delete(in.Facts.Secrets, "demo-redis")
	if blocked, ok := outcome.AsBlocked(second(redis.New().Render(in))); !ok || blocked.Terminal {
		t.Errorf("got %v", blocked)
	}
}

func TestExternal(t *testing.T) {
	in := input(t, "external")
	if h := redis.New().Health(in); !h.Healthy() || h.Reason != v1alpha1.ReasonExternal {
		t.Errorf("got %+v", h)
	}
	env := redis.URLEnv(in)
	if ref := env[0].ValueFrom.SecretKeyRef; *env[0].Name != "REDIS_URL" || *ref.Name != "my-cache" || *ref.Key != "url" {
		t.Errorf("%s from %s/%s", *env[0].Name, *ref.Name, *ref.Key)
	}
	delete(in.Facts.Secrets, "my-cache")
	if h := redis.New().Health(in); h.Reason != v1alpha1.ReasonSecretNotFound {
		t.Errorf("got %+v", h)
	}
	// Nothing is wanted then, and nothing may be pruned.
	if second(redis.New().Render(in)) == nil {
		t.Error("a missing Secret must hold the component back")
	}
}

func TestURLEnv(t *testing.T) {
	env := redis.URLEnv(input(t, "minimal"))
	if ref := env[0].ValueFrom.SecretKeyRef; *env[0].Name != "REDIS_URL" || *ref.Name != "demo-redis" || *ref.Key != "uri" {
		t.Errorf("%s from %s/%s", *env[0].Name, *ref.Name, *ref.Key)
	}
}

func TestHealth(t *testing.T) {
	in := input(t, "minimal")
	if h := redis.New().Health(in); h.Healthy() {
		t.Errorf("healthy without a StatefulSet: %+v", h)
	}
	one := int32(1)
	in.Facts.StatefulSets = map[string]*appsv1.StatefulSet{"demo-redis": {
		Spec:   appsv1.StatefulSetSpec{Replicas: &one},
		Status: appsv1.StatefulSetStatus{Replicas: 1, ReadyReplicas: 1, UpdatedReplicas: 1},
	}}
	if h := redis.New().Health(in); !h.Healthy() {
		t.Errorf("got %+v", h)
	}
}

func second[T any](_ T, err error) error { return err }
