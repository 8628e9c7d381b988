// Package status computes the status of a resource, once, at the end of a pass, from the former status, the facts
// and what the pass did.
package status

import (
	"fmt"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component"
	"github.com/xatube/xatube-operator/internal/component/hibernation"
	"github.com/xatube/xatube-operator/internal/component/naming"
	database "github.com/xatube/xatube-operator/internal/component/postgres"
	"github.com/xatube/xatube-operator/internal/component/routes"
	"github.com/xatube/xatube-operator/internal/component/rtmp"
	"github.com/xatube/xatube-operator/internal/failover"
	"github.com/xatube/xatube-operator/internal/rollout"
	"github.com/xatube/xatube-operator/internal/switchover"
)

// Result is what a pass did for one component.
type Result struct {
	// Condition is the type of the condition.
	Condition string
	// Name of the component.
	Name string
	// Health as the facts tell; it is ignored when the pass wrote or failed.
	Health component.Health
	// Changed says that the pass wrote, so that the facts are of before.
	Changed bool
	// Blocked says that the component waits, for a gate or an API, with the health to show for it.
	Blocked *component.Health
	// Turn of the platform, as far as it concerns the component.
	Turn Turn
	// Rolls says that the pass sent a new revision of the component out.
	Rolls bool
	// Err that ended the component's work.
	Err error
}

// Compute is the status after a pass. It does not change the former status.
func Compute(in component.Input, results []Result, inventory []v1alpha1.ObjectRef, now time.Time) v1alpha1.XaTubeClusterStatus {
	former := in.Cluster.Status
	next := v1alpha1.XaTubeClusterStatus{
		ObservedGeneration: in.Cluster.Generation,
		Conditions:         former.DeepCopy().Conditions,
		Endpoints:          endpoints(in),
		Backend:            backend(in),
		Postgres:           postgres(in, now),
		Streaming:          streaming(in),
		Inventory:          inventory,
	}
	healths := make([]component.Health, len(results))
	for i, r := range results {
		healths[i] = unlessAwaited(in, r.Name, meta.FindStatusCondition(former.Conditions, r.Condition), health(r))
		if r.Name == naming.Postgres && next.Postgres != nil && failover.Stalled(next.Postgres.LastFailover, now) {
			healths[i] = stalledFailover(in, next.Postgres.LastFailover)
		}
		set(&next, r.Condition, healths[i], in.Cluster.Generation, now)
	}
	next.Unresolved = unresolved(former.Unresolved, results, healths, now)
	next.OperatorUpdate = underway(former.OperatorUpdate, results, healths)
	summarise(&next, in.Cluster, results, healths, now)
	next.Settled = rollout.Settled(in, meta.IsStatusConditionFalse(next.Conditions, v1alpha1.ConditionReconciling) || still(results, healths))
	next.Phase = phase(in.Cluster, next)
	return next
}

// unlessAwaited is the health of a component, or what its condition says already while the log that tells why it fails is
// being read: the condition changes once, and an operator that has just started changes nothing.
func unlessAwaited(in component.Input, name string, former *metav1.Condition, h component.Health) component.Health {
	awaited := in.Facts.LogsAwaited[name] || (name == naming.Logging && in.Facts.LogsAwaited[naming.LogRetention])
	if !awaited || h.Healthy() || former == nil || former.Status == metav1.ConditionUnknown {
		return h
	}
	return component.Health{Status: former.Status, Reason: former.Reason, Message: former.Message}
}

func stalledFailover(in component.Input, f *v1alpha1.FailoverStatus) component.Health {
	return component.NotReady(v1alpha1.ReasonFailoverStalled, fmt.Sprintf(
		"the change of the primary from %s has taken more than %s: %s; see kubectl describe cluster.postgresql.cnpg.io %s and the log of CloudNativePG",
		f.From, failover.StalledAfter, failover.Cause(in.Facts.Database), naming.Child(in.Cluster, naming.Postgres)))
}

