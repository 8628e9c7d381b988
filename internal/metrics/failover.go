// Package metrics holds what the operator counts besides what controller-runtime does, by platform.
package metrics

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/apimachinery/pkg/types"

	"github.com/xatube/xatube-operator/api/v1alpha1"
)

// platform are the labels of every metric.
var platform = []string{"namespace", "name"}

// Failovers are the metrics of the changes of the primary.
type Failovers struct {
	seconds   *prometheus.GaugeVec
	completed *prometheus.CounterVec
	lost      *prometheus.CounterVec
}

// NewFailovers registers the metrics, or finds them registered.
func NewFailovers(r prometheus.Registerer) (*Failovers, error) {
	f := &Failovers{
		seconds: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "xatube_postgres_last_failover_seconds", Help: "How long the last change of the primary took.",
		}, platform),
		completed: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "xatube_postgres_failovers_total", Help: "Changes of the primary that this operator saw end.",
		}, platform),
		lost: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "xatube_postgres_lost_primaries_total", Help: "Primaries that this operator gave up because they were lost with their node.",
		}, platform),
	}
	var err error
	f.seconds, err = register(r, f.seconds)
	if err == nil {
		f.completed, err = register(r, f.completed)
	}
	if err == nil {
		f.lost, err = register(r, f.lost)
	}
	return f, err
}

func register[C prometheus.Collector](r prometheus.Registerer, c C) (C, error) {
	err := r.Register(c)
	if already, ok := errors.AsType[prometheus.AlreadyRegisteredError](err); ok {
		if existing, ok := already.ExistingCollector.(C); ok {
			return existing, nil
		}
	}
	if err != nil {
		return c, fmt.Errorf("registering a metric: %w", err)
	}
	return c, nil
}

// Report shows what the status tells of the last failover, and counts one that has ended since the former status.
func (f *Failovers) Report(key types.NamespacedName, former, next *v1alpha1.PostgresStatus) {
	last := ended(next)
	if last == nil {
		return
	}
	if s, err := strconv.ParseFloat(last.Seconds, 64); err == nil {
		f.seconds.WithLabelValues(key.Namespace, key.Name).Set(s)
	}
	counter := f.completed.WithLabelValues(key.Namespace, key.Name)
	if before := ended(former); before == nil || !before.CompletedAt.Equal(last.CompletedAt) {
		counter.Inc()
	}
}

func ended(s *v1alpha1.PostgresStatus) *v1alpha1.FailoverStatus {
	if s == nil || s.LastFailover == nil || s.LastFailover.CompletedAt == nil {
		return nil
	}
	return s.LastFailover
}

// Lost counts a primary that was given up.
func (f *Failovers) Lost(key types.NamespacedName) {
	f.lost.WithLabelValues(key.Namespace, key.Name).Inc()
}

// Forget a platform that is gone.
func (f *Failovers) Forget(key types.NamespacedName) {
	f.seconds.DeleteLabelValues(key.Namespace, key.Name)
	f.completed.DeleteLabelValues(key.Namespace, key.Name)
	f.lost.DeleteLabelValues(key.Namespace, key.Name)
}
