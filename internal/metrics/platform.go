package metrics

import (
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/xatube/xatube-operator/api/v1alpha1"
)

// phases that a platform can be in; it always has one of them.
var phases = []v1alpha1.Phase{
	v1alpha1.PhasePending, v1alpha1.PhaseProvisioning, v1alpha1.PhaseReady, v1alpha1.PhaseUpdating,
	v1alpha1.PhaseDegraded, v1alpha1.PhaseStalled, v1alpha1.PhaseHibernated, v1alpha1.PhaseDeleting,
}

// statuses of a condition.
var statuses = []metav1.ConditionStatus{metav1.ConditionTrue, metav1.ConditionFalse, metav1.ConditionUnknown}

// Platforms are the metrics of what the operator sees and does of each platform.
type Platforms struct {
	ready     *prometheus.GaugeVec
	phase     *prometheus.GaugeVec
	condition *prometheus.GaugeVec
	healthy   *prometheus.GaugeVec
	rollout   *prometheus.HistogramVec
	writes    *prometheus.CounterVec
	errors    *prometheus.CounterVec

	mu sync.Mutex
	// rolling is since when a component of a platform is being rolled out.
	rolling map[types.NamespacedName]map[string]time.Time
}

// NewPlatforms registers the metrics, or finds them registered.
func NewPlatforms(r prometheus.Registerer) (*Platforms, error) {
	with := func(more ...string) []string { return append(append([]string{}, platform...), more...) }
	gauge := func(name, help string, labels ...string) *prometheus.GaugeVec {
		return prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: name, Help: help}, with(labels...))
	}
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, with(labels...))
	}
	p := &Platforms{
		ready:     gauge("xatube_platform_ready", "Whether the platform runs as its spec says."),
		phase:     gauge("xatube_platform_phase", "1 for the phase of the platform, 0 for all others.", "phase"),
		condition: gauge("xatube_platform_condition", "1 for the status of each condition of the platform, 0 for its other values.", "condition", "status"),
		healthy:   gauge("xatube_component_healthy", "Whether a component of the platform does what it should.", "component"),
		rollout: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "xatube_rollout_duration_seconds", Help: "How long it took until a component whose pods were replaced was ready again.",
			Buckets: []float64{5, 15, 30, 60, 120, 300, 600, 1800, 3600, 7200},
		}, with("component")),
		writes: counter("xatube_apply_writes_total", "Objects of the platform that this operator has written.", "kind"),
		errors: counter("xatube_reconcile_errors_total", "Passes over the platform that failed, by the reason of the failure.", "reason"),

		rolling: map[types.NamespacedName]map[string]time.Time{},
	}
	return p, p.register(r)
}

func (p *Platforms) register(r prometheus.Registerer) error {
	var err error
	for _, g := range []**prometheus.GaugeVec{&p.ready, &p.phase, &p.condition, &p.healthy} {
		if *g, err = register(r, *g); err != nil {
			return err
		}
	}
	for _, c := range []**prometheus.CounterVec{&p.writes, &p.errors} {
		if *c, err = register(r, *c); err != nil {
			return err
		}
	}
	p.rollout, err = register(r, p.rollout)
	return err
}

// Report shows the status of a platform. components names the condition of each.
func (p *Platforms) Report(key types.NamespacedName, s v1alpha1.XaTubeClusterStatus, components map[string]string) {
	for _, phase := range phases {
		p.phase.WithLabelValues(key.Namespace, key.Name, string(phase)).Set(truth(s.Phase == phase))
	}
	of := map[string]string{}
	for component, kind := range components {
		of[kind] = component
	}
	for _, c := range s.Conditions {
		for _, status := range statuses {
			p.condition.WithLabelValues(key.Namespace, key.Name, c.Type, string(status)).Set(truth(c.Status == status))
		}
		if component, known := of[c.Type]; known {
			p.healthy.WithLabelValues(key.Namespace, key.Name, component).Set(truth(c.Status == metav1.ConditionTrue))
		}
		if c.Type == v1alpha1.ConditionReady {
			p.ready.WithLabelValues(key.Namespace, key.Name).Set(truth(c.Status == metav1.ConditionTrue))
		}
	}
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// Rolls notes that the pods of a component begin to be replaced.
func (p *Platforms) Rolls(key types.NamespacedName, component string, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.rolling[key] == nil {
		p.rolling[key] = map[string]time.Time{}
	}
	if _, begun := p.rolling[key][component]; !begun {
		p.rolling[key][component] = now
	}
}

// Rests notes that a component is ready, and with it a rollout that this operator saw begin.
func (p *Platforms) Rests(key types.NamespacedName, component string, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if since, begun := p.rolling[key][component]; begun {
		p.rollout.WithLabelValues(key.Namespace, key.Name, component).Observe(now.Sub(since).Seconds())
		delete(p.rolling[key], component)
	}
}

// Wrote counts an object that was written.
func (p *Platforms) Wrote(key types.NamespacedName, kind string) {
	p.writes.WithLabelValues(key.Namespace, key.Name, kind).Inc()
}

// Failed counts a pass that failed.
func (p *Platforms) Failed(key types.NamespacedName, reason string) {
	p.errors.WithLabelValues(key.Namespace, key.Name, reason).Inc()
}

// Forget a platform that is gone.
func (p *Platforms) Forget(key types.NamespacedName) {
	of := prometheus.Labels{"namespace": key.Namespace, "name": key.Name}
	for _, vec := range []interface{ DeletePartialMatch(prometheus.Labels) int }{
		p.ready, p.phase, p.condition, p.healthy, p.rollout, p.writes, p.errors,
	} {
		vec.DeletePartialMatch(of)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.rolling, key)
}
