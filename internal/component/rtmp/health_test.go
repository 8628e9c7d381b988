package rtmp

import (
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component"
	"github.com/xatube/xatube-operator/internal/component/naming"
	"github.com/xatube/xatube-operator/internal/golden"
)

func TestHealth(t *testing.T) {
	set := func(replicas, updated, ready int32) *appsv1.StatefulSet {
		s := &appsv1.StatefulSet{Spec: appsv1.StatefulSetSpec{Replicas: &replicas}}
		s.Status = appsv1.StatefulSetStatus{
			Replicas: replicas, UpdatedReplicas: updated, ReadyReplicas: ready,
			CurrentRevision: "old", UpdateRevision: "new",
		}
		return s
	}
	pod := func(name string, change func(*corev1.Pod)) *corev1.Pod {
		p := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: name}}
		change(p)
		return p
	}
	// Told to go at 12:00:00, with all the grace that the StatefulSet gives.
	deleted := func(p *corev1.Pod) {
		p.DeletionTimestamp = &metav1.Time{Time: time.Date(2026, 11, 23, 13, 0, 45, 0, time.UTC)}
		p.DeletionGracePeriodSeconds = new(int64(3645))
		p.Spec.Containers = []corev1.Container{{Name: naming.RTMP, Env: []corev1.EnvVar{{Name: "DRAIN_SECONDS", Value: "3600"}}}}
		p.Status.ContainerStatuses = []corev1.ContainerStatus{{
			Name: naming.RTMP, State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{}},
		}}
	}
	ended := func(p *corev1.Pod) {
		deleted(p)
		p.Status.ContainerStatuses[0].State = corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{}}
	}
	running := func(*corev1.Pod) {}
	unpullable := func(p *corev1.Pod) {
		p.Status.ContainerStatuses = []corev1.ContainerStatus{{
			Image: "wrong", State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "ImagePullBackOff"}},
		}}
	}
	for _, c := range []struct {
		name  string
		set   *appsv1.StatefulSet
		pods  []*corev1.Pod
		count map[string]int32
		want  component.Health
	}{
		{
			name: "all ready", set: set(2, 2, 2),
			want: component.Ready("2 of 2 pods are ready"),
		},
		{
			name: "not there",
			want: component.NotReady(v1alpha1.ReasonProgressing, "StatefulSet demo-rtmp does not exist yet"),
		},
		{
			name: "a pod starts", set: set(2, 2, 1), pods: []*corev1.Pod{pod("demo-rtmp-0", running)},
			want: component.NotReady(v1alpha1.ReasonProgressing, "StatefulSet demo-rtmp: 1 of 2 pods are ready and up to date"),
		},
		{
			name: "pods drain", set: set(3, 1, 2),
			pods:  []*corev1.Pod{pod("demo-rtmp-2", deleted), pod("demo-rtmp-1", deleted), pod("demo-rtmp-0", running)},
			count: map[string]int32{"demo-rtmp-2": 1, "demo-rtmp-0": 7},
			want: component.NotReady(v1alpha1.ReasonProgressing,
				"pod demo-rtmp-1 waits for its publishers to finish, until 2026-11-23T13:00:00Z at the latest (spec.rtmp.drainTimeout); "+
					"pod demo-rtmp-2 waits for 1 publisher to finish, until 2026-11-23T13:00:00Z at the latest (spec.rtmp.drainTimeout)"),
		},
		{
			name: "a pod too many drains", set: set(1, 1, 1),
			pods:  []*corev1.Pod{pod("demo-rtmp-1", deleted), pod("demo-rtmp-0", running)},
			count: map[string]int32{"demo-rtmp-1": 3},
			want: component.Ready("1 of 1 pods are ready; " +
				"pod demo-rtmp-1 waits for 3 publishers to finish, until 2026-11-23T13:00:00Z at the latest (spec.rtmp.drainTimeout)"),
		},
		{
			name: "a server has ended", set: set(3, 1, 2), pods: []*corev1.Pod{pod("demo-rtmp-2", ended)},
			want: component.NotReady(v1alpha1.ReasonProgressing, "StatefulSet demo-rtmp: 1 of 3 pods are ready and up to date"),
		},
		{
			name: "a pod drains and another is in trouble", set: set(3, 1, 1),
			pods: []*corev1.Pod{pod("demo-rtmp-1", deleted), pod("demo-rtmp-2", unpullable)},
			want: component.NotReady(v1alpha1.ReasonImagePull,
				`pod demo-rtmp-2 cannot pull image "wrong"; correct the image of rtmp, imageDefaults.registry or imageDefaults.pullSecrets`),
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			in := golden.Input(t, "testdata/minimal/in.yaml", New())
			if c.set != nil {
				in.Facts.StatefulSets = map[string]*appsv1.StatefulSet{"demo-rtmp": c.set}
			}
			in.Facts.Publishers = c.count
			in.Facts.Pods = map[string][]*corev1.Pod{naming.RTMP: c.pods}
			if got := New().Health(in); got != c.want {
				t.Errorf("got %+v\nwant %+v", got, c.want)
			}
		})
	}
}
