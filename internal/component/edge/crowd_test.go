package edge_test

import (
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// A10. Strangers who send half a header hold all places of nginx: the kubelet does not restart it for that, and when their
// time is up it serves again.
func TestACrowdDoesNotRestartNginx(t *testing.T) {
	p := newPlatform(t)
	b := p.startEdge(t, nil, "worker_connections 16384", "worker_connections 64", "client_header_timeout 10s", "client_header_timeout 5s")
	if err := b.live(t); err != nil {
		t.Fatal(err)
	}
	b.fill(t)
	ready := &http.Client{Timeout: time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	health := func() error {
		resp, err := ready.Get(b.url + "/health")
		if err != nil {
			return err
		}
		return resp.Body.Close()
	}
	refused := 0
	for range 5 {
		if health() != nil {
			refused++
		}
	}
	if refused == 0 {
		t.Fatal("there are places left: this proves nothing")
	}
	if err := b.live(t); err != nil {
		t.Errorf("nginx is full, and the kubelet would restart it: %v", err)
	}
	eventually(t, health)
	if err := b.process.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := <-b.ended; err != nil {
		t.Fatal(err)
	}
	if b.live(t) == nil {
		t.Error("nginx has ended, and the probe does not tell")
	}
}

// live runs the liveness probe.
func (b *balancer) live(t *testing.T) error {
	t.Helper()
	probe := podSpec(t, "testdata/default").Containers[0].LivenessProbe
	if probe.Exec == nil {
		t.Fatal("the liveness probe needs a place in nginx")
	}
	out, err := script(t, probe.Exec.Command, b.folder).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	return nil
}

// fill all places with halves of headers.
func (b *balancer) fill(t *testing.T) {
	t.Helper()
	for range 400 {
		c, err := net.Dial("tcp", strings.TrimPrefix(b.url, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		_, _ = c.Write([]byte("GET / HTTP/1.1\r\nHost: "))
	}
}

// A10. What a visitor does not read is bounded in number and in memory, and takes nothing from others.
func TestAVisitorHasFewRequestsUnderWay(t *testing.T) {
	p := newPlatform(t)
	var arrived atomic.Int32
	release := make(chan struct{})
	p.frontends(t, 1, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/slow" {
			arrived.Add(1)
			<-release
		}
		ok(w, r)
	})
	defer close(release)
	b := p.startEdge(t, nil)
	b.awaitPods(t, "/")
	slow := visitors.next()
	for range 200 {
		c := dialFrom(t, b, slow)
		_, _ = fmt.Fprint(c, "GET /slow HTTP/1.1\r\nHost: x\r\n\r\n")
	}
	eventually(t, func() error {
		if n := arrived.Load(); n != 200 {
			return fmt.Errorf("%d of 200 requests are under way", n)
		}
		return nil
	})
	if resp := dialFrom(t, b, slow).get(t, "/"); resp.StatusCode != http.StatusTooManyRequests || resp.Header.Get("Retry-After") != "1" {
		t.Errorf("one more of the same visitor: %s, Retry-After %q", resp.Status, resp.Header.Get("Retry-After"))
	}
	if resp := dialFrom(t, b, slow).get(t, "/health"); resp.StatusCode != http.StatusOK {
		t.Errorf("/health: %s", resp.Status)
	}
	if resp := dialFrom(t, b, visitors.next()).get(t, "/"); resp.StatusCode != http.StatusOK {
		t.Errorf("another visitor: %s", resp.Status)
	}
}
