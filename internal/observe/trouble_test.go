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

// C7: the log to show is that of the container that failed, and a command runs before the others.
func TestFailedContainer(t *testing.T) {
	ended := func(name string, code int32) corev1.ContainerStatus {
		return corev1.ContainerStatus{Name: name, State: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{ExitCode: code}}}
	}
	waits := corev1.ContainerStatus{Name: "sql", State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "PodInitializing"}}}
	tests := []struct {
		name       string
		init, main []corev1.ContainerStatus
		want       string
	}{
		{"the command", []corev1.ContainerStatus{ended("migration", 1)}, []corev1.ContainerStatus{waits}, "migration"},
		{"what runs after it", []corev1.ContainerStatus{ended("migration", 0)}, []corev1.ContainerStatus{ended("sql", 3)}, "sql"},
		{"no init containers", nil, []corev1.ContainerStatus{ended("curl", 1)}, "curl"},
		{"nothing is known", nil, nil, "sql"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			pod := &corev1.Pod{Status: corev1.PodStatus{InitContainerStatuses: tt.init, ContainerStatuses: tt.main}}
			pod.Spec.Containers = []corev1.Container{{Name: "sql"}}
			if got := failedContainer(pod); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}
