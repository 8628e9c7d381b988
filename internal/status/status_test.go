package status

import (
	"errors"
	"strings"
	"testing"
	"time"

	cnpgv1 "github.com/cloudnative-pg/api/pkg/api/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component"
	"github.com/xatube/xatube-operator/internal/component/naming"
	"github.com/xatube/xatube-operator/internal/failover"
	"github.com/xatube/xatube-operator/internal/outcome"
)

var now = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func input() component.Input {
	c := &v1alpha1.XaTubeCluster{}
	c.Name, c.Namespace, c.Generation = "demo", "default", 3
	return component.Input{Cluster: c, Options: component.Options{ClusterDomain: "cluster.local"}}
}

// later is the status when the results have been the same for so long.
func later(in component.Input, results []Result, lasted time.Duration) v1alpha1.XaTubeClusterStatus {
	in.Cluster.Status = Compute(in, results, nil, now)
	return Compute(in, results, nil, now.Add(lasted))
}

func edge(change func(*Result)) []Result {
	r := Result{Name: naming.Edge, Condition: v1alpha1.ConditionEdgeReady, Health: component.Ready("2 of 2 pods are ready")}
	change(&r)
	return []Result{r}
}

func TestCompute(t *testing.T) {
	tests := []struct {
		name                 string
		results              []Result
		edge, ready, stalled metav1.ConditionStatus
		reconciling          metav1.ConditionStatus
		reason               string
	}{
		{
			"ready", edge(func(*Result) {}),
			metav1.ConditionTrue, metav1.ConditionTrue, metav1.ConditionFalse, metav1.ConditionFalse, v1alpha1.ReasonReady,
		},
		{
			"facts are of before a write", edge(func(r *Result) { r.Changed = true }),
			metav1.ConditionFalse, metav1.ConditionFalse, metav1.ConditionFalse, metav1.ConditionTrue, v1alpha1.ReasonProgressing,
		},
		{
			"a gate is closed", edge(func(r *Result) {
				h := component.NotReady(v1alpha1.ReasonWaiting, "waiting for x")
				r.Blocked = &h
			}),
			metav1.ConditionFalse, metav1.ConditionFalse, metav1.ConditionFalse, metav1.ConditionTrue, v1alpha1.ReasonWaiting,
		},
		{
			"the user must mend it", edge(func(r *Result) { r.Err = outcome.Terminal(v1alpha1.ReasonRejected, "no") }),
			metav1.ConditionFalse, metav1.ConditionFalse, metav1.ConditionTrue, metav1.ConditionFalse, v1alpha1.ReasonRejected,
		},
		{
			"an image cannot be pulled yet", edge(func(r *Result) { r.Health = component.NotReady(v1alpha1.ReasonImagePull, "no") }),
			metav1.ConditionFalse, metav1.ConditionFalse, metav1.ConditionFalse, metav1.ConditionTrue, v1alpha1.ReasonImagePull,
		},
		{
			"an unexpected error is retried", edge(func(r *Result) { r.Err = errors.New("boom") }),
			metav1.ConditionFalse, metav1.ConditionFalse, metav1.ConditionFalse, metav1.ConditionTrue, v1alpha1.ReasonError,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := Compute(input(), tt.results, nil, now)
			for kind, want := range map[string]metav1.ConditionStatus{
				v1alpha1.ConditionEdgeReady: tt.edge, v1alpha1.ConditionReady: tt.ready,
				v1alpha1.ConditionStalled: tt.stalled, v1alpha1.ConditionReconciling: tt.reconciling,
			} {
				c := meta.FindStatusCondition(got.Conditions, kind)
				if c == nil || c.Status != want || c.ObservedGeneration != 3 {
					t.Errorf("%s is %+v, want %s", kind, c, want)
				}
			}
			if c := meta.FindStatusCondition(got.Conditions, v1alpha1.ConditionReady); c.Reason != tt.reason {
				t.Errorf("Ready's reason is %s, want %s", c.Reason, tt.reason)
			}
		})
	}
}

