package status

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component"
	"github.com/xatube/xatube-operator/internal/component/hibernation"
	"github.com/xatube/xatube-operator/internal/component/naming"
	"github.com/xatube/xatube-operator/internal/outcome"
)

// optional says that a component without its API does not keep the platform from being ready.
func optional(name string) bool {
	return name == naming.Routes || name == naming.Backup || name == naming.Monitoring || name == naming.Logging
}

// health is what the condition of a component shows: what went wrong first, then what is awaited, then the facts.
func health(r Result) component.Health {
	b, blocked := outcome.AsBlocked(r.Err)
	switch {
	case r.Blocked != nil && (r.Err == nil || (blocked && b.Reason == v1alpha1.ReasonWaiting)):
		return shown(*r.Blocked, r.Health)
	case blocked:
		return component.NotReady(b.Reason, b.Message)
	case r.Err != nil:
		return component.NotReady(v1alpha1.ReasonError, r.Err.Error())
	case r.Changed && r.Health.Healthy():
		return component.NotReady(v1alpha1.ReasonProgressing, "the change has been applied and is being rolled out")
	}
	return r.Health
}

// shown is the health that a component shows in the place of that of the facts. After a revision was taken back, the one
// that runs in its place may have trouble of its own.
func shown(blocked, facts component.Health) component.Health {
	if blocked.Reason == v1alpha1.ReasonRolloutReverted && !facts.Healthy() {
		blocked.Message += "; now: " + facts.Message
	}
	return blocked
}

func summarise(s *v1alpha1.XaTubeClusterStatus, cluster *v1alpha1.XaTubeCluster, results []Result, healths []component.Health, now time.Time) {
	var wanting, stalled, waiting []string
	reason, cause := "", ""
	for i, h := range healths {
		if satisfied(results[i], h) {
			continue
		}
		line := fmt.Sprintf("%s: %s", results[i].Condition, h.Message)
		wanting = append(wanting, line)
		switch {
		case terminal(results[i].Err) || lasts(s.Unresolved, results[i].Condition, h.Reason, now):
			stalled = append(stalled, line)
			cause = cmp.Or(cause, h.Reason)
		case h.Reason == v1alpha1.ReasonWaiting:
			waiting = append(waiting, line)
		}
		if reason == "" || (h.Reason != v1alpha1.ReasonWaiting && reason == v1alpha1.ReasonWaiting) {
			reason = h.Reason
		}
	}
	generation := cluster.Generation
	set(s, v1alpha1.ConditionReady, ready(cluster, reason, wanting), generation, now)
	set(s, v1alpha1.ConditionReconciling, turning(s.OperatorUpdate, results, reconciling(wanting, stalled, waiting)), generation, now)
	set(s, v1alpha1.ConditionStalled, stall(cause, stalled), generation, now)
}

// satisfied says that nothing of a component keeps the platform from being ready.
func satisfied(r Result, h component.Health) bool {
	return h.Healthy() || (optional(r.Name) && h.Reason == v1alpha1.ReasonAPINotInstalled)
}

func terminal(err error) bool {
	b, ok := outcome.AsBlocked(err)
	return ok && b.Terminal
}

func ready(cluster *v1alpha1.XaTubeCluster, reason string, wanting []string) component.Health {
	switch {
	case len(wanting) == 0 && hibernation.Wanted(cluster):
		return hibernation.Asleep("everything is stopped and all data is kept; set it to Running to resume")
	case len(wanting) == 0:
		return component.Ready("The platform runs as the spec says")
	}
	return component.NotReady(reason, strings.Join(wanting, "; "))
}

// reconciling and stall are of the kind that is true when something is the matter.
func reconciling(wanting, stalled, waiting []string) component.Health {
	moving := len(wanting) - len(stalled)
	if len(stalled) > 0 {
		// What waits for another component waits for the user in the end, unless the other one is moving. kstatus would
		// take this for progress that never ends.
		moving -= len(waiting)
	}
	if moving > 0 {
		return component.Health{Status: metav1.ConditionTrue, Reason: v1alpha1.ReasonProgressing, Message: "The platform is not yet as the spec says"}
	}
	return component.Health{Status: metav1.ConditionFalse, Reason: v1alpha1.ReasonReady, Message: "Nothing is in progress"}
}

func stall(reason string, stalled []string) component.Health {
	if len(stalled) == 0 {
		return component.Health{Status: metav1.ConditionFalse, Reason: v1alpha1.ReasonReady, Message: "Nothing waits for the user"}
	}
	return component.Health{Status: metav1.ConditionTrue, Reason: reason, Message: strings.Join(stalled, "; ")}
}

// phase sums up in one word. A platform that has been ready for this generation and is not any more is degraded; one
// that has been ready for an earlier generation, or goes on after the user mended something, is being updated.
func phase(cluster *v1alpha1.XaTubeCluster, s v1alpha1.XaTubeClusterStatus) v1alpha1.Phase {
	former := cluster.Status
	switch {
	case meta.IsStatusConditionTrue(s.Conditions, v1alpha1.ConditionReady) && hibernation.Wanted(cluster):
		return v1alpha1.PhaseHibernated
	case meta.IsStatusConditionTrue(s.Conditions, v1alpha1.ConditionReady):
		return v1alpha1.PhaseReady
	case meta.IsStatusConditionTrue(s.Conditions, v1alpha1.ConditionStalled):
		return v1alpha1.PhaseStalled
	case former.Phase == "" || former.Phase == v1alpha1.PhasePending || former.Phase == v1alpha1.PhaseProvisioning:
		return v1alpha1.PhaseProvisioning
	case former.ObservedGeneration != cluster.Generation, former.Phase == v1alpha1.PhaseUpdating, former.Phase == v1alpha1.PhaseStalled:
		return v1alpha1.PhaseUpdating
	}
	return v1alpha1.PhaseDegraded
}
