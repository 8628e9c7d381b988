package rtmp

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/xatube/xatube-operator/internal/component/naming"
	"github.com/xatube/xatube-operator/internal/golden"
)

func TestDeadline(t *testing.T) {
	told := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name  string
		grace int64
		drain string
		want  time.Duration // after the pod was told to go
	}{
		{"the grace of the StatefulSet", 3645, "3600", time.Hour},
		{"a drainTimeout of nothing", 45, "0", 0},
		{"a deletion by hand with less", 30, "3600", 30 * time.Second},
		{"a pod that does not tell", 45, "", 45 * time.Second},
	} {
		t.Run(c.name, func(t *testing.T) {
			pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{
				Name:                       "demo-rtmp-0",
				DeletionTimestamp:          &metav1.Time{Time: told.Add(time.Duration(c.grace) * time.Second)},
				DeletionGracePeriodSeconds: &c.grace,
			}}
			if c.drain != "" {
				pod.Spec.Containers = []corev1.Container{{Name: naming.RTMP, Env: []corev1.EnvVar{{Name: envDrainSeconds, Value: c.drain}}}}
			}
			if got := deadline(pod).Sub(told); got != c.want {
				t.Errorf("%s after the pod was told to go, want %s", got, c.want)
			}
		})
	}
}

// TestTheDeadlineIsThatOfTheRenderedPod: what the pod is made with is what the deadline is read from.
func TestTheDeadlineIsThatOfTheRenderedPod(t *testing.T) {
	in := golden.Input(t, "testdata/minimal/in.yaml", New())
	times, err := timesOf(in)
	if err != nil {
		t.Fatal(err)
	}
	pod := &corev1.Pod{Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: *nginx(in, times, resource.MustParse("1Gi")).Name}}}}
	for _, e := range nginx(in, times, resource.MustParse("1Gi")).Env {
		pod.Spec.Containers[0].Env = append(pod.Spec.Containers[0].Env, corev1.EnvVar{Name: *e.Name, Value: *e.Value})
	}
	if got, known := drainOf(pod); !known || got != time.Hour {
		t.Errorf("the pod waits %s, known %v; want 1h", got, known)
	}
}
