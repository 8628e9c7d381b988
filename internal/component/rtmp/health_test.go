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
	deleted := func(p *corev1.Pod) { p.DeletionTimestamp = &metav1.Time{Time: time.Unix(1, 0)} }
	running := func(*corev1.Pod) {}
	unpullable := func(p *corev1.Pod) {
		p.Status.ContainerStatuses = []corev1.ContainerStatus{{
			Image: "wrong", State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "ImagePullBackOff"}},
		}}
	}
	for _, c := range []struct {
		name string
		set  *appsv1.StatefulSet
		pods []*corev1.Pod
		want component.Health
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
			pods: []*corev1.Pod{pod("demo-rtmp-2", deleted), pod("demo-rtmp-1", deleted), pod("demo-rtmp-0", running)},
			want: component.NotReady(v1alpha1.ReasonProgressing, "pod demo-rtmp-1 waits for its publishers to finish, at most 1h (spec.rtmp.drainTimeout)"),
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
			in.Facts.Pods = map[string][]*corev1.Pod{naming.RTMP: c.pods}
			if got := New().Health(in); got != c.want {
				t.Errorf("got %+v\nwant %+v", got, c.want)
			}
		})
	}
}
