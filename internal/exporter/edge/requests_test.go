package edge_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	dto "github.com/prometheus/client_model/go"

	"github.com/xatube/xatube-operator/internal/exporter/edge"
)

// open a log in a folder of its own, with what nginx has for it.
func open(t *testing.T) (r *edge.Requests, nginx *os.File) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "requests.log")
	return follow(t, path), appending(t, path)
}

func follow(t *testing.T, path string) *edge.Requests {
	t.Helper()
	r, err := edge.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	var done sync.WaitGroup
	done.Go(func() { r.Follow(t.Context()) })
	t.Cleanup(func() {
		done.Wait()
		_ = r.Close()
	})
	return r
}

func appending(t *testing.T, path string) *os.File {
	t.Helper()
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return f
}

func write(t *testing.T, nginx *os.File, text string) {
	t.Helper()
	if _, err := nginx.WriteString(text); err != nil {
		t.Fatal(err)
	}
}

// gathered are all series of a collector by their name and labels; of a histogram the number of observations.
func gathered(t *testing.T, c prometheus.Collector) map[string]float64 {
	t.Helper()
	registry := prometheus.NewRegistry()
	registry.MustRegister(c)
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]float64{}
	for _, f := range families {
		for _, m := range f.Metric {
			out[f.GetName()+labels(m)] = m.GetCounter().GetValue() + m.GetGauge().GetValue() + float64(m.GetHistogram().GetSampleCount())
		}
	}
	return out
}

func labels(m *dto.Metric) string {
	var out []string
	for _, l := range m.Label {
		out = append(out, l.GetName()+"="+l.GetValue())
	}
	return "{" + strings.Join(out, ",") + "}"
}

// await a value of a series.
func await(t *testing.T, c prometheus.Collector, series string, want float64) (all map[string]float64) {
	t.Helper()
	eventually(t, func() bool {
		all = gathered(t, c)
		return all[series] == want
	})
	return all
}

func eventually(t *testing.T, holds func() bool) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.After(20 * time.Second); !holds(); {
		select {
		case <-deadline:
			t.Fatal("did not come true")
		case <-tick.C:
		}
	}
}

func TestRequestsAreCounted(t *testing.T) {
	r, nginx := open(t)
	write(t, nginx, "api_streams GET 200 0.012\napi_streams HEAD 200 0.2\nchat GET 101 60\napi_videos POST 500 0.1\n"+
		"no line\n/live/secret.m3u8 GET 200 0.1\npage GET 404 0.001\n")
	all := await(t, r, "xatube_edge_requests_total{code=404,method=read,route=page}", 1)
	for series, want := range map[string]float64{
		"xatube_edge_requests_total{code=200,method=read,route=api_streams}": 2,
		"xatube_edge_requests_total{code=101,method=read,route=chat}":        1,
		"xatube_edge_requests_total{code=500,method=write,route=api_videos}": 1,
		"xatube_edge_request_duration_seconds{route=api_streams}":            2,
		"xatube_edge_log_malformed_total{}":                                  2,
	} {
		if got, found := all[series]; !found || got != want {
			t.Errorf("%s is %v (%v), want %v", series, got, found, want)
		}
	}
	for series := range all {
		if strings.Contains(series, "duration") && strings.Contains(series, "chat") {
			t.Errorf("a conversation is taken for an answer: %s", series)
		}
	}
	if problems, err := testutil.CollectAndLint(r); err != nil || len(problems) > 0 {
		t.Errorf("%v %v", problems, err)
	}
}

// TestErrorsBeginAtZero: a counter that appears with its first errors shows Prometheus no increase (C2.).
func TestErrorsBeginAtZero(t *testing.T) {
	r, _ := open(t)
	all := gathered(t, r)
	for _, series := range []string{
		"xatube_edge_requests_total{code=500,method=read,route=api_streams}",
		"xatube_edge_requests_total{code=503,method=write,route=api_auth}",
		"xatube_edge_requests_total{code=502,method=read,route=page}",
		"xatube_edge_request_duration_seconds{route=api_other}",
	} {
		if v, found := all[series]; !found || v != 0 {
			t.Errorf("%s is %v (%v)", series, v, found)
		}
	}
}

// TestTheFileStaysSmall, and loses nothing while nginx goes on writing.
func TestTheFileStaysSmall(t *testing.T) {
	r, nginx := open(t)
	const series, lines = "xatube_edge_requests_total{code=200,method=read,route=page}", 20_000
	for range 2 {
		write(t, nginx, strings.Repeat("page GET 200 0.001\n", lines/2))
	}
	// A line that is not whole yet, as long as nginx writes it.
	write(t, nginx, "page GET")
	await(t, r, series, lines)
	write(t, nginx, " 200 0.001\n")
	await(t, r, series, lines+1)
	size := func() float64 {
		info, err := nginx.Stat()
		if err != nil {
			t.Fatal(err)
		}
		return float64(info.Size())
	}
	eventually(t, func() bool { return size() == 0 })
	write(t, nginx, "page GET 200 0.001\n")
	await(t, r, series, lines+2)
}

// TestWhatWasMissedIsCounted by the next exporter, once.
func TestWhatWasMissedIsCounted(t *testing.T) {
	path := filepath.Join(t.TempDir(), "requests.log")
	nginx := appending(t, path)
	write(t, nginx, "page GET 200 0.001\npage GET 200 0.001\n")
	await(t, follow(t, path), "xatube_edge_requests_total{code=200,method=read,route=page}", 2)
}

// TestALineWithoutEnd does not fill the memory.
func TestALineWithoutEnd(t *testing.T) {
	r, nginx := open(t)
	write(t, nginx, strings.Repeat("x", 1<<20)+"\npage GET 200 0.001\n")
	await(t, r, "xatube_edge_requests_total{code=200,method=read,route=page}", 1)
}

func TestStatus(t *testing.T) {
	nginx := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, "Active connections: 7 \nserver accepts handled requests\n 20 19 310 \nReading: 1 Writing: 2 Waiting: 4 \n")
	}))
	t.Cleanup(nginx.Close)
	got := gathered(t, edge.NewStatus(nginx.URL))
	for name, want := range map[string]float64{
		"nginx_up": 1, "nginx_connections_active": 7, "nginx_connections_accepted": 20, "nginx_connections_handled": 19,
		"nginx_http_requests_total": 310, "nginx_connections_reading": 1, "nginx_connections_writing": 2, "nginx_connections_waiting": 4,
	} {
		if v, found := got[name+"{}"]; !found || v != want {
			t.Errorf("%s is %v (%v), want %v", name, v, found, want)
		}
	}
}

func TestStatusOfNobody(t *testing.T) {
	missing := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(missing.Close)
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "hello") }))
	t.Cleanup(other.Close)
	for _, url := range []string{"http://127.0.0.1:1/status", missing.URL, other.URL} {
		if got := gathered(t, edge.NewStatus(url)); len(got) != 1 || got["nginx_up{}"] != 0 {
			t.Errorf("%s: got %v", url, got)
		}
	}
}
