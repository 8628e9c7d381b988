package metrics

import (
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/xatube/xatube-operator/api/v1alpha1"
)

func TestFailovers(t *testing.T) {
	registry := prometheus.NewRegistry()
	f, err := NewFailovers(registry)
	if err != nil {
		t.Fatal(err)
	}
	key := types.NamespacedName{Namespace: "tube", Name: "demo"}
	at := metav1.NowMicro()
	none := &v1alpha1.PostgresStatus{Primary: "a"}
	open := &v1alpha1.PostgresStatus{LastFailover: &v1alpha1.FailoverStatus{From: "a"}}
	done := &v1alpha1.PostgresStatus{LastFailover: &v1alpha1.FailoverStatus{From: "a", To: "b", CompletedAt: &at, Seconds: "6.5"}}
	f.Report(key, nil, nil)
	f.Report(key, none, open)
	f.Report(key, open, done)
	f.Report(key, done, done)
	f.Lost(key)
	want := `
# HELP xatube_postgres_failovers_total Changes of the primary that this operator saw end.
# TYPE xatube_postgres_failovers_total counter
xatube_postgres_failovers_total{name="demo",namespace="tube"} 1
# HELP xatube_postgres_last_failover_seconds How long the last change of the primary took.
# TYPE xatube_postgres_last_failover_seconds gauge
xatube_postgres_last_failover_seconds{name="demo",namespace="tube"} 6.5
# HELP xatube_postgres_lost_primaries_total Primaries that this operator gave up because they were lost with their node.
# TYPE xatube_postgres_lost_primaries_total counter
xatube_postgres_lost_primaries_total{name="demo",namespace="tube"} 1
`
	if err := testutil.GatherAndCompare(registry, strings.NewReader(want)); err != nil {
		t.Error(err)
	}
	f.Forget(key)
	if n, err := testutil.GatherAndCount(registry); err != nil || n != 0 {
		t.Errorf("%d series of a platform that is gone, %v", n, err)
	}
}

func TestASecondOperatorOfTheProcessCountsOnTheSameMetrics(t *testing.T) {
	registry := prometheus.NewRegistry()
	first, err := NewFailovers(registry)
	if err != nil {
		t.Fatal(err)
	}
	second, err := NewFailovers(registry)
	if err != nil {
		t.Fatal(err)
	}
	second.Lost(types.NamespacedName{Namespace: "tube", Name: "demo"})
	if got := testutil.ToFloat64(first.lost.WithLabelValues("tube", "demo")); got != 1 {
		t.Errorf("got %v", got)
	}
}
