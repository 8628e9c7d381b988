package rotation

import (
	"encoding/json"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/xatube/xatube-operator/internal/component"
	"github.com/xatube/xatube-operator/internal/component/naming"
)

// used are the Secrets that something has taken its environment from: pods that have not ended, those on their way out
// included, and what may make more of them.
func used(in component.Input) map[string]bool {
	out := map[string]bool{}
	for comp, pods := range in.Facts.Pods {
		for _, p := range pods {
			// Those that tell a server of a credential do not use it.
			if comp != naming.Credentials && p.Status.Phase != corev1.PodSucceeded && p.Status.Phase != corev1.PodFailed {
				add(out, p.Spec)
			}
		}
	}
	for _, d := range in.Facts.Deployments {
		add(out, d.Spec.Template.Spec)
	}
	for _, j := range in.Facts.Jobs {
		if j.Labels[naming.LabelComponent] != naming.Credentials && !ended(j) {
			add(out, j.Spec.Template.Spec)
		}
	}
	for _, r := range in.Facts.Revisions {
		if r.Labels[naming.LabelComponent] == naming.Backend {
			add(out, recorded(r))
		}
	}
	return out
}

// deployed are the Secrets of the backend's Deployment, and whether all of its pods are of its present revision.
func deployed(in component.Input) (secrets map[string]bool, settled bool) {
	secrets = map[string]bool{}
	d := in.Facts.Deployments[naming.Child(in.Cluster, naming.Backend)]
	if d == nil {
		return secrets, false
	}
	add(secrets, d.Spec.Template.Spec)
	return secrets, d.Status.ObservedGeneration >= d.Generation && d.Status.Replicas == d.Status.UpdatedReplicas
}

func add(secrets map[string]bool, pod corev1.PodSpec) {
	for _, c := range slices.Concat(pod.InitContainers, pod.Containers) {
		for _, e := range c.Env {
			if e.ValueFrom != nil && e.ValueFrom.SecretKeyRef != nil {
				secrets[e.ValueFrom.SecretKeyRef.Name] = true
			}
		}
		for _, e := range c.EnvFrom {
			if e.SecretRef != nil {
				secrets[e.SecretRef.Name] = true
			}
		}
	}
}

func ended(j *batchv1.Job) bool {
	return Complete(j) || Failed(j)
}

// Complete says that a Job has done its work.
func Complete(j *batchv1.Job) bool { return has(j, batchv1.JobComplete) }

// Failed says that a Job has given up.
func Failed(j *batchv1.Job) bool { return has(j, batchv1.JobFailed) }

func has(j *batchv1.Job, kind batchv1.JobConditionType) bool {
	return j != nil && slices.ContainsFunc(j.Status.Conditions, func(c batchv1.JobCondition) bool {
		return c.Type == kind && c.Status == corev1.ConditionTrue
	})
}

// recorded is the pod of a revision that the backend may be taken back to. What is not of ours is not understood.
func recorded(r *appsv1.ControllerRevision) corev1.PodSpec {
	var d appsv1.Deployment
	if json.Unmarshal(r.Data.Raw, &d) != nil {
		return corev1.PodSpec{}
	}
	return d.Spec.Template.Spec
}
