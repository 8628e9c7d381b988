package rotation

import (
	"time"

	corev1 "k8s.io/api/core/v1"
	batchv1ac "k8s.io/client-go/applyconfigurations/batch/v1"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component"
	"github.com/xatube/xatube-operator/internal/component/naming"
	"github.com/xatube/xatube-operator/internal/component/workload"
)

// retries of a Job, after 10, 20, 40 s and so on: they outlast a restart of the server.
const retries = 5

// Job that tells a server of a credential. It runs where the server may, with the settings of its pods that say so.
func Job(in component.Input, name string, server v1alpha1.PodSettings, pod workload.Pod) (*batchv1ac.JobApplyConfiguration, error) {
	pod.Component = naming.Credentials
	pod.Settings = v1alpha1.PodSettings{
		Labels: server.Labels, Annotations: server.Annotations, NodeSelector: server.NodeSelector,
		Tolerations: server.Tolerations, PriorityClassName: server.PriorityClassName,
	}
	pod.Single = true
	pod.GracePeriod = 5 * time.Second
	template, err := workload.Template(in, pod)
	if err != nil {
		return nil, err
	}
	// A failed attempt stays, with its log.
	template.Spec.WithRestartPolicy(corev1.RestartPolicyNever)
	return batchv1ac.Job(name, in.Cluster.Namespace).
		WithLabels(naming.Labels(in.Cluster, naming.Credentials)).
		WithSpec(batchv1ac.JobSpec().WithBackoffLimit(retries).WithTemplate(template)), nil
}
