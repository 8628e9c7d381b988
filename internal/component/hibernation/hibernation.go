// Package hibernation decides which component of a hibernating platform stands still, and when. It is an order in which
// nobody loses anything: publishers finish their streams while viewers look on, and what writes goes before the data.
package hibernation

import (
	"fmt"
	"maps"
	"slices"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component"
	"github.com/xatube/xatube-operator/internal/component/naming"
)

// before are the components whose pods must have gone before another one stops.
var before = map[string][]string{
	naming.Backend:  {naming.RTMP},
	naming.Frontend: {naming.RTMP},
	naming.Edge:     {naming.RTMP},
	naming.Postgres: {naming.RTMP, naming.Backend, naming.Migration},
	naming.Pooler:   {naming.RTMP, naming.Backend},
	naming.Redis:    {naming.RTMP, naming.Backend, naming.Migration},
	naming.RabbitMQ: {naming.RTMP, naming.Backend, naming.Migration},
	// The collector, which reads the last line of each. An edge that answers meanwhile is not waited for.
	naming.Logging: {
		naming.RTMP, naming.Backend, naming.Migration, naming.Frontend, naming.Postgres, naming.Redis, naming.RabbitMQ,
	},
}

// Wanted says that the platform is to stand still.
func Wanted(c *v1alpha1.XaTubeCluster) bool { return c.Spec.PowerState == v1alpha1.PowerHibernated }

// Stops says that a component is to stand still now.
func Stops(in component.Input, comp string) bool {
	return Wanted(in.Cluster) && awaited(in, comp) == ""
}

// Replicas of a component that has n while the platform runs.
func Replicas(in component.Input, comp string, n int32) int32 {
	if Stops(in, comp) {
		return 0
	}
	return n
}

// awaited names what a component outlives; empty when it may stop.
func awaited(in component.Input, comp string) string {
	for _, earlier := range before[comp] {
		if name := running(in, earlier); name != "" {
			return "pod " + name
		}
		if earlier != naming.Migration {
			continue
		}
		// Between two attempts a Job has no pod.
		for _, name := range slices.Sorted(maps.Keys(in.Facts.Jobs)) {
			if job := in.Facts.Jobs[name]; job.Labels[naming.LabelComponent] == naming.Migration && !finished(job) {
				return "Job " + name
			}
		}
	}
	return ""
}

func finished(job *batchv1.Job) bool {
	return slices.ContainsFunc(job.Status.Conditions, func(c batchv1.JobCondition) bool {
		return (c.Type == batchv1.JobComplete || c.Type == batchv1.JobFailed) && c.Status == corev1.ConditionTrue
	})
}

// running is the first pod of a component, by name, that has not ended.
func running(in component.Input, comp string) string {
	var names []string
	for _, pod := range in.Facts.Pods[comp] {
		if pod.Status.Phase != corev1.PodSucceeded && pod.Status.Phase != corev1.PodFailed {
			names = append(names, pod.Name)
		}
	}
	if len(names) == 0 {
		return ""
	}
	return slices.Min(names)
}

// Health of a component of a hibernating platform; false while the platform is to run.
func Health(in component.Input, comp string) (component.Health, bool) {
	if !Wanted(in.Cluster) {
		return component.Health{}, false
	}
	if first := awaited(in, comp); first != "" {
		return Stopping(fmt.Sprintf("the %s stops when %s has gone", comp, first)), true
	}
	if pod := running(in, comp); pod != "" {
		return Stopping(fmt.Sprintf("pod %s is stopping", pod)), true
	}
	return Asleep("nothing runs"), true
}

// Stopping is the health of a component that is on its way to stand still.
func Stopping(message string) component.Health {
	return component.NotReady(v1alpha1.ReasonProgressing, "the platform is being hibernated: "+message)
}

// Asleep is the health of a component that stands still, as the spec says.
func Asleep(message string) component.Health {
	return component.Off(v1alpha1.ReasonHibernated, "spec.powerState is Hibernated: "+message)
}
