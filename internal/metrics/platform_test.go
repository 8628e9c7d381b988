package metrics

import (
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/xatube/xatube-operator/api/v1alpha1"
)

var demo = types.NamespacedName{Namespace: "tube", Name: "demo"}

func newPlatforms(t *testing.T) (*Platforms, *prometheus.Registry) {
	t.Helper()
	registry := prometheus.NewRegistry()
	p, err := NewPlatforms(registry)
	if err != nil {
		t.Fatal(err)
	}
	return p, registry
}

func status(phase v1alpha1.Phase, ready, edge metav1.ConditionStatus) v1alpha1.XaTubeClusterStatus {
	return v1alpha1.XaTubeClusterStatus{Phase: phase, Conditions: []metav1.Condition{
		{Type: v1alpha1.ConditionReady, Status: ready}, {Type: v1alpha1.ConditionEdgeReady, Status: edge},
	}}
}

func TestPlatformState(t *testing.T) {
	p, registry := newPlatforms(t)
	components := map[string]string{"edge": v1alpha1.ConditionEdgeReady}
	p.Report(demo, status(v1alpha1.PhaseReady, metav1.ConditionTrue, metav1.ConditionTrue), components)
	p.Report(demo, status(v1alpha1.PhaseDegraded, metav1.ConditionFalse, metav1.ConditionUnknown), components)
	const want = `
# HELP xatube_component_healthy Whether a component of the platform does what it should.
# TYPE xatube_component_healthy gauge
xatube_component_healthy{component="edge",name="demo",namespace="tube"} 0
# HELP xatube_platform_condition 1 for the status of each condition of the platform, 0 for its other values.
# TYPE xatube_platform_condition gauge
xatube_platform_condition{condition="EdgeReady",name="demo",namespace="tube",status="False"} 0
xatube_platform_condition{condition="EdgeReady",name="demo",namespace="tube",status="True"} 0
xatube_platform_condition{condition="EdgeReady",name="demo",namespace="tube",status="Unknown"} 1
xatube_platform_condition{condition="Ready",name="demo",namespace="tube",status="False"} 1
xatube_platform_condition{condition="Ready",name="demo",namespace="tube",status="True"} 0
xatube_platform_condition{condition="Ready",name="demo",namespace="tube",status="Unknown"} 0
# HELP xatube_platform_phase 1 for the phase of the platform, 0 for all others.
# TYPE xatube_platform_phase gauge
xatube_platform_phase{name="demo",namespace="tube",phase="Degraded"} 1
xatube_platform_phase{name="demo",namespace="tube",phase="Deleting"} 0
xatube_platform_phase{name="demo",namespace="tube",phase="Hibernated"} 0
xatube_platform_phase{name="demo",namespace="tube",phase="Pending"} 0
xatube_platform_phase{name="demo",namespace="tube",phase="Provisioning"} 0
xatube_platform_phase{name="demo",namespace="tube",phase="Ready"} 0
xatube_platform_phase{name="demo",namespace="tube",phase="Stalled"} 0
xatube_platform_phase{name="demo",namespace="tube",phase="Updating"} 0
# HELP xatube_platform_ready Whether the platform runs as its spec says.
# TYPE xatube_platform_ready gauge
xatube_platform_ready{name="demo",namespace="tube"} 0
`
	if err := testutil.GatherAndCompare(registry, strings.NewReader(want)); err != nil {
		t.Error(err)
	}
}

func TestRolloutDuration(t *testing.T) {
	p, registry := newPlatforms(t)
	at := time.Date(2026, 11, 25, 8, 0, 0, 0, time.UTC)
	p.Rests(demo, "backend", at) // one that did not roll
	p.Rolls(demo, "backend", at)
	p.Rolls(demo, "backend", at.Add(10*time.Second)) // another change before the first is through
	p.Rests(demo, "edge", at.Add(20*time.Second))
	p.Rests(demo, "backend", at.Add(40*time.Second))
	p.Rests(demo, "backend", at.Add(50*time.Second))
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	if len(families) != 1 || len(families[0].Metric) != 1 {
		t.Fatalf("got %v", families)
	}
	if h := families[0].Metric[0].Histogram; h.GetSampleCount() != 1 || h.GetSampleSum() != 40 {
		t.Errorf("%d rollouts took %f s", h.GetSampleCount(), h.GetSampleSum())
	}
}

func TestNothingIsLeftOfADeletedPlatform(t *testing.T) {
	p, registry := newPlatforms(t)
	other := types.NamespacedName{Namespace: "tube", Name: "other"}
	for _, key := range []types.NamespacedName{demo, other} {
		p.Report(key, status(v1alpha1.PhaseReady, metav1.ConditionTrue, metav1.ConditionTrue), map[string]string{"edge": v1alpha1.ConditionEdgeReady})
		p.Wrote(key, "Deployment")
		p.Failed(key, "Forbidden")
		p.Rolls(key, "edge", time.Time{})
		p.Rests(key, "edge", time.Time{})
	}
	all, err := testutil.GatherAndCount(registry)
	if err != nil {
		t.Fatal(err)
	}
	p.Forget(demo)
	left, err := testutil.GatherAndCount(registry)
	if err != nil {
		t.Fatal(err)
	}
	if left*2 != all || len(p.rolling) != 1 {
		t.Errorf("%d of %d series are left, and rollouts of %d platforms", left, all, len(p.rolling))
	}
	if problems, err := testutil.GatherAndLint(registry); err != nil || len(problems) > 0 {
		t.Errorf("%v %v", problems, err)
	}
}
