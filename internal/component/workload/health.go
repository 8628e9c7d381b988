package workload

import (
	"fmt"
	"slices"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component"
	"github.com/xatube/xatube-operator/internal/component/hibernation"
	"github.com/xatube/xatube-operator/internal/component/naming"
	"github.com/xatube/xatube-operator/internal/observe"
)

// rollout is what a Deployment and a StatefulSet tell alike.
type rollout struct {
	kind, name             string
	observed               bool
	wanted, updated, ready int32
	stale                  int32
	expired                bool
}

// DeploymentHealth judges the Deployment of a component and its pods.
func DeploymentHealth(in component.Input, comp string) component.Health {
	if h, hibernates := hibernation.Health(in, comp); hibernates {
		return h
	}
	return RunningDeploymentHealth(in, comp)
}

// RunningDeploymentHealth judges a Deployment that runs even while the platform is hibernated.
func RunningDeploymentHealth(in component.Input, comp string) component.Health {
	name := naming.Child(in.Cluster, comp)
	d := in.Facts.Deployments[name]
	if d == nil {
		return missing(in, "Deployment", name)
	}
	return judge(in, comp, deploymentRollout(name, d))
}

func deploymentRollout(name string, d *appsv1.Deployment) rollout {
	return rollout{
		kind: "Deployment", name: name,
		observed: d.Status.ObservedGeneration >= d.Generation,
		wanted:   replicas(d.Spec.Replicas),
		updated:  d.Status.UpdatedReplicas,
		ready:    min(d.Status.AvailableReplicas, d.Status.UpdatedReplicas),
		stale:    d.Status.Replicas - d.Status.UpdatedReplicas,
		expired:  expired(d),
	}
}

// RolledOut says that every wanted pod of a Deployment runs its present template and is ready, and no other is left.
func RolledOut(d *appsv1.Deployment) bool { return deploymentRollout(d.Name, d).complete() }

// expired says that the present rollout has gone longer than its deadline without one more pod becoming ready.
func expired(d *appsv1.Deployment) bool {
	return d.Status.ObservedGeneration >= d.Generation && slices.ContainsFunc(d.Status.Conditions, func(c appsv1.DeploymentCondition) bool {
		return c.Type == appsv1.DeploymentProgressing && c.Status == corev1.ConditionFalse && c.Reason == deadlineExceeded
	})
}

// deadlineExceeded is the reason that the Deployment controller gives.
const deadlineExceeded = "ProgressDeadlineExceeded"

func (r rollout) complete() bool {
	return r.observed && r.updated >= r.wanted && r.ready >= r.wanted && r.stale == 0
}

// StatefulSetHealth judges the StatefulSet of a component and its pods.
func StatefulSetHealth(in component.Input, comp string) component.Health {
	if h, hibernates := hibernation.Health(in, comp); hibernates {
		return h
	}
	name := naming.Child(in.Cluster, comp)
	s := in.Facts.StatefulSets[name]
	if s == nil {
		return missing(in, "StatefulSet", name)
	}
	return judge(in, comp, rollout{
		kind: "StatefulSet", name: name,
		observed: s.Status.ObservedGeneration >= s.Generation,
		wanted:   replicas(s.Spec.Replicas),
		updated:  updatedPods(s),
		ready:    min(s.Status.ReadyReplicas, updatedPods(s)),
	})
}

// DaemonSetHealth judges the DaemonSet of a component and its pods.
func DaemonSetHealth(in component.Input, comp string) component.Health {
	name := naming.Child(in.Cluster, comp)
	d := in.Facts.DaemonSets[name]
	if d == nil {
		return missing(in, "DaemonSet", name)
	}
	return judge(in, comp, rollout{
		kind: "DaemonSet", name: name,
		observed: d.Status.ObservedGeneration >= d.Generation,
		wanted:   d.Status.DesiredNumberScheduled,
		updated:  d.Status.UpdatedNumberScheduled,
		ready:    min(d.Status.NumberReady, d.Status.UpdatedNumberScheduled),
	})
}

// updatedPods counts the pods of the current revision: the controller leaves updatedReplicas empty when every
// pod runs it.
func updatedPods(s *appsv1.StatefulSet) int32 {
	if s.Status.CurrentRevision == s.Status.UpdateRevision {
		return s.Status.Replicas
	}
	return s.Status.UpdatedReplicas
}

func replicas(n *int32) int32 {
	if n == nil {
		return 1
	}
	return *n
}

func missing(in component.Input, kind, name string) component.Health {
	if h, refused := Refused(in, kind, name); refused {
		return h
	}
	return component.NotReady(v1alpha1.ReasonProgressing, fmt.Sprintf("%s %s does not exist yet", kind, name))
}

func judge(in component.Input, comp string, r rollout) component.Health {
	if r.complete() {
		return component.Ready(fmt.Sprintf("%d of %d pods are ready", r.ready, r.wanted))
	}
	if h, refused := Refused(in, r.kind, r.name); refused {
		return h
	}
	if r.expired {
		return component.NotReady(v1alpha1.ReasonRolloutFailed,
			fmt.Sprintf("%s %s has stopped to make progress: %s", r.kind, r.name, cause(in, in.Facts.Pods[comp], comp)))
	}
	if h, found := PodTrouble(in, comp); found {
		return h
	}
	return component.NotReady(v1alpha1.ReasonProgressing,
		fmt.Sprintf("%s %s: %d of %d pods are ready and up to date", r.kind, r.name, r.ready, r.wanted))
}

