package migration

import (
	"cmp"
	"slices"

	batchv1 "k8s.io/api/batch/v1"
	batchv1ac "k8s.io/client-go/applyconfigurations/batch/v1"

	"github.com/xatube/xatube-operator/internal/component"
	"github.com/xatube/xatube-operator/internal/component/naming"
)

// history is how many earlier images can be gone back to without a migration. To run it again would be wrong: the
// migration of an old image may fail on the database of a newer one.
const history = 3

// earlier are the newest finished Jobs of other images than the wanted one. Only their names are told, for they exist.
func earlier(in component.Input) []component.Object {
	var finished []*batchv1.Job
	for _, job := range in.Facts.Jobs {
		migrates := job.Labels[naming.LabelComponent] == naming.Migration
		if migrates && job.Name != JobName(in) && condition(job, batchv1.JobComplete) != nil {
			finished = append(finished, job)
		}
	}
	slices.SortFunc(finished, func(a, b *batchv1.Job) int {
		return cmp.Or(b.CreationTimestamp.Compare(a.CreationTimestamp.Time), cmp.Compare(a.Name, b.Name))
	})
	var objects []component.Object
	for _, job := range finished[:min(history, len(finished))] {
		objects = append(objects, batchv1ac.Job(job.Name, in.Cluster.Namespace).
			WithLabels(naming.Labels(in.Cluster, naming.Migration)))
	}
	return objects
}
