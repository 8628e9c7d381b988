package edge

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// patience with nginx is less than a Prometheus has with the exporter.
const patience = 5 * time.Second

// The names are those of nginx-prometheus-exporter, which dashboards of others ask for.
var (
	up       = prometheus.NewDesc("nginx_up", "Whether nginx answered the last question for its status.", nil, nil)
	accepted = prometheus.NewDesc("nginx_connections_accepted", "Connections that were accepted.", nil, nil)
	handled  = prometheus.NewDesc("nginx_connections_handled", "Connections that were served; the others met a limit.", nil, nil)
	active   = prometheus.NewDesc("nginx_connections_active", "Connections that are open.", nil, nil)
	reading  = prometheus.NewDesc("nginx_connections_reading", "Connections on which nginx reads a request.", nil, nil)
	writing  = prometheus.NewDesc("nginx_connections_writing", "Connections on which nginx works at an answer.", nil, nil)
	waiting  = prometheus.NewDesc("nginx_connections_waiting", "Connections that wait for a request.", nil, nil)
	served   = prometheus.NewDesc("nginx_http_requests_total", "Requests, probes and questions for the status among them.", nil, nil)
)

// Status asks stub_status of nginx whenever somebody asks it.
type Status struct {
	url    string
	client *http.Client
}

// NewStatus asks an address.
func NewStatus(url string) *Status { return &Status{url: url, client: &http.Client{Timeout: patience}} }

// Describe implements prometheus.Collector.
func (s *Status) Describe(descs chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{up, accepted, handled, active, reading, writing, waiting, served} {
		descs <- d
	}
}

// Collect implements prometheus.Collector. While nginx does not answer, there is nothing to say but that.
func (s *Status) Collect(metrics chan<- prometheus.Metric) {
	n, err := s.read(context.Background())
	if err != nil {
		slog.Warn("Nginx does not answer", "error", err)
		metrics <- prometheus.MustNewConstMetric(up, prometheus.GaugeValue, 0)
		return
	}
	metrics <- prometheus.MustNewConstMetric(up, prometheus.GaugeValue, 1)
	for desc, v := range map[*prometheus.Desc]float64{active: n.active, reading: n.reading, writing: n.writing, waiting: n.waiting} {
		metrics <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, v)
	}
	for desc, v := range map[*prometheus.Desc]float64{accepted: n.accepted, handled: n.handled, served: n.requests} {
		metrics <- prometheus.MustNewConstMetric(desc, prometheus.CounterValue, v)
	}
}

type numbers struct{ active, accepted, handled, requests, reading, writing, waiting float64 }

// page of stub_status.
const page = `Active connections: %g
server accepts handled requests
 %g %g %g
Reading: %g Writing: %g Waiting: %g`

func (s *Status) read(ctx context.Context) (numbers, error) {
	var n numbers
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url, nil)
	if err != nil {
		return n, fmt.Errorf("asking nginx: %w", err)
	}
	response, err := s.client.Do(request)
	if err != nil {
		return n, fmt.Errorf("asking nginx: %w", err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return n, fmt.Errorf("asking nginx: %s", response.Status)
	}
	text, err := io.ReadAll(io.LimitReader(response.Body, 4<<10))
	if err != nil {
		return n, fmt.Errorf("reading the status of nginx: %w", err)
	}
	if _, err := fmt.Sscanf(string(text), page,
		&n.active, &n.accepted, &n.handled, &n.requests, &n.reading, &n.writing, &n.waiting); err != nil {
		return n, fmt.Errorf("reading the status of nginx: %w", err)
	}
	return n, nil
}
