package observe

import (
	"context"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/kubernetes"
)

// PodLogs reads logs through the API server.
type PodLogs struct {
	Client kubernetes.Interface
}

// Tail is the last lines of a container's log, or of its predecessor's.
func (l PodLogs) Tail(ctx context.Context, namespace, pod, container string, lines int64, previous bool) (string, error) {
	b, err := l.Client.CoreV1().Pods(namespace).GetLogs(pod, &corev1.PodLogOptions{
		Container:  container,
		Previous:   previous,
		TailLines:  new(lines),
		LimitBytes: new(int64(8192)),
	}).DoRaw(ctx)
	if err != nil {
		return "", fmt.Errorf("reading the log of pod %s: %w", pod, err)
	}
	return strings.TrimSpace(string(b)), nil
}
