package gate

import "github.com/prometheus/client_golang/prometheus"

// metrics of the entry. Those of streams are nginx's own.
type metrics struct {
	connections prometheus.Counter
	refused     *prometheus.CounterVec
	ended       *prometheus.CounterVec
}

func newMetrics() metrics {
	m := metrics{
		connections: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "rtmp_gate_connections_total", Help: "Connections that came to publish.",
		}),
		refused: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "rtmp_gate_refused_total", Help: "Connections that may not publish, by reason.",
		}, []string{"reason"}),
		ended: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "rtmp_gate_ended_total", Help: "Publishers that had to end, by reason.",
		}, []string{"reason"}),
	}
	for _, e := range []ending{endedClock, endedBitrate, endedSpace, endedMemory} {
		m.ended.WithLabelValues(string(e))
	}
	for _, r := range []refusal{
		refusedProtocol, refusedApplication, refusedName, refusedTaken, refusedBusy, refusedFull, refusedByNginx, refusedAgain, refusedRate,
		refusedCrowd,
	} {
		m.refused.WithLabelValues(string(r))
	}
	return m
}

// Describe implements prometheus.Collector.
func (g *Gate) Describe(descs chan<- *prometheus.Desc) {
	g.metrics.connections.Describe(descs)
	g.metrics.refused.Describe(descs)
	g.metrics.ended.Describe(descs)
}

// Collect implements prometheus.Collector.
func (g *Gate) Collect(out chan<- prometheus.Metric) {
	g.metrics.connections.Collect(out)
	g.metrics.refused.Collect(out)
	g.metrics.ended.Collect(out)
}
