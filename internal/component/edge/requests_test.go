package edge_test

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	exporter "github.com/xatube/xatube-operator/internal/exporter/edge"
)

// startCountedEdge runs an edge with its exporter, which is there first as in a pod.
func (p *platform) startCountedEdge(t *testing.T, mutate func(*v1alpha1.XaTubeCluster)) (b *balancer, page func() string) {
	t.Helper()
	b = p.prepareEdge(t, mutate)
	page, _ = b.startExporter(t)
	b.run(t)
	return b, page
}

// startExporter runs the exporter of an edge. page reads what it shows.
func (b *balancer) startExporter(t *testing.T) (page func() string, stop func()) {
	t.Helper()
	requests, err := exporter.Open(filepath.Join(b.folder, "requests.log"))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var done sync.WaitGroup
	done.Go(func() { requests.Follow(ctx) })
	stop = sync.OnceFunc(func() {
		cancel()
		done.Wait()
		_ = requests.Close()
	})
	t.Cleanup(stop)
	registry := prometheus.NewRegistry()
	registry.MustRegister(requests, exporter.NewStatus(b.status+"/status"))
	handler := promhttp.HandlerFor(registry, promhttp.HandlerOpts{})
	return func() string {
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
		return w.Body.String()
	}, stop
}

// counted is the series of a kind of answer.
func counted(route, method, code string) string {
	return fmt.Sprintf("xatube_edge_requests_total{code=%q,method=%q,route=%q}", code, method, route)
}

