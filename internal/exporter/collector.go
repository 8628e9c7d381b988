// Package exporter translates the statistics of the rtmp module of nginx, which are XML, for Prometheus.
package exporter

import (
	"context"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// patience with nginx is less than a Prometheus has with the exporter.
const patience = 5 * time.Second

var perApplication = []string{"application"}

var (
	up       = prometheus.NewDesc("nginx_rtmp_up", "Whether nginx answered the last question for its statistics.", nil, nil)
	accepted = prometheus.NewDesc("nginx_rtmp_connections_accepted_total", "Connections that nginx has accepted for RTMP.", nil, nil)
	streams  = prometheus.NewDesc("nginx_rtmp_streams", "Streams that are published, or that a viewer waits for.", perApplication, nil)
	// A stream has one publisher; one that was refused is none.
	publishers = prometheus.NewDesc("nginx_rtmp_publishers", "Connections that publish a stream.", perApplication, nil)
	viewers    = prometheus.NewDesc("nginx_rtmp_viewers", "Connections that play a stream by RTMP. Viewers by HLS and DASH are the edge's.", perApplication, nil)
	received   = prometheus.NewDesc("nginx_rtmp_received_bytes_total", "Bytes of streams that publishers have sent.", perApplication, nil)
	sent       = prometheus.NewDesc("nginx_rtmp_sent_bytes_total", "Bytes of streams that viewers were sent by RTMP.", perApplication, nil)
)

// Collector asks nginx whenever somebody asks it.
type Collector struct {
	url    string
	client *http.Client

	mu sync.Mutex
	// totals of each application. nginx counts by stream and forgets a stream that ends: what is gone is kept here.
	totals map[string]traffic
	// last are the counts of the streams that run.
	last map[streamID]traffic
}

type traffic struct{ received, sent uint64 }

type streamID struct{ application, key string }

// New collects from the address of the statistics.
func New(url string) *Collector {
	return &Collector{
		url: url, client: &http.Client{Timeout: patience},
		totals: map[string]traffic{}, last: map[streamID]traffic{},
	}
}

// Describe implements prometheus.Collector.
func (c *Collector) Describe(descs chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{up, accepted, streams, publishers, viewers, received, sent} {
		descs <- d
	}
}

// Collect implements prometheus.Collector. While nginx does not answer, there is nothing to say but that.
func (c *Collector) Collect(metrics chan<- prometheus.Metric) {
	c.mu.Lock()
	defer c.mu.Unlock()
	s, err := read(context.Background(), c.client, c.url)
	if err != nil {
		slog.Warn("Nginx does not answer", "error", err)
		metrics <- gauge(up, 0)
		return
	}
	c.count(s)
	metrics <- gauge(up, 1)
	metrics <- counter(accepted, s.Accepted)
	for _, a := range s.Applications {
		p, v := a.connections()
		metrics <- gauge(streams, float64(len(a.Streams)), a.Name)
		metrics <- gauge(publishers, float64(p), a.Name)
		metrics <- gauge(viewers, float64(v), a.Name)
		metrics <- counter(received, float64(c.totals[a.Name].received), a.Name)
		metrics <- counter(sent, float64(c.totals[a.Name].sent), a.Name)
	}
}

// count what has been added since the last time.
func (c *Collector) count(s *statistics) {
	now := map[streamID]traffic{}
	for _, a := range s.Applications {
		total := c.totals[a.Name]
		for _, st := range a.Streams {
			id := streamID{a.Name, st.Key}
			before := c.last[id]
			total.received += added(before.received, st.Received)
			total.sent += added(before.sent, st.Sent)
			now[id] = traffic{st.Received, st.Sent}
		}
		c.totals[a.Name] = total
	}
	c.last = now
}

// added to a count; one that is lower than before has begun anew.
func added(before, now uint64) uint64 {
	if now < before {
		return now
	}
	return now - before
}

func (a application) connections() (publishers, viewers int) {
	for _, s := range a.Streams {
		if s.Publishing != nil {
			publishers++
		}
		for _, c := range s.Clients {
			if c.Publishing == nil {
				viewers++
			}
		}
	}
	return publishers, viewers
}

func gauge(d *prometheus.Desc, v float64, labels ...string) prometheus.Metric {
	return prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
}

func counter(d *prometheus.Desc, v float64, labels ...string) prometheus.Metric {
	return prometheus.MustNewConstMetric(d, prometheus.CounterValue, v, labels...)
}
