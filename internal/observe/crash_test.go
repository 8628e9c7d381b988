package observe

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/xatube/xatube-operator/api/v1alpha1"
)

// logs by pod.
type logs map[string]string

func (l logs) Tail(_ context.Context, _, pod, _ string, _ int64, previous bool) (string, error) {
	if text, found := l[pod]; found && previous {
		return text, nil
	}
	return "", errors.New("no log")
}

func crashing(name string, restarts int32) *corev1.Pod {
	return &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: name, UID: types.UID(name)}, Status: corev1.PodStatus{ContainerStatuses: []corev1.ContainerStatus{{
		Name: "main", RestartCount: restarts,
		State:                corev1.ContainerState{Running: &corev1.ContainerStateRunning{}},
		LastTerminationState: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{ExitCode: 1}},
	}}}}
}

func TestTheFirstCrashingPodOfEachComponentIsHeard(t *testing.T) {
	synctest.Test(t, theFirstCrashingPodOfEachComponentIsHeard)
}

func theFirstCrashingPodOfEachComponentIsHeard(t *testing.T) {
	f := Facts{
		LogsAwaited: map[string]bool{},
		Pods: map[string][]*corev1.Pod{
			"backend": {crashing("c", 3), crashing("b", 3), crashing("a", 1)},
			"edge":    {crashing("e", 2)},
			"redis":   {crashing("gone", 5)},
		},
		Secrets: map[string]*corev1.Secret{"s": {Data: map[string][]byte{"k": []byte("a-secret-value")}}},
	}
	r := Reader{Logs: logs{"a": "not yet", "b": "refused a-secret-value", "c": "no", "e": "bad config"}, Now: time.Now}
	for range 2 {
		if err := r.crashes(t.Context(), &v1alpha1.XaTubeCluster{}, &f); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
	}
	want := map[string]string{"b": "refused ***", "e": "bad config"}
	if len(f.CrashLogs) != len(want) {
		t.Errorf("heard %v, want %v", f.CrashLogs, want)
	}
	for pod, text := range want {
		if f.CrashLogs[pod] != text {
			t.Errorf("%s says %q, want %q", pod, f.CrashLogs[pod], text)
		}
	}
}