// Refused says why a workload cannot create its pods, when the API server refuses them.
func Refused(in component.Input, kind, name string) (component.Health, bool) {
	msg, refused := in.Facts.Refusals[name]
	switch {
	case !refused:
		return component.Health{}, false
	case strings.Contains(msg, "exceeded quota"):
		return component.NotReady(v1alpha1.ReasonQuotaExceeded,
			fmt.Sprintf("%s %s cannot create pods: %s; raise the ResourceQuota or lower the requests", kind, name, msg)), true
	}
	return component.NotReady(v1alpha1.ReasonPodRefused,
		fmt.Sprintf("%s %s cannot create pods: %s", kind, name, msg)), true
}

// PodTrouble finds the first pod of a component that cannot run without help.
func PodTrouble(in component.Input, comp string) (component.Health, bool) {
	return trouble(in, in.Facts.Pods[comp], comp)
}

func trouble(in component.Input, pods []*corev1.Pod, comp string) (component.Health, bool) {
	for _, pod := range staying(pods) {
		if h, found := unschedulable(in, pod); found {
			return h, true
		}
		if h, found := waitingContainer(in, comp, pod); found {
			return h, true
		}
	}
	return component.Health{}, false
}

// staying are the pods that nobody has told to go, by name.
func staying(pods []*corev1.Pod) []*corev1.Pod {
	pods = slices.DeleteFunc(slices.Clone(pods), func(p *corev1.Pod) bool { return p.DeletionTimestamp != nil })
	slices.SortFunc(pods, func(a, b *corev1.Pod) int { return strings.Compare(a.Name, b.Name) })
	return pods
}

// SchedulingPatience is how long a pod may be without a node before that is trouble: volumes are often provisioned
// only when the scheduler asks for them.
const SchedulingPatience = 15 * time.Second

func unschedulable(in component.Input, pod *corev1.Pod) (component.Health, bool) {
	for _, c := range pod.Status.Conditions {
		if c.Type != corev1.PodScheduled || c.Status != corev1.ConditionFalse || c.Reason != corev1.PodReasonUnschedulable {
			continue
		}
		if in.Facts.At.Before(c.LastTransitionTime.Add(SchedulingPatience)) {
			continue
		}
		if claim := pendingClaim(in, pod); claim != "" && lacksVolume(c.Message) {
			return component.NotReady(v1alpha1.ReasonVolumePending, fmt.Sprintf(
				"pod %s waits for volume claim %s, which is not bound: check its storage class and access modes with kubectl describe pvc %s",
				pod.Name, claim, claim)), true
		}
		return component.NotReady(v1alpha1.ReasonUnschedulable, fmt.Sprintf(
			"pod %s cannot be scheduled: %s; add nodes or change the pod's requests, nodeSelector, tolerations or affinity", pod.Name, c.Message)), true
	}
	return component.Health{}, false
}

// lacksVolume says whether the scheduler's message blames a volume. A claim is also unbound because its pod has no node
// for another reason: many classes provision when the first pod is scheduled.
func lacksVolume(message string) bool {
	return strings.Contains(strings.ToLower(message), "volume") && !strings.Contains(message, "Insufficient")
}

func pendingClaim(in component.Input, pod *corev1.Pod) string {
	for _, v := range pod.Spec.Volumes {
		if v.PersistentVolumeClaim == nil {
			continue
		}
		name := v.PersistentVolumeClaim.ClaimName
		if claim := in.Facts.Claims[name]; claim == nil || claim.Status.Phase != corev1.ClaimBound {
			return name
		}
	}
	return ""
}

func waitingContainer(in component.Input, comp string, pod *corev1.Pod) (component.Health, bool) {
	for _, s := range statuses(pod) {
		if s.State.Waiting == nil {
			continue
		}
		switch s.State.Waiting.Reason {
		case imagePullBackOff, errImagePull, invalidImageName, errImageNeverPull:
			return component.NotReady(v1alpha1.ReasonImagePull, fmt.Sprintf(
				"pod %s cannot pull image %q; correct the image of %s, imageDefaults.registry or imageDefaults.pullSecrets",
				pod.Name, s.Image, comp)), true
		case observe.CrashLoop:
			return component.NotReady(v1alpha1.ReasonCrashLoop, crashing(in, pod, s)), true
		case "CreateContainerConfigError", "CreateContainerError":
			return component.NotReady(v1alpha1.ReasonPodRefused, fmt.Sprintf(
				"container %s of pod %s cannot be created: %s", s.Name, pod.Name, s.State.Waiting.Message)), true
		}
	}
	return component.Health{}, false
}

func crashing(in component.Input, pod *corev1.Pod, s corev1.ContainerStatus) string {
	message := fmt.Sprintf("container %s of pod %s ends again and again%s; see kubectl logs %s -c %s --previous",
		s.Name, pod.Name, lastExit(s), pod.Name, s.Name)
	if said := in.Facts.CrashLogs[pod.Name]; said != "" {
		message += "; its last lines: " + said
	}
	return message
}

func lastExit(s corev1.ContainerStatus) string {
	t := s.LastTerminationState.Terminated
	if t == nil {
		return ""
	}
	return fmt.Sprintf(" (exit code %d, %s)", t.ExitCode, t.Reason)
}
