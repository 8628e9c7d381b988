package logging

import (
	"fmt"
	"slices"
	"strings"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component"
	"github.com/xatube/xatube-operator/internal/component/hibernation"
	"github.com/xatube/xatube-operator/internal/component/naming"
	"github.com/xatube/xatube-operator/internal/component/workload"
	"github.com/xatube/xatube-operator/internal/eck"
)

// Health of the logs: ready when a collector runs on every node and the data stream is made. Whether lines arrive, only
// Elasticsearch knows.
func (c Component) Health(in component.Input) component.Health {
	if in.Cluster.Spec.Logging == nil {
		return component.Off(v1alpha1.ReasonDisabled, "spec.logging is not set")
	}
	if h, hibernates := hibernation.Health(in, naming.Logging); hibernates {
		return asleep(in, h)
	}
	if !in.Facts.Installed(c.Needs(in.Cluster)...) {
		return component.NotReady(v1alpha1.ReasonAPINotInstalled, fmt.Sprintf(
			"the API Elasticsearch (%s) is not installed: install %s, or set spec.logging.endpoint instead of elasticsearch",
			eck.ElasticsearchKind.GroupVersion(), Provider))
	}
	for _, judge := range []func(component.Input) component.Health{elasticHealth, collectorHealth, retentionHealth} {
		if h := judge(in); !h.Healthy() {
			return h
		}
	}
	return component.Ready(fmt.Sprintf("%s; lines go to data stream %s and are kept for %s",
		collectorHealth(in).Message, sinkOf(in).stream, in.Cluster.Spec.Logging.Retention))
}

// asleep adds what a hibernated platform keeps running: ECK cannot stop an Elasticsearch.
func asleep(in component.Input, h component.Health) component.Health {
	if h.Reason == v1alpha1.ReasonHibernated && in.Cluster.Spec.Logging.Elasticsearch != nil {
		h.Message += fmt.Sprintf(" but Elasticsearch %s, which keeps the lines", in.Cluster.Name)
	}
	return h
}

func elasticHealth(in component.Input) component.Health {
	spec := in.Cluster.Spec.Logging.Elasticsearch
	if spec == nil {
		return component.Ready("")
	}
	var search, view *eck.Status
	if e := in.Facts.Elasticsearch; e != nil {
		search = &e.Status
	}
	if h := eckHealth(eck.ElasticsearchKind.Kind, in.Cluster.Name, search); !h.Healthy() || spec.Kibana == nil {
		return h
	}
	if k := in.Facts.Kibana; k != nil {
		view = &k.Status
	}
	return eckHealth(eck.KibanaKind.Kind, in.Cluster.Name, view)
}

func eckHealth(kind, name string, s *eck.Status) component.Health {
	see := fmt.Sprintf("see kubectl describe %s %s", strings.ToLower(kind), name)
	switch {
	case s == nil:
		return component.NotReady(v1alpha1.ReasonProgressing, fmt.Sprintf("%s %s does not exist yet", kind, name))
	case s.Phase == eck.PhaseInvalid:
		return component.NotReady(v1alpha1.ReasonRejected, fmt.Sprintf("ECK refuses %s %s; %s", kind, name, see))
	case s.Health == "" || s.Health == "unknown":
		return component.NotReady(v1alpha1.ReasonProgressing, fmt.Sprintf("ECK is making %s %s", kind, name))
	case !answers(*s):
		return component.NotReady(v1alpha1.ReasonUnavailable, fmt.Sprintf(
			"the health of %s %s is %s; lines wait in the collectors; %s", kind, name, s.Health, see))
	}
	return component.Ready("")
}

// collectorHealth tells of pods that are refused what is to be done about it.
func collectorHealth(in component.Input) component.Health {
	h := workload.DaemonSetHealth(in, naming.Logging)
	if h.Reason == v1alpha1.ReasonPodRefused && strings.Contains(h.Message, "PodSecurity") {
		h.Message += fmt.Sprintf("; the collector reads %s on the nodes, which takes kubectl label namespace %s pod-security.kubernetes.io/enforce=privileged --overwrite, or remove spec.logging and let a collector of your own read them",
			podLogs, in.Cluster.Namespace)
	}
	return h
}

func retentionHealth(in component.Input) component.Health {
	name, err := retentionName(in, sinkOf(in))
	if err != nil {
		return component.NotReady(v1alpha1.ReasonError, err.Error())
	}
	job := in.Facts.Jobs[name]
	switch {
	case job != nil && finished(job, batchv1.JobComplete):
		return component.Ready("")
	case job != nil && finished(job, batchv1.JobFailed):
		return component.NotReady(v1alpha1.ReasonUnavailable, fmt.Sprintf(
			"Job %s could not make the data stream: %s; delete the Job to try again", name, in.Facts.JobLogs[name]))
	}
	if h, found := workload.PodTrouble(in, naming.LogRetention); found {
		return h
	}
	if h, refused := workload.Refused(in, "Job", name); refused {
		return h
	}
	return component.NotReady(v1alpha1.ReasonProgressing, fmt.Sprintf(
		"Job %s makes data stream %s at %s", name, sinkOf(in).stream, sinkOf(in).url))
}

func finished(job *batchv1.Job, kind batchv1.JobConditionType) bool {
	return slices.ContainsFunc(job.Status.Conditions, func(c batchv1.JobCondition) bool {
		return c.Type == kind && c.Status == corev1.ConditionTrue
	})
}