// TestWhatWaitsForAStalledComponentIsNotInProgress: kstatus reads Reconciling first, so that Flux and helm --wait would
// never see a platform without CloudNativePG, or with a failed migration, as failed.
func TestWhatWaitsForAStalledComponentIsNotInProgress(t *testing.T) {
	missing := Result{
		Name: naming.Postgres, Condition: v1alpha1.ConditionDatabaseReady,
		Health: component.NotReady(v1alpha1.ReasonAPINotInstalled, "absent"),
	}
	waiting := Result{
		Name: naming.Migration, Condition: v1alpha1.ConditionMigrationsApplied,
		Health: component.NotReady(v1alpha1.ReasonWaiting, "waiting for the database"),
	}
	moving := Result{
		Name: naming.Redis, Condition: v1alpha1.ConditionCacheReady,
		Health: component.NotReady(v1alpha1.ReasonProgressing, "0 of 1"),
	}
	for name, tt := range map[string]struct {
		results              []Result
		reconciling, stalled metav1.ConditionStatus
	}{
		"nothing moves":                   {[]Result{missing, waiting}, metav1.ConditionFalse, metav1.ConditionTrue},
		"something else moves":            {[]Result{missing, waiting, moving}, metav1.ConditionTrue, metav1.ConditionTrue},
		"nobody is waited for in vain":    {[]Result{waiting, moving}, metav1.ConditionTrue, metav1.ConditionFalse},
		"only time is what is awaited":    {[]Result{waiting}, metav1.ConditionTrue, metav1.ConditionFalse},
		"the user alone can do something": {[]Result{missing}, metav1.ConditionFalse, metav1.ConditionTrue},
	} {
		t.Run(name, func(t *testing.T) {
			got := later(input(), tt.results, partnerPatience).Conditions
			if c := meta.FindStatusCondition(got, v1alpha1.ConditionReconciling); c.Status != tt.reconciling {
				t.Errorf("Reconciling is %s, want %s", c.Status, tt.reconciling)
			}
			if c := meta.FindStatusCondition(got, v1alpha1.ConditionStalled); c.Status != tt.stalled {
				t.Errorf("Stalled is %s, want %s", c.Status, tt.stalled)
			}
		})
	}
}

func TestAnOptionalAPIDoesNotKeepThePlatformFromBeingReady(t *testing.T) {
	results := []Result{{
		Name: naming.Routes, Condition: v1alpha1.ConditionRoutesReady,
		Health: component.NotReady(v1alpha1.ReasonAPINotInstalled, "absent"),
	}}
	got := Compute(input(), results, nil, now)
	if !meta.IsStatusConditionTrue(got.Conditions, v1alpha1.ConditionReady) {
		t.Errorf("conditions: %+v", got.Conditions)
	}
	if !meta.IsStatusConditionFalse(got.Conditions, v1alpha1.ConditionRoutesReady) {
		t.Errorf("conditions: %+v", got.Conditions)
	}
}