// count is the value of a series on a page; -1 where there is none.
func count(t *testing.T, page, series string) int {
	t.Helper()
	for line := range strings.Lines(page) {
		if text, found := strings.CutPrefix(line, series+" "); found {
			n, err := strconv.Atoi(strings.TrimSpace(text))
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
	}
	return -1
}

// shows waits for a value.
func shows(t *testing.T, page func() string, series string, want int) {
	t.Helper()
	eventually(t, func() error {
		if text := page(); count(t, text, series) != want {
			return fmt.Errorf("%s is not %d:\n%s", series, want, text)
		}
		return nil
	})
}

// C2. What a backend answers without counting it is counted where users see it.
func TestUnhandledErrorsAreCounted(t *testing.T) {
	p := newPlatform(t)
	var broken atomic.Bool
	p.backends(t, 2, func(w http.ResponseWriter, _ *http.Request) {
		if broken.Load() {
			w.WriteHeader(http.StatusInternalServerError)
		}
	})
	b, page := p.startCountedEdge(t, nil)
	b.awaitPods(t, "/api/warm")
	shows(t, page, counted("api_streams", "read", "500"), 0)
	broken.Store(true)
	for range 30 {
		b.get(t, "/api/streams?category=music")
	}
	shows(t, page, counted("api_streams", "read", "500"), 30)
	shows(t, page, `xatube_edge_request_duration_seconds_count{route="api_streams"}`, 30)
	shows(t, page, "nginx_up", 1)
}

// C8. Every path has a kind, and neither a path nor a method of a client becomes a label.
func TestRequestsHaveARoute(t *testing.T) {
	p := newPlatform(t)
	ok := func(http.ResponseWriter, *http.Request) {}
	p.backends(t, 1, ok)
	p.frontends(t, 1, ok)
	p.ingests(t, 1, ok)
	b, page := p.startCountedEdge(t, nil)
	b.awaitPods(t, "/api/warm", "/warm", "/hls/warm.m3u8")
	want := map[string]int{}
	for _, tt := range []struct{ method, path, route, class, code string }{
		{"POST", "/live/s3cretkey.m3u8", "playlist", "write", "200"},
		{"POST", "/dash/s3cretkey.mpd", "playlist", "write", "200"},
		{"GET", "/hls/s3cretkey-12.ts", "segment", "read", "200"},
		{"GET", "/live/s3cretkey-12.ts", "segment", "read", "200"},
		{"POST", "/live/s3cretkey", "page", "write", "200"},
		{"POST", "/api/auth/login?username=ann&password=s3cretkey", "api_auth", "write", "200"},
		{"GET", "/api/streams/by-key/s3cretkey", "api_streams", "read", "200"},
		{"GET", "//api//streams/by-key/s3cretkey", "api_streams", "read", "200"},
		{"GET", "/api/streams/./by-key/s3cretkey", "api_streams", "read", "400"},
		{"GET", "/api/channels/1/stream-key", "api_channels", "read", "200"},
		{"DELETE", "/api/videos/1/comments/2", "api_videos", "write", "200"},
		{"PUT", "/api/users/me", "api_users", "write", "200"},
		{"POST", "/api/users/1/avatar", "api_upload", "write", "200"},
		{"POST", "/api/streams/1/upload-video", "api_upload", "write", "200"},
		{"POST", "/api/documents/terms", "api_other", "write", "200"},
		{"POST", "/api/rtmp/publish", "refused", "write", "403"},
		{"GET", "/metrics", "refused", "read", "403"},
		{"GET", "/uploads/videos/1.mp4", "uploads", "read", "200"},
		{"GET", "/docs", "docs", "read", "200"},
		{"GET", "/static/js/main.js", "asset", "read", "200"},
		{"POST", "/watch/s3cretkey", "page", "write", "200"},
		{"SECRETKEY", "/", "page", "other", "200"},
	} {
		b.do(t, tt.method, tt.path, nil)
		want[counted(tt.route, tt.class, tt.code)]++
	}
	b.raw(t, "NONSENSE\r\n\r\n")
	// The method is that of its answer, too.
	want[counted("invalid", "read", "400")]++
	for series, n := range want {
		shows(t, page, series, n)
	}
	shows(t, page, "xatube_edge_log_malformed_total", 0)
	text := page()
	if strings.Contains(text, "s3cretkey") || strings.Contains(text, "SECRETKEY") {
		t.Errorf("a key is in the metrics:\n%s", text)
	}
}

// C5. Probes are no traffic.
func TestProbesAreNotCounted(t *testing.T) {
	b, page := newPlatform(t).startCountedEdge(t, nil)
	for range 10 {
		b.get(t, "/health")
	}
	b.get(t, "/metrics")
	shows(t, page, counted("refused", "read", "403"), 1)
	for line := range strings.Lines(page()) {
		if strings.HasPrefix(line, "xatube_edge_requests_total") && !strings.HasSuffix(line, " 0\n") && !strings.Contains(line, "refused") {
			t.Errorf("a probe is counted: %s", line)
		}
	}
}

// raw sends bytes and reads the first line of the answer.
func (b *balancer) raw(t *testing.T, text string) string {
	t.Helper()
	c, err := net.Dial("tcp", strings.TrimPrefix(b.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := c.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(c).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return line
}

// TestNobodyCounts: nginx serves all the same while its exporter is gone, and the next one counts what was missed.
func TestNobodyCounts(t *testing.T) {
	p := newPlatform(t)
	p.frontends(t, 1, func(http.ResponseWriter, *http.Request) {})
	b := p.prepareEdge(t, nil)
	_, stop := b.startExporter(t)
	b.run(t)
	b.awaitPods(t, "/warm")
	for range 2 {
		stop()
		for range 20 {
			if got := b.get(t, "/main.css"); got.StatusCode != http.StatusOK {
				t.Errorf("status %d while nobody counts", got.StatusCode)
			}
		}
		var page func() string
		page, stop = b.startExporter(t)
		shows(t, page, counted("asset", "read", "200"), 20)
	}
}

func TestAPausedPlatformCountsApart(t *testing.T) {
	b, page := newPlatform(t).startCountedEdge(t, func(c *v1alpha1.XaTubeCluster) {
		c.Spec.PowerState = v1alpha1.PowerHibernated
		c.Spec.Edge.WhileHibernated = v1alpha1.EdgeServe
	})
	b.get(t, "/api/streams")
	b.get(t, "/")
	shows(t, page, counted("paused", "read", "503"), 2)
}
