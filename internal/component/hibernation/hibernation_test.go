package hibernation_test

import (
	"testing"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component"
	"github.com/xatube/xatube-operator/internal/component/hibernation"
	"github.com/xatube/xatube-operator/internal/component/naming"
)

func input(state v1alpha1.PowerState, pods ...*corev1.Pod) component.Input {
	in := component.Input{Cluster: &v1alpha1.XaTubeCluster{}}
	in.Cluster.Spec.PowerState = state
	in.Facts.Pods = map[string][]*corev1.Pod{}
	for _, p := range pods {
		comp := p.Labels[naming.LabelComponent]
		in.Facts.Pods[comp] = append(in.Facts.Pods[comp], p)
	}
	return in
}

func pod(comp string, phase corev1.PodPhase) *corev1.Pod {
	p := &corev1.Pod{Status: corev1.PodStatus{Phase: phase}}
	p.Name, p.Labels = "demo-"+comp+"-0", map[string]string{naming.LabelComponent: comp}
	return p
}

func job(conditions ...batchv1.JobConditionType) *batchv1.Job {
	j := &batchv1.Job{}
	j.Labels = map[string]string{naming.LabelComponent: naming.Migration}
	for _, c := range conditions {
		j.Status.Conditions = append(j.Status.Conditions, batchv1.JobCondition{Type: c, Status: corev1.ConditionTrue})
	}
	return j
}

func TestStops(t *testing.T) {
	everybody := []string{naming.RTMP, naming.Backend, naming.Frontend, naming.Edge, naming.Postgres, naming.Redis, naming.RabbitMQ, naming.Pooler}
	var running []*corev1.Pod
	for _, comp := range everybody {
		running = append(running, pod(comp, corev1.PodRunning))
	}
	withJob := func(j *batchv1.Job) component.Input {
		in := input(v1alpha1.PowerHibernated)
		in.Facts.Jobs = map[string]*batchv1.Job{"demo-migration": j}
		return in
	}
	tests := []struct {
		name string
		in   component.Input
		want []string
	}{
		{"runs", input(v1alpha1.PowerRunning, running...), nil},
		{"not said", input("", running...), nil},
		{"publishers go first", input(v1alpha1.PowerHibernated, running...), []string{naming.RTMP}},
		{
			"then who answers viewers", input(v1alpha1.PowerHibernated, pod(naming.Backend, corev1.PodRunning), pod(naming.Postgres, corev1.PodRunning)),
			[]string{naming.RTMP, naming.Backend, naming.Frontend, naming.Edge},
		},
		{"last the data", input(v1alpha1.PowerHibernated, pod(naming.Postgres, corev1.PodRunning)), everybody},
		{
			"a pod that has ended holds up nobody",
			input(v1alpha1.PowerHibernated, pod(naming.RTMP, corev1.PodFailed), pod(naming.Migration, corev1.PodSucceeded)), everybody,
		},
		{
			"a migration keeps the data, also between two attempts, and goes past the pooler", withJob(job()),
			[]string{naming.RTMP, naming.Backend, naming.Frontend, naming.Edge, naming.Pooler},
		},
		{"a finished migration does not", withJob(job(batchv1.JobComplete)), everybody},
		{"nor a failed one", withJob(job(batchv1.JobFailed)), everybody},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			wanted := map[string]bool{}
			for _, comp := range tt.want {
				wanted[comp] = true
			}
			for _, comp := range everybody {
				if got := hibernation.Stops(tt.in, comp); got != wanted[comp] {
					t.Errorf("%s stops: %v", comp, got)
				}
				if n := hibernation.Replicas(tt.in, comp, 3); (n == 0) != wanted[comp] {
					t.Errorf("%s has %d replicas", comp, n)
				}
			}
		})
	}
}

func TestHealth(t *testing.T) {
	tests := []struct {
		name, comp      string
		in              component.Input
		none, healthy   bool
		reason, message string
	}{
		{name: "runs", comp: naming.Backend, in: input(v1alpha1.PowerRunning), none: true},
		{
			name: "waits", comp: naming.Redis, in: input(v1alpha1.PowerHibernated, pod(naming.Backend, corev1.PodRunning)),
			reason: v1alpha1.ReasonProgressing, message: "the platform is being hibernated: the redis stops when pod demo-backend-0 has gone",
		},
		{
			name: "stops", comp: naming.Backend, in: input(v1alpha1.PowerHibernated, pod(naming.Backend, corev1.PodRunning)),
			reason: v1alpha1.ReasonProgressing, message: "the platform is being hibernated: pod demo-backend-0 is stopping",
		},
		{
			name: "stands still", comp: naming.Backend, in: input(v1alpha1.PowerHibernated), healthy: true,
			reason: v1alpha1.ReasonHibernated, message: "spec.powerState is Hibernated: nothing runs",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, found := hibernation.Health(tt.in, tt.comp)
			if found == tt.none {
				t.Fatalf("found: %v", found)
			}
			if got.Healthy() != tt.healthy || got.Reason != tt.reason || got.Message != tt.message {
				t.Errorf("got %+v", got)
			}
		})
	}
}
