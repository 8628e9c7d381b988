package rtmp

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component"
	"github.com/xatube/xatube-operator/internal/component/naming"
	"github.com/xatube/xatube-operator/internal/observe"
)

// envDrainSeconds is the variable by which a pod knows how long its publishers may go on.
const envDrainSeconds = "DRAIN_SECONDS"

// maxDraining is the limit of the status.
const maxDraining = 32

// Draining are the pods that must go and wait for their publishers, by name.
func Draining(in component.Input) []v1alpha1.DrainingPod {
	var out []v1alpha1.DrainingPod
	for _, pod := range in.Facts.Pods[naming.RTMP] {
		if !observe.Drains(pod) {
			continue
		}
		d := v1alpha1.DrainingPod{Pod: pod.Name, Deadline: deadline(pod)}
		if n, known := in.Facts.Publishers[pod.Name]; known {
			d.Publishers = &n
		}
		out = append(out, d)
	}
	slices.SortFunc(out, func(a, b v1alpha1.DrainingPod) int { return strings.Compare(a.Pod, b.Pod) })
	return out[:min(len(out), maxDraining)]
}

// deadline is when a pod ends its publishers. The pod goes by the drainTimeout with which it was made, not by that of
// today's spec, and by the grace that it was given at the end: a deletion by hand may have shortened it.
func deadline(pod *corev1.Pod) metav1.Time {
	end := pod.DeletionTimestamp.Time
	drain, known := drainOf(pod)
	if grace := pod.DeletionGracePeriodSeconds; grace != nil && known {
		told := end.Add(-time.Duration(*grace) * time.Second)
		if waits := told.Add(drain); waits.Before(end) {
			end = waits
		}
	}
	return metav1.NewTime(end)
}

func drainOf(pod *corev1.Pod) (time.Duration, bool) {
	for _, c := range pod.Spec.Containers {
		for _, e := range c.Env {
			if c.Name != naming.RTMP || e.Name != envDrainSeconds {
				continue
			}
			n, err := strconv.Atoi(e.Value)
			return time.Duration(n) * time.Second, err == nil
		}
	}
	return 0, false
}

// waits tells what the draining pods wait for; empty when none drains.
func waits(draining []v1alpha1.DrainingPod) string {
	var out []string
	for _, d := range draining {
		out = append(out, fmt.Sprintf("pod %s waits for %s to finish, until %s at the latest (spec.rtmp.drainTimeout)",
			d.Pod, publishers(d.Publishers), d.Deadline.UTC().Format(time.RFC3339)))
	}
	return strings.Join(out, "; ")
}

func publishers(n *int32) string {
	switch {
	case n == nil:
		return "its publishers"
	case *n == 1:
		return "1 publisher"
	}
	return fmt.Sprintf("%d publishers", *n)
}
