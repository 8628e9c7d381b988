package workload

import (
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/xatube/xatube-operator/internal/component"
	"github.com/xatube/xatube-operator/internal/component/naming"
	"github.com/xatube/xatube-operator/internal/observe"
)

// Reasons of a container that waits for its image. The kubelet gives the first two in turns.
const (
	errImagePull      = "ErrImagePull"
	imagePullBackOff  = "ImagePullBackOff"
	invalidImageName  = "InvalidImageName"
	errImageNeverPull = "ErrImageNeverPull"
)

// pullPatience is how long a registry may fail.
const pullPatience = time.Minute

// RolloutFailure tells why the rollout of a revision of a component's Deployment has failed; empty while it may still
// succeed. It has failed when its deadline has passed, or when a pod of it crashes again and again, or has no image.
func RolloutFailure(in component.Input, comp, revision string) string {
	d := in.Facts.Deployments[naming.Child(in.Cluster, comp)]
	if d == nil || d.Annotations[naming.AnnotationRevision] != revision || d.Status.ObservedGeneration < d.Generation || RolledOut(d) {
		return ""
	}
	pods := slices.DeleteFunc(slices.Clone(in.Facts.Pods[comp]), func(p *corev1.Pod) bool {
		return p.Annotations[naming.AnnotationRevision] != revision
	})
	if expired(d) {
		if h, refused := Refused(in, "Deployment", d.Name); refused {
			return h.Message
		}
		return cause(in, pods, comp)
	}
	if in.Facts.LogsAwaited[comp] {
		// The cause is about to be known, and stays with the failure.
		return ""
	}
	for _, pod := range staying(pods) {
		for _, status := range statuses(pod) {
			if observe.Crashes(status) {
				return crashing(in, pod, status)
			}
			if lacksImage(in, pod, status) {
				h, _ := waitingContainer(in, comp, pod)
				return h.Message
			}
		}
	}
	return ""
}

// lacksImage says that nobody need wait for the deadline to know that a container will not get its image.
func lacksImage(in component.Input, pod *corev1.Pod, s corev1.ContainerStatus) bool {
	if s.State.Waiting == nil {
		return false
	}
	switch s.State.Waiting.Reason {
	case invalidImageName, errImageNeverPull:
		return true
	case imagePullBackOff, errImagePull:
		return in.Facts.At.After(pod.CreationTimestamp.Add(pullPatience))
	}
	return false
}

// cause of pods that do not become ready in time: what is known to be wrong with one of them, or which one it is.
func cause(in component.Input, pods []*corev1.Pod, comp string) string {
	if h, found := trouble(in, pods, comp); found {
		return h.Message
	}
	for _, pod := range staying(pods) {
		for _, s := range statuses(pod) {
			if s.State.Running == nil || s.Ready {
				continue
			}
			probe := "readiness probe"
			if s.Started != nil && !*s.Started {
				probe = "startup probe"
			}
			return fmt.Sprintf("container %s of pod %s runs, but its %s does not succeed; see kubectl describe pod %s", s.Name, pod.Name, probe, pod.Name)
		}
	}
	return "no pod became ready in time; see kubectl describe deployment " + naming.Child(in.Cluster, comp)
}

func statuses(pod *corev1.Pod) []corev1.ContainerStatus {
	return slices.Concat(pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses)
}
