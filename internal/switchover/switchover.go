// Package switchover decides about the planned change of the primary that annotation xatube.io/promote asks for. Each
// value of the annotation is one request, acted upon at most once: what became of it stands in the status, and nothing
// that happens to the primary afterwards makes an old request count again.
package switchover

import (
	"fmt"
	"strings"
	"time"

	cnpgv1 "github.com/cloudnative-pg/api/pkg/api/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component"
	"github.com/xatube/xatube-operator/internal/component/naming"
)

// Decision is what is made of the annotation.
type Decision struct {
	// Status to keep; nil without a request.
	Status *v1alpha1.PromotionStatus
	// Start says that CloudNativePG is to be told now, once Status is stored.
	Start bool
}

// Instance that a request names: what stands before the @.
func Instance(request string) string {
	name, _, _ := strings.Cut(request, "@")
	return name
}

// Decide what to do about the request, given what is known of it. It changes nothing.
func Decide(in component.Input) Decision {
	request := in.Cluster.Annotations[naming.AnnotationPromote]
	if request == "" {
		return Decision{}
	}
	known := former(in)
	switch {
	case known == nil || known.Request != request:
		return begin(in, request)
	case known.State.Final() || in.Facts.Database == nil:
		return Decision{Status: known}
	}
	return follow(in, known)
}

// former is what the status says of the last request.
func former(in component.Input) *v1alpha1.PromotionStatus {
	if p := in.Cluster.Status.Postgres; p != nil {
		return p.Promotion
	}
	return nil
}

// begin judges a new request. A refusal is final: a switchover that starts by itself hours later, because what was in
// its way has gone, would surprise. Until the primary has answered, nothing is decided.
func begin(in component.Input, request string) Decision {
	if obstacle := refuse(in, Instance(request)); obstacle != "" {
		return Decision{Status: &v1alpha1.PromotionStatus{
			Request: request, State: v1alpha1.PromotionRefused,
			Message: fmt.Sprintf("%s=%s is refused: %s", naming.AnnotationPromote, request, obstacle),
		}}
	}
	if in.Facts.StandbysAwaited {
		return Decision{Status: former(in)}
	}
	return Decision{Start: true, Status: &v1alpha1.PromotionStatus{
		Request: request, State: v1alpha1.PromotionRequested, From: in.Facts.Database.Status.CurrentPrimary,
	}}
}

// follow an accepted request. Requested alone does not tell whether CloudNativePG has heard of it: the operator may have
// ended in between.
func follow(in component.Input, known *v1alpha1.PromotionStatus) Decision {
	s, instance := in.Facts.Database.Status, Instance(known.Request)
	switch {
	case s.TargetPrimary == instance && s.CurrentPrimary == instance:
		return ended(known, v1alpha1.PromotionCompleted, fmt.Sprintf("%s is the primary", instance))
	case s.TargetPrimary == instance:
		next := *known
		next.State = v1alpha1.PromotionInProgress
		return Decision{Status: &next}
	case known.State == v1alpha1.PromotionRequested && s.TargetPrimary == known.From && s.CurrentPrimary == known.From:
		return begin(in, known.Request)
	}
	return ended(known, v1alpha1.PromotionSuperseded, fmt.Sprintf(
		"%s=%s: the primary is %s and CloudNativePG's choice is %s; to ask again, set the annotation to %s",
		naming.AnnotationPromote, known.Request, s.CurrentPrimary, s.TargetPrimary, another(instance)))
}

func ended(known *v1alpha1.PromotionStatus, state v1alpha1.PromotionState, message string) Decision {
	next := *known
	next.State, next.Message = state, message
	return Decision{Status: &next}
}

// another request for the same instance, for people to copy.
func another(instance string) string { return instance + "@again" }

// Started is the database as CloudNativePG is told to switch over: what kubectl cnpg promote writes into its status.
func Started(db *cnpgv1.Cluster, request string, now time.Time) *cnpgv1.Cluster {
	out := db.DeepCopy()
	instance := Instance(request)
	out.Status.TargetPrimary = instance
	out.Status.TargetPrimaryTimestamp = now.Format(metav1.RFC3339Micro)
	out.Status.Phase = cnpgv1.PhaseSwitchover
	out.Status.PhaseReason = fmt.Sprintf("Switching over to %s", instance)
	meta.SetStatusCondition(&out.Status.Conditions, metav1.Condition{
		Type: string(cnpgv1.ConditionClusterReady), Status: metav1.ConditionFalse,
		Reason: string(cnpgv1.ClusterIsNotReady), Message: "Cluster Is Not Ready",
	})
	return out
}