// Initial is the status of a resource that no pass has ended for: every condition is there and says so.
func Initial(cluster *v1alpha1.XaTubeCluster, conditions []string, now time.Time) v1alpha1.XaTubeClusterStatus {
	next := *cluster.Status.DeepCopy()
	pending := component.Health{Status: metav1.ConditionUnknown, Reason: v1alpha1.ReasonPending, Message: "The first pass has not ended"}
	for _, c := range append([]string{v1alpha1.ConditionReady}, conditions...) {
		set(&next, c, pending, cluster.Generation, now)
	}
	set(&next, v1alpha1.ConditionReconciling, component.Health{
		Status: metav1.ConditionTrue, Reason: v1alpha1.ReasonProgressing, Message: "The first pass has not ended",
	}, cluster.Generation, now)
	set(&next, v1alpha1.ConditionStalled, component.Health{
		Status: metav1.ConditionFalse, Reason: v1alpha1.ReasonProgressing, Message: "Nothing waits for the user",
	}, cluster.Generation, now)
	next.Phase = v1alpha1.PhasePending
	return next
}

// Deleting is the status of a resource whose children are being removed.
func Deleting(cluster *v1alpha1.XaTubeCluster, message string, now time.Time) v1alpha1.XaTubeClusterStatus {
	next := *cluster.Status.DeepCopy()
	next.Phase = v1alpha1.PhaseDeleting
	next.ObservedGeneration = cluster.Generation
	set(&next, v1alpha1.ConditionReady, component.NotReady(v1alpha1.ReasonDeleting, message), cluster.Generation, now)
	set(&next, v1alpha1.ConditionReconciling, component.Health{
		Status: metav1.ConditionTrue, Reason: v1alpha1.ReasonDeleting, Message: message,
	}, cluster.Generation, now)
	return next
}

func set(s *v1alpha1.XaTubeClusterStatus, condition string, h component.Health, generation int64, now time.Time) {
	meta.SetStatusCondition(&s.Conditions, metav1.Condition{
		Type: condition, Status: h.Status, Reason: h.Reason, Message: bounded(h.Message),
		ObservedGeneration: generation, LastTransitionTime: metav1.NewTime(now),
	})
}

// bounded keeps a message below the limit of the API for conditions.
func bounded(message string) string {
	const limit = 32768
	if len(message) > limit {
		return strings.ToValidUTF8(message[:limit-3], "") + "..."
	}
	return message
}

func endpoints(in component.Input) *v1alpha1.EndpointsStatus {
	return &v1alpha1.EndpointsStatus{URL: routes.URL(in), RTMP: routes.RTMPURL(in)}
}

func backend(in component.Input) *v1alpha1.BackendStatus {
	b := &v1alpha1.BackendStatus{Selector: labels.SelectorFromSet(naming.Selector(in.Cluster, naming.Backend)).String()}
	var wanted int32
	if r := in.Cluster.Spec.Backend.Replicas; r != nil {
		wanted = *r
	}
	if d := in.Facts.Deployments[naming.Child(in.Cluster, naming.Backend)]; d != nil {
		b.Replicas, b.UpdatedReplicas, b.ReadyReplicas = d.Status.Replicas, d.Status.UpdatedReplicas, d.Status.ReadyReplicas
		b.Image = d.Spec.Template.Spec.Containers[0].Image
		b.Revision = d.Annotations[naming.AnnotationRevision]
		if in.Cluster.Spec.Backend.Autoscaling != nil && d.Spec.Replicas != nil {
			wanted = *d.Spec.Replicas
		}
	}
	wanted = hibernation.Replicas(in, naming.Backend, wanted)
	b.Ready = fmt.Sprintf("%d/%d", b.ReadyReplicas, wanted)
	return b
}

// streaming is there while a pod of the ingest drains: at other times nobody counts publishers.
func streaming(in component.Input) *v1alpha1.StreamingStatus {
	s := &v1alpha1.StreamingStatus{Draining: rtmp.Draining(in)}
	if len(s.Draining) == 0 {
		return nil
	}
	for _, n := range in.Facts.Publishers {
		s.Publishers += n
	}
	return s
}

func postgres(in component.Input, now time.Time) *v1alpha1.PostgresStatus {
	if in.Cluster.Spec.Postgres.External != nil {
		return nil
	}
	former := in.Cluster.Status.Postgres
	p := &v1alpha1.PostgresStatus{
		LastFailover: failover.Track(former, in.Facts.Database, in.Facts.PrimarySilent, now),
		Promotion:    switchover.Decide(in).Status,
	}
	if former != nil {
		p.Primary = former.Primary
	}
	if db := in.Facts.Database; db != nil {
		p.Instances, p.ReadyInstances = int32(db.Spec.Instances), int32(db.Status.ReadyInstances)
		switch {
		case database.Sleeps(db):
			p.Primary = ""
		case !failover.InProgress(db) && db.Status.CurrentPrimary != "":
			p.Primary = db.Status.CurrentPrimary
		}
	}
	return p
}
