package switchover_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	cnpgv1 "github.com/cloudnative-pg/api/pkg/api/v1"
	"k8s.io/apimachinery/pkg/api/meta"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component"
	"github.com/xatube/xatube-operator/internal/component/naming"
	"github.com/xatube/xatube-operator/internal/switchover"
)

const (
	a = "demo-postgres-1"
	b = "demo-postgres-2"
	c = "demo-postgres-3"
)

// input is a healthy platform of which somebody asks to promote b.
func input(known *v1alpha1.PromotionStatus, changes ...func(*component.Input)) component.Input {
	in := component.Input{Cluster: &v1alpha1.XaTubeCluster{}}
	in.Cluster.Annotations = map[string]string{naming.AnnotationPromote: b}
	in.Cluster.Status.Postgres = &v1alpha1.PostgresStatus{Promotion: known}
	names := []string{a, b, c}
	in.Facts.Database = &cnpgv1.Cluster{Status: cnpgv1.ClusterStatus{
		CurrentPrimary: a, TargetPrimary: a, InstanceNames: names, Phase: cnpgv1.PhaseHealthy,
		InstancesStatus: map[cnpgv1.PodStatus][]string{cnpgv1.PodHealthy: names},
	}}
	in.Facts.Database.Name = "demo-postgres"
	in.Facts.Standbys = map[string]string{b: "streaming", c: "streaming"}
	for _, change := range changes {
		change(&in)
	}
	return in
}

func primary(current, target string) func(*component.Input) {
	return func(in *component.Input) {
		in.Facts.Database.Status.CurrentPrimary, in.Facts.Database.Status.TargetPrimary = current, target
	}
}

func known(state v1alpha1.PromotionState) *v1alpha1.PromotionStatus {
	return &v1alpha1.PromotionStatus{Request: b, State: state, From: a}
}

func ask(request string) func(*component.Input) {
	return func(in *component.Input) { in.Cluster.Annotations[naming.AnnotationPromote] = request }
}

func TestDecide(t *testing.T) {
	tests := []struct {
		name  string
		in    component.Input
		state v1alpha1.PromotionState
		start bool
	}{
		{"nobody asks", input(nil, ask("")), "", false},
		{"the request is withdrawn", input(known(v1alpha1.PromotionCompleted), ask("")), "", false},
		{"a new request", input(nil), v1alpha1.PromotionRequested, true},
		{"the status is empty", input(nil, func(in *component.Input) { in.Cluster.Status.Postgres = nil }), v1alpha1.PromotionRequested, true},
		{"the operator ended before it told CloudNativePG", input(known(v1alpha1.PromotionRequested)), v1alpha1.PromotionRequested, true},
		{"it ended after that", input(known(v1alpha1.PromotionRequested), primary(a, b)), v1alpha1.PromotionInProgress, false},
		{"it ended, and the switchover with it", input(known(v1alpha1.PromotionRequested), primary(b, b)), v1alpha1.PromotionCompleted, false},
		{"it ended, and the primary has moved on", input(known(v1alpha1.PromotionRequested), primary(c, c)), v1alpha1.PromotionSuperseded, false},
		{"under way", input(known(v1alpha1.PromotionInProgress), primary(a, b)), v1alpha1.PromotionInProgress, false},
		{"done", input(known(v1alpha1.PromotionInProgress), primary(b, b)), v1alpha1.PromotionCompleted, false},
		{"CloudNativePG chose another", input(known(v1alpha1.PromotionInProgress), primary(a, c)), v1alpha1.PromotionSuperseded, false},
		{"CloudNativePG stayed", input(known(v1alpha1.PromotionInProgress), primary(a, a)), v1alpha1.PromotionSuperseded, false},
		{"a later failover is not fought", input(known(v1alpha1.PromotionCompleted), primary(c, c)), v1alpha1.PromotionCompleted, false},
		{"nor a failover under way", input(known(v1alpha1.PromotionCompleted), primary(b, "pending")), v1alpha1.PromotionCompleted, false},
		{"the same instance again", input(known(v1alpha1.PromotionCompleted), primary(c, c), ask(b+"@2")), v1alpha1.PromotionRequested, true},
		{"a refusal is final", input(known(v1alpha1.PromotionRefused)), v1alpha1.PromotionRefused, false},
		{"the API is away for a moment", input(known(v1alpha1.PromotionInProgress), func(in *component.Input) { in.Facts.Database = nil }), v1alpha1.PromotionInProgress, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			before := tt.in.Cluster.DeepCopy()
			got := switchover.Decide(tt.in)
			if got.Start != tt.start {
				t.Errorf("start is %v", got.Start)
			}
			if diff := cmp.Diff(before, tt.in.Cluster); diff != "" {
				t.Errorf("it changed the resource:\n%s", diff)
			}
			if tt.state == "" {
				if got.Status != nil {
					t.Errorf("got %+v", got.Status)
				}
				return
			}
			if got.Status == nil || got.Status.State != tt.state || got.Status.Request != tt.in.Cluster.Annotations[naming.AnnotationPromote] {
				t.Errorf("got %+v, want %s", got.Status, tt.state)
			}
			if got.Start && got.Status.From != tt.in.Facts.Database.Status.CurrentPrimary {
				t.Errorf("from %s", got.Status.From)
			}
		})
	}
}

