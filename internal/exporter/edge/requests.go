// Package edge counts what the users of a platform get: nginx writes a line for each request, and tells of its connections
// when it is asked.
package edge

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/xatube/xatube-operator/internal/route"
)

// pause between two looks at the file. nginx itself holds lines back for a second at most.
const pause = time.Second

// bufferBytes is longer than any line, and than what nginx writes at once.
const bufferBytes = 64 << 10

// Requests counts the lines that nginx appends to a file, and empties the file when it has counted all of them. So nginx never
// waits, the file stays as small as what comes within a pause, and an exporter that starts anew goes on with what nobody has
// counted.
type Requests struct {
	file *os.File
	// counted is how far the file is counted, in bytes.
	counted int64

	total     *prometheus.CounterVec
	duration  *prometheus.HistogramVec
	malformed prometheus.Counter
}

// Open the file, or make it.
func Open(path string) (*Requests, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("opening the log of requests: %w", err)
	}
	r := &Requests{file: file}
	r.total = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "xatube_edge_requests_total",
		Help: "Requests that the edge has answered, by kind of path, by what the method does, and by status.",
	}, []string{"route", "method", "code"})
	r.duration = prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name:    "xatube_edge_request_duration_seconds",
		Help:    "From the first byte of a request to the last one of its answer; large files, uploads and WebSockets are left out.",
		Buckets: prometheus.DefBuckets,
	}, []string{"route"})
	r.malformed = prometheus.NewCounter(prometheus.CounterOpts{
		Name: "xatube_edge_log_malformed_total", Help: "Lines in the log of requests that could not be understood.",
	})
	r.begin()
	return r, nil
}

// begin at zero what alerts ask for: Prometheus sees no rate in a series whose first value is the burst of errors itself.
func (r *Requests) begin() {
	for _, name := range route.Users() {
		for _, method := range []string{methodRead, methodWrite} {
			for _, code := range []int{500, 502, 503, 504} {
				r.total.WithLabelValues(name, method, strconv.Itoa(code))
			}
		}
		if timed, _ := route.Find(name); timed {
			r.duration.WithLabelValues(name)
		}
	}
}

// Follow the file until the context ends.
func (r *Requests) Follow(ctx context.Context) {
	tick := time.NewTicker(pause)
	defer tick.Stop()
	for {
		if err := r.count(); err != nil {
			slog.Warn("Requests are not counted", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// count what was appended. The last line may not be whole yet.
func (r *Requests) count() error {
	if _, err := r.file.Seek(r.counted, io.SeekStart); err != nil {
		return fmt.Errorf("seeking: %w", err)
	}
	lines := bufio.NewReaderSize(r.file, bufferBytes)
	for {
		line, err := lines.ReadSlice('\n')
		if errors.Is(err, io.EOF) {
			return r.empty()
		}
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			return fmt.Errorf("reading: %w", err)
		}
		r.counted += int64(len(line))
		r.add(bytes.TrimSuffix(line, []byte{'\n'}))
	}
}

// empty the file if all of it is counted. What nginx appends in the microsecond between the two calls is lost.
func (r *Requests) empty() error {
	info, err := r.file.Stat()
	if err != nil {
		return fmt.Errorf("looking at the size: %w", err)
	}
	if r.counted == 0 || info.Size() != r.counted {
		return nil
	}
	if err := r.file.Truncate(0); err != nil {
		return fmt.Errorf("emptying: %w", err)
	}
	r.counted = 0
	return nil
}

func (r *Requests) add(line []byte) {
	q, err := parse(line)
	if err != nil {
		r.malformed.Inc()
		return
	}
	r.total.WithLabelValues(q.route, q.method, q.code).Inc()
	if q.timed {
		r.duration.WithLabelValues(q.route).Observe(q.seconds)
	}
}

// Close the file.
func (r *Requests) Close() error { return r.file.Close() }

// Describe implements prometheus.Collector.
func (r *Requests) Describe(descs chan<- *prometheus.Desc) {
	r.total.Describe(descs)
	r.duration.Describe(descs)
	r.malformed.Describe(descs)
}

// Collect implements prometheus.Collector.
func (r *Requests) Collect(metrics chan<- prometheus.Metric) {
	r.total.Collect(metrics)
	r.duration.Collect(metrics)
	r.malformed.Collect(metrics)
}
