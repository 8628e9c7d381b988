package external_test

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component"
	"github.com/xatube/xatube-operator/internal/component/external"
	"github.com/xatube/xatube-operator/internal/observe"
)

func TestHealth(t *testing.T) {
	server := external.Server{
		Field: "spec.redis.external", Ref: v1alpha1.SecretKey{Name: "cache"}, Schemes: []string{"redis", "rediss"},
	}
	tests := []struct {
		name    string
		data    map[string]string // nil: no Secret
		reason  string
		message string
	}{
		{"usable", map[string]string{"uri": "rediss://:secret@cache.example.com"}, v1alpha1.ReasonExternal, "Secret cache"},
		{"no Secret", nil, v1alpha1.ReasonSecretNotFound, "Secret cache does not exist"},
		{"no key", map[string]string{"url": "redis://:secret@h"}, v1alpha1.ReasonSecretKeyMissing, "Secret cache has no key uri"},
		{"empty", map[string]string{"uri": ""}, v1alpha1.ReasonSecretKeyMissing, "Secret cache has no key uri"},
		{"another scheme", map[string]string{"uri": "http://:secret@h"}, v1alpha1.ReasonSecretInvalid, "does not start with redis:// or rediss://"},
		{"no host", map[string]string{"uri": "redis://"}, v1alpha1.ReasonSecretInvalid, "does not start with"},
		{"line end", map[string]string{"uri": "redis://:secret@h\n"}, v1alpha1.ReasonSecretInvalid, "holds a blank or a line end"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			in := component.Input{Facts: observe.Facts{Secrets: map[string]*corev1.Secret{}}}
			if tt.data != nil {
				secret := &corev1.Secret{Data: map[string][]byte{}}
				for k, v := range tt.data {
					secret.Data[k] = []byte(v)
				}
				in.Facts.Secrets["cache"] = secret
			}
			got := server.Health(in)
			if got.Reason != tt.reason || !strings.Contains(got.Message, tt.message) {
				t.Errorf("got %s: %s", got.Reason, got.Message)
			}
			if got.Healthy() != (tt.reason == v1alpha1.ReasonExternal) {
				t.Errorf("status %s with reason %s", got.Status, got.Reason)
			}
			if strings.Contains(got.Message, "secret@") {
				t.Errorf("the message shows the password: %s", got.Message)
			}
		})
	}
}

func TestEnv(t *testing.T) {
	server := external.Server{Ref: v1alpha1.SecretKey{Name: "cache", Key: "url"}}
	env := server.Env("REDIS_URL")
	if ref := env.ValueFrom.SecretKeyRef; *env.Name != "REDIS_URL" || *ref.Name != "cache" || *ref.Key != "url" {
		t.Errorf("got %s from %s/%s", *env.Name, *ref.Name, *ref.Key)
	}
}
