package migration

import (
	"fmt"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component"
	"github.com/xatube/xatube-operator/internal/component/backend"
	"github.com/xatube/xatube-operator/internal/component/hibernation"
	"github.com/xatube/xatube-operator/internal/component/naming"
	"github.com/xatube/xatube-operator/internal/component/workload"
)

// Applied says whether the database is prepared for the wanted image.
func Applied(in component.Input) bool {
	job := in.Facts.Jobs[JobName(in)]
	return job != nil && condition(job, batchv1.JobComplete) != nil
}

// Health judges the Job of the wanted image.
func (Component) Health(in component.Input) component.Health {
	name := JobName(in)
	job := in.Facts.Jobs[name]
	switch {
	case hibernation.Wanted(in.Cluster) && (job == nil || condition(job, batchv1.JobFailed) != nil):
		return hibernation.Asleep(fmt.Sprintf("the database is prepared for image %s when the platform runs again", backend.Image(in.Cluster)))
	case job == nil:
		return component.NotReady(v1alpha1.ReasonWaiting, fmt.Sprintf("Job %s has not been started", name))
	case Applied(in):
		return component.Ready(fmt.Sprintf("the database is prepared for image %s", backend.Image(in.Cluster)))
	}
	if failed := condition(job, batchv1.JobFailed); failed != nil {
		return component.NotReady(v1alpha1.ReasonMigrationFailed, failure(in, failed))
	}
	if h, refused := workload.Refused(in, "Job", name); refused {
		return h
	}
	if h, found := workload.PodTrouble(in, naming.Migration); found {
		return h
	}
	return component.NotReady(v1alpha1.ReasonMigrationRunning, progress(in, job))
}

func progress(in component.Input, job *batchv1.Job) string {
	message := fmt.Sprintf("Job %s prepares the database for image %s", JobName(in), backend.Image(in.Cluster))
	if job.Status.Failed > 0 {
		message += "; an attempt has failed and is made again: see kubectl logs --all-containers job/" + JobName(in)
	}
	return message
}

// failure tells what happened, what to do, and last what the container said.
func failure(in component.Input, failed *batchv1.JobCondition) string {
	name := JobName(in)
	culprits := "spec.backend.image or spec.backend.migration"
	if s, given := sqlSourceOf(in.Cluster); given {
		culprits = fmt.Sprintf("spec.backend.image, spec.backend.migration or key %s of %s %s", s.key, s.kind, s.name)
	}
	message := fmt.Sprintf("Job %s failed (%s): correct %s, or give annotation %s a new value to try again",
		name, failed.Reason, culprits, naming.AnnotationRetry)
	if said := in.Facts.JobLogs[name]; said != "" {
		message += "; the container's last lines: " + said
	}
	return message
}

func condition(job *batchv1.Job, t batchv1.JobConditionType) *batchv1.JobCondition {
	for i, c := range job.Status.Conditions {
		if c.Type == t && c.Status == corev1.ConditionTrue {
			return &job.Status.Conditions[i]
		}
	}
	return nil
}
