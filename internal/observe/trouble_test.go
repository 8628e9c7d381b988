package observe

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
)

func TestRedact(t *testing.T) {
	secrets := map[string]*corev1.Secret{"db": {Data: map[string][]byte{
		"password": []byte("s3cret-password"),
		"uri":      []byte("postgresql://app:s3cret-password@db:5432/xatube"),
		"port":     []byte("5432"),
	}}}
	tests := []struct{ name, in, want string }{
		{"URL of nobody's", "Database: postgresql://u:p%40ss@h:5432/x failed", "Database: postgresql://***@h:5432/x failed"},
		{"URL with an empty user", "redis://:hunter2@redis:6379/0", "redis://***@redis:6379/0"},
		{"bare value", "password s3cret-password refused", "password *** refused"},
		{"short values stay", "port 5432", "port 5432"},
		{"nothing secret", "table users exists; see https://example.com/a@b", "table users exists; see https://example.com/a@b"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := Redact(tt.in, secrets); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}