func TestPhase(t *testing.T) {
	notReady := edge(func(r *Result) { r.Health = component.NotReady(v1alpha1.ReasonProgressing, "1 of 2") })
	stalled := edge(func(r *Result) { r.Health = component.NotReady(v1alpha1.ReasonRolloutFailed, "no") })
	tests := []struct {
		name     string
		former   v1alpha1.Phase
		observed int64
		results  []Result
		want     v1alpha1.Phase
	}{
		{"first pass", "", 0, notReady, v1alpha1.PhaseProvisioning},
		{"on its way", v1alpha1.PhaseProvisioning, 3, notReady, v1alpha1.PhaseProvisioning},
		{"reached", v1alpha1.PhaseProvisioning, 3, edge(func(*Result) {}), v1alpha1.PhaseReady},
		{"the spec changed", v1alpha1.PhaseReady, 2, notReady, v1alpha1.PhaseUpdating},
		{"the change goes on", v1alpha1.PhaseUpdating, 3, notReady, v1alpha1.PhaseUpdating},
		{"something failed", v1alpha1.PhaseReady, 3, notReady, v1alpha1.PhaseDegraded},
		{"waits for the user", v1alpha1.PhaseReady, 3, stalled, v1alpha1.PhaseStalled},
		{"goes on", v1alpha1.PhaseStalled, 3, notReady, v1alpha1.PhaseUpdating},
		{"mended", v1alpha1.PhaseStalled, 3, edge(func(*Result) {}), v1alpha1.PhaseReady},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			in := input()
			in.Cluster.Status.Phase, in.Cluster.Status.ObservedGeneration = tt.former, tt.observed
			if got := Compute(in, tt.results, nil, now).Phase; got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

func TestAHibernatedPlatformIsReady(t *testing.T) {
	in := input()
	in.Cluster.Spec.PowerState = v1alpha1.PowerHibernated
	in.Cluster.Status.Postgres = &v1alpha1.PostgresStatus{Primary: "a"}
	in.Facts.Database = &cnpgv1.Cluster{Status: cnpgv1.ClusterStatus{CurrentPrimary: "a", TargetPrimary: "a"}}
	in.Facts.Database.Annotations = map[string]string{"cnpg.io/hibernation": "on"}
	in.Facts.Database.Status.Conditions = []metav1.Condition{{Type: "cnpg.io/hibernation", Status: metav1.ConditionTrue}}
	got := Compute(in, edge(func(r *Result) { r.Health = component.Off(v1alpha1.ReasonHibernated, "nothing runs") }), nil, now)
	ready := meta.FindStatusCondition(got.Conditions, v1alpha1.ConditionReady)
	if ready.Status != metav1.ConditionTrue || ready.Reason != v1alpha1.ReasonHibernated || got.Phase != v1alpha1.PhaseHibernated {
		t.Errorf("phase %s, Ready %+v", got.Phase, ready)
	}
	if !meta.IsStatusConditionFalse(got.Conditions, v1alpha1.ConditionReconciling) || !meta.IsStatusConditionFalse(got.Conditions, v1alpha1.ConditionStalled) {
		t.Errorf("conditions: %+v", got.Conditions)
	}
	if got.Backend.Ready != "0/0" || got.Postgres.Primary != "" {
		t.Errorf("backends %s, primary %q", got.Backend.Ready, got.Postgres.Primary)
	}

	got = Compute(in, edge(func(r *Result) { r.Health = component.NotReady(v1alpha1.ReasonProgressing, "stops") }), nil, now)
	if got.Phase == v1alpha1.PhaseHibernated || !meta.IsStatusConditionTrue(got.Conditions, v1alpha1.ConditionReconciling) {
		t.Errorf("on its way: phase %s, conditions %+v", got.Phase, got.Conditions)
	}
}

func TestAStalledFailoverIsACondition(t *testing.T) {
	in := input()
	in.Facts.Database = &cnpgv1.Cluster{Status: cnpgv1.ClusterStatus{CurrentPrimary: "a", TargetPrimary: "pending"}}
	in.Cluster.Status.Postgres = &v1alpha1.PostgresStatus{Primary: "a", LastFailover: &v1alpha1.FailoverStatus{
		From: "a", StartedAt: metav1.NewMicroTime(now.Add(-failover.StalledAfter)),
	}}
	results := []Result{{
		Name: naming.Postgres, Condition: v1alpha1.ConditionDatabaseReady,
		Health: component.NotReady(v1alpha1.ReasonFailover, "the primary is being replaced"),
	}}
	for at, want := range map[time.Time]string{
		now.Add(-time.Second): v1alpha1.ReasonFailover,
		now:                   v1alpha1.ReasonFailoverStalled,
	} {
		c := meta.FindStatusCondition(Compute(in, results, nil, at).Conditions, v1alpha1.ConditionDatabaseReady)
		if c.Reason != want {
			t.Errorf("%s: %+v, want reason %s", at, c, want)
		}
	}
}

// TestStreaming: the publishers are counted while a pod of the ingest drains, and at no other time.
func TestStreaming(t *testing.T) {
	in := input()
	in.Facts.Publishers = map[string]int32{"demo-rtmp-0": 1, "demo-rtmp-1": 2}
	if got := Compute(in, nil, nil, now).Streaming; got != nil {
		t.Errorf("at rest: %+v", got)
	}
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{
		Name: "demo-rtmp-1", DeletionTimestamp: &metav1.Time{Time: now}, DeletionGracePeriodSeconds: new(int64(30)),
	}}
	pod.Status.ContainerStatuses = []corev1.ContainerStatus{{
		Name: naming.RTMP, State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{}},
	}}
	in.Facts.Pods = map[string][]*corev1.Pod{naming.RTMP: {pod}}
	want := v1alpha1.StreamingStatus{
		Publishers: 3,
		Draining:   []v1alpha1.DrainingPod{{Pod: "demo-rtmp-1", Publishers: new(int32(2)), Deadline: metav1.NewTime(now)}},
	}
	if got := Compute(in, nil, nil, now).Streaming; got == nil || !equality.Semantic.DeepEqual(*got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestComputeOfTheSameIsTheSame(t *testing.T) {
	in := input()
	first := Compute(in, edge(func(*Result) {}), nil, now)
	in.Cluster.Status = first
	second := Compute(in, edge(func(*Result) {}), nil, now.Add(time.Hour))
	for i := range first.Conditions {
		if first.Conditions[i] != second.Conditions[i] {
			t.Errorf("condition changed at rest: %+v to %+v", first.Conditions[i], second.Conditions[i])
		}
	}
}

func TestAPlatformThatWaitsForItsTurnIsReadyAndSaysSo(t *testing.T) {
	got := Compute(input(), edge(func(r *Result) { r.Turn = TurnAwaited }), nil, now)
	reconciling := meta.FindStatusCondition(got.Conditions, v1alpha1.ConditionReconciling)
	if reconciling.Status != metav1.ConditionTrue || reconciling.Reason != v1alpha1.ReasonQueued || !strings.Contains(reconciling.Message, naming.Edge) {
		t.Errorf("Reconciling is %+v", reconciling)
	}
	if !meta.IsStatusConditionTrue(got.Conditions, v1alpha1.ConditionReady) || got.Phase != v1alpha1.PhaseReady {
		t.Errorf("it is not ready: %+v", got)
	}
	in := input()
	in.Cluster.Status.OperatorUpdate = &v1alpha1.OperatorUpdateStatus{StartedAt: metav1.NewTime(now), Components: []string{naming.Edge}}
	got = Compute(in, edge(func(r *Result) { r.Turn, r.Changed = TurnTaken, true }), nil, now)
	if c := meta.FindStatusCondition(got.Conditions, v1alpha1.ConditionReconciling); c.Reason != v1alpha1.ReasonOperatorUpdate {
		t.Errorf("Reconciling is %+v while the platform has its turn", c)
	}
	got = Compute(in, edge(func(r *Result) { r.Turn = TurnTaken }), nil, now)
	if !meta.IsStatusConditionFalse(got.Conditions, v1alpha1.ConditionReconciling) || got.OperatorUpdate != nil {
		t.Error("a platform at rest still has its turn")
	}
}

func TestStalledTellsWhatStalls(t *testing.T) {
	results := []Result{
		{Name: naming.Redis, Condition: v1alpha1.ConditionCacheReady, Health: component.NotReady(v1alpha1.ReasonProgressing, "starting")},
		{Name: naming.Backend, Condition: v1alpha1.ConditionBackendReady, Health: component.NotReady(v1alpha1.ReasonRolloutFailed, "no")},
	}
	got := Compute(input(), results, nil, now)
	if c := meta.FindStatusCondition(got.Conditions, v1alpha1.ConditionStalled); c.Reason != v1alpha1.ReasonRolloutFailed || got.Settled != "" {
		t.Errorf("Stalled is %+v, settled %q", c, got.Settled)
	}
}

func TestATakenBackRevisionAddsTheTroubleOfTheOneThatRuns(t *testing.T) {
	reverted := component.NotReady(v1alpha1.ReasonRolloutReverted, "b was taken back")
	got := Compute(input(), edge(func(r *Result) {
		r.Blocked, r.Health = &reverted, component.NotReady(v1alpha1.ReasonUnschedulable, "no node")
	}), nil, now)
	if c := meta.FindStatusCondition(got.Conditions, v1alpha1.ConditionEdgeReady); c.Message != "b was taken back; now: no node" {
		t.Errorf("the condition is %+v", c)
	}
}

// A13: while the log of a crashed container is read, the condition stays: what it says comes at once with the log, and a
// restarted operator, which reads it again, writes nothing.
func TestAConditionStaysWhileALogIsRead(t *testing.T) {
	in := input()
	crashes := func(said string) []Result {
		return edge(func(r *Result) { r.Health = component.NotReady(v1alpha1.ReasonCrashLoop, "ends again and again"+said) })
	}
	in.Cluster.Status = Compute(in, edge(func(*Result) {}), nil, now)
	in.Facts.LogsAwaited = map[string]bool{naming.Edge: true}
	if got := Compute(in, crashes(""), nil, now); !equality.Semantic.DeepEqual(got, in.Cluster.Status) {
		t.Errorf("the status changes before the log is read: %+v", got)
	}
	in.Facts.LogsAwaited = nil
	in.Cluster.Status = Compute(in, crashes(": no such host"), nil, now)
	in.Facts.LogsAwaited = map[string]bool{naming.Edge: true}
	if got := Compute(in, crashes(""), nil, now); !equality.Semantic.DeepEqual(got, in.Cluster.Status) {
		t.Errorf("the status changes after a restart: %+v", got)
	}
	in.Facts.LogsAwaited = map[string]bool{naming.Redis: true}
	if got := Compute(in, crashes(": other"), nil, now); equality.Semantic.DeepEqual(got, in.Cluster.Status) {
		t.Error("the log of another component is awaited")
	}
	in.Facts.LogsAwaited = map[string]bool{naming.Edge: true}
	if got := Compute(in, edge(func(*Result) {}), nil, now); !meta.IsStatusConditionTrue(got.Conditions, v1alpha1.ConditionEdgeReady) {
		t.Error("good news waits for a log")
	}
}