func TestRefusals(t *testing.T) {
	annotate := func(name, value string) func(*component.Input) {
		return func(in *component.Input) { in.Facts.Database.Annotations = map[string]string{name: value} }
	}
	tests := []struct {
		name    string
		change  func(*component.Input)
		message string
	}{
		{"external", func(in *component.Input) { in.Cluster.Spec.Postgres.External = &v1alpha1.ExternalSpec{} }, "spec.postgres.external"},
		{"no database", func(in *component.Input) { in.Facts.Database = nil }, "has no primary yet"},
		{"no primary", primary("", ""), "has no primary yet"},
		{"hibernated", func(in *component.Input) { in.Cluster.Spec.PowerState = v1alpha1.PowerHibernated }, "is hibernated"},
		{"the database sleeps", annotate("cnpg.io/hibernation", "on"), "is hibernated"},
		{"unknown", ask("demo-postgres-9"), "demo-postgres-9 is no instance of Cluster demo-postgres; write one of demo-postgres-1, demo-postgres-2, demo-postgres-3"},
		{"nothing before the @", ask("@1"), "is no instance of Cluster demo-postgres"},
		{"primary already", ask(a), "is the primary already"},
		{"failover under way", primary(a, "pending"), "the primary is moving from demo-postgres-1 to pending"},
		{"switchover under way", primary(a, c), "the primary is moving from demo-postgres-1 to demo-postgres-3"},
		{"update under way", func(in *component.Input) { in.Facts.Database.Status.Phase = cnpgv1.PhaseUpgrade }, "Upgrading cluster"},
		{"fenced", annotate("cnpg.io/fencedInstances", `["demo-postgres-2"]`), "has demo-postgres-2 fenced"},
		{"all fenced", annotate("cnpg.io/fencedInstances", `["*"]`), "has * fenced"},
		{"the primary fenced", annotate("cnpg.io/fencedInstances", `["demo-postgres-1"]`), "has demo-postgres-1 fenced"},
		{"fencing that nobody can read", annotate("cnpg.io/fencedInstances", "b"), "is no list of instances"},
		{"not ready", func(in *component.Input) {
			in.Facts.Database.Status.InstancesStatus[cnpgv1.PodHealthy] = []string{a, c}
		}, "demo-postgres-2 is not ready"},
		{"the primary is not ready", func(in *component.Input) {
			in.Facts.Database.Status.InstancesStatus[cnpgv1.PodHealthy] = []string{b, c}
		}, "demo-postgres-1 is not ready"},
		{"lost its stream", func(in *component.Input) { delete(in.Facts.Standbys, b) }, "does not replicate from demo-postgres-1"},
		{"catches up", func(in *component.Input) { in.Facts.Standbys[b] = "catchup" }, "is behind demo-postgres-1 (catchup)"},
		{"nobody can tell", func(in *component.Input) { in.Facts.Standbys, in.Facts.StandbysUnknown = nil, "timeout" }, "could not be asked of demo-postgres-1: timeout"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := switchover.Decide(input(nil, tt.change))
			if got.Start || got.Status == nil || got.Status.State != v1alpha1.PromotionRefused {
				t.Fatalf("got %+v", got)
			}
			if m := got.Status.Message; !strings.Contains(m, tt.message) || !strings.HasPrefix(m, "xatube.io/promote=") {
				t.Errorf("message: %s", m)
			}
		})
	}
}

// TestARequestThatWasNotHandedOverIsJudgedAgain: much may have happened since the operator ended.
func TestARequestThatWasNotHandedOverIsJudgedAgain(t *testing.T) {
	got := switchover.Decide(input(known(v1alpha1.PromotionRequested), func(in *component.Input) { delete(in.Facts.Standbys, b) }))
	if got.Start || got.Status.State != v1alpha1.PromotionRefused {
		t.Errorf("got %+v", got)
	}
}

func TestStartedIsWhatKubectlCnpgPromoteWrites(t *testing.T) {
	now := time.Date(2026, 11, 23, 12, 0, 0, 123456000, time.UTC)
	db := input(nil).Facts.Database
	before := db.DeepCopy()
	got := switchover.Started(db, b+"@2", now)
	if diff := cmp.Diff(before, db); diff != "" {
		t.Errorf("the facts were changed:\n%s", diff)
	}
	want := before.Status
	want.TargetPrimary, want.TargetPrimaryTimestamp = b, "2026-11-23T12:00:00.123456Z"
	want.Phase, want.PhaseReason = "Switchover in progress", "Switching over to demo-postgres-2"
	if !meta.IsStatusConditionFalse(got.Status.Conditions, "Ready") {
		t.Errorf("conditions: %+v", got.Status.Conditions)
	}
	got.Status.Conditions = nil
	if diff := cmp.Diff(want, got.Status); diff != "" {
		t.Errorf("status (-want +got):\n%s", diff)
	}
}

// A13: nobody waits for the primary's word in a pass; until it has come, the request is neither granted nor refused.
func TestNothingIsDecidedBeforeThePrimaryHasAnswered(t *testing.T) {
	last := &v1alpha1.PromotionStatus{Request: c, State: v1alpha1.PromotionCompleted}
	in := input(last, func(in *component.Input) { in.Facts.Standbys, in.Facts.StandbysAwaited = nil, true })
	if got := switchover.Decide(in); got.Start || got.Status != last {
		t.Errorf("got %+v, want the last request's status", got)
	}
	in.Facts.Database.Status.TargetPrimary = c
	if got := switchover.Decide(in); got.Start || got.Status.State != v1alpha1.PromotionRefused {
		t.Errorf("got %+v, want a refusal for which the primary's word is not needed", got)
	}
}
