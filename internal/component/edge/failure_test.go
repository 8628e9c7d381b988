package edge_test

import (
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
)

func TestNobodyBehind(t *testing.T) {
	b := newPlatform(t).startEdge(t, nil)
	for path, c := range map[string]struct{ contentType, part string }{
		"/api/streams":                {"application/json", `"detail"`},
		"/api/streams/1/upload-video": {"application/json", `"detail"`},
		"/api/streams/ws/key/chat":    {"application/json", `"detail"`},
		"/docs":                       {"text/html", "Back in a moment"},
		"/uploads/a.png":              {"text/html", "Back in a moment"},
		"/":                           {"text/html", "Back in a moment"},
		"/static/js/main.js":          {"text/html", "Back in a moment"},
		"/live/key.m3u8":              {"text/html", "Back in a moment"},
	} {
		t.Run(path, func(t *testing.T) {
			a := b.get(t, path)
			if a.StatusCode != http.StatusServiceUnavailable || a.Header.Get("Retry-After") != "5" {
				t.Errorf("%s, Retry-After %q", a.Status, a.Header.Get("Retry-After"))
			}
			if got := a.Header.Get("Content-Type"); got != c.contentType || !strings.Contains(a.body, c.part) {
				t.Errorf("%s: %s", got, a.body)
			}
		})
	}
}

// TestFirstRequestsWaitForTheDNS: a new edge pod gets requests before it knows anybody, when the DNS is slow.
func TestFirstRequestsWaitForTheDNS(t *testing.T) {
	p := newPlatform(t)
	p.dns.slow = make(chan struct{})
	p.backends(t, 2, ok)
	p.frontends(t, 2, ok)
	p.ingests(t, 2, ok)
	b := p.startEdge(t, nil)

	got := make(chan string)
	paths := []string{"/api/streams", "/api/auth/login", "/docs", "/uploads/a.png", "/", "/live/key.m3u8", "/live/key-1.ts"}
	for _, path := range paths {
		go func() {
			method := http.MethodGet
			if path == "/api/auth/login" {
				method = http.MethodPost
			}
			got <- fmt.Sprint(path, " ", b.do(t, method, path, nil).Status)
		}()
	}
	eventually(t, func() error {
		resp, err := http.Get(b.status + "/status")
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		content, err := io.ReadAll(resp.Body)
		var active int
		_, _ = fmt.Sscanf(string(content), "Active connections: %d", &active)
		if active < len(paths)+1 {
			return fmt.Errorf("%d connections, %w", active, err)
		}
		return nil
	})
	close(p.dns.slow)
	for range paths {
		if s := <-got; !strings.HasSuffix(s, " 200 OK") {
			t.Error(s)
		}
	}
}

// TestFirstPodArrives: Kubernetes leads to a pod of which the DNS still says that it does not exist.
func TestFirstPodArrives(t *testing.T) {
	p := newPlatform(t)
	p.backends(t, 1, ok)
	p.frontends(t, 1, ok)
	p.dns.set(backendService)
	p.dns.set(frontendService)
	b := p.startEdge(t, nil)
	for _, path := range []string{"/api/streams", "/docs", "/uploads/a.png", "/", "/static/js/main.js"} {
		if a := b.get(t, path); a.StatusCode != http.StatusOK {
			t.Errorf("%s: %s", path, a.Status)
		}
	}
	for _, path := range []string{"/api/auth/login", "/api/streams/1/upload-video"} {
		eventually(t, func() error {
			if a := b.do(t, http.MethodPost, path, strings.NewReader("x")); a.StatusCode != http.StatusOK {
				return fmt.Errorf("%s: %s", path, a.Status)
			}
			return nil
		})
	}
}

// TestLastPodLeaves: the platform is scaled to zero and back.
func TestLastPodLeaves(t *testing.T) {
	p := newPlatform(t)
	backend := p.backends(t, 1, ok)[0]
	b := p.startEdge(t, nil)
	b.awaitPods(t, "/api/warm")
	p.dns.set(backendService)
	p.dns.set(anyBackend, pod{name: "any", addr: p.nobody(groupBackend)})
	eventually(t, func() error {
		if a := b.get(t, "/api/streams"); a.StatusCode != http.StatusServiceUnavailable {
			return fmt.Errorf("%s though no backend is left", a.Status)
		}
		return nil
	})
	p.dns.set(backendService, backend.pod)
	b.awaitPods(t, "/api/streams")
}

// TestDeadPodIsSkipped: a pod that is still in the DNS but no longer there costs nobody a request.
func TestDeadPodIsSkipped(t *testing.T) {
	p := newPlatform(t)
	alive := p.backends(t, 2, ok)
	dead := pod{name: "dead", addr: p.nobody(groupBackend)}
	p.dns.set(backendService, alive[0].pod, dead, alive[1].pod)
	b := p.startEdge(t, nil)
	b.awaitPods(t, "/api/warm")
	for i := range 30 {
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			if a := b.do(t, method, fmt.Sprintf("/api/streams?%d", i), strings.NewReader("x")); a.StatusCode != http.StatusOK {
				t.Fatalf("%s: %s", method, a.Status)
			}
		}
	}
	if alive[0].count() == 0 || alive[1].count() == 0 {
		t.Errorf("the pods got %d and %d requests", alive[0].count(), alive[1].count())
	}
}

// TestLeavingPodGetsNothingMore: what the DNS no longer names is out within the validity of the answer.
func TestLeavingPodGetsNothingMore(t *testing.T) {
	p := newPlatform(t)
	pods := p.backends(t, 2, ok)
	b := p.startEdge(t, nil)
	b.awaitPods(t, "/api/warm")
	p.dns.set(backendService, pods[0].pod)
	eventually(t, func() error {
		before := pods[1].count()
		for i := range 10 {
			if a := b.get(t, fmt.Sprintf("/api/streams?%d", i)); a.StatusCode != http.StatusOK {
				t.Fatal(a.Status)
			}
		}
		if n := pods[1].count() - before; n > 0 {
			return fmt.Errorf("%d of 10 requests went to the pod that left", n)
		}
		return nil
	})
}

// TestRetries: a request that may have changed something is never sent to a second pod.
func TestRetries(t *testing.T) {
	for name, fail := range map[string]http.HandlerFunc{
		"breaks off": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"502":        func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) },
		"503":        func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) },
	} {
		t.Run(name, func(t *testing.T) {
			p := newPlatform(t)
			var failures atomic.Int32
			// The first pod asked fails, whichever it is.
			pods := p.backends(t, 2, func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/api/fails" && failures.Add(1) == 1 {
					fail(w, r)
				}
			})
			b := p.startEdge(t, nil)
			b.awaitPods(t, "/api/warm")
			received := func() int { return pods[0].count() + pods[1].count() }

			before := received()
			if a := b.get(t, "/api/fails"); a.StatusCode != http.StatusOK || received()-before != 2 {
				t.Errorf("GET: %s after %d attempts, want 200 after 2", a.Status, received()-before)
			}
			failures.Store(0)
			before = received()
			a := b.do(t, http.MethodPost, "/api/fails", strings.NewReader("x"))
			if a.StatusCode < 502 || received()-before != 1 {
				t.Errorf("POST: %s after %d attempts, want an error after 1", a.Status, received()-before)
			}
		})
	}
}

// TestBrokenOffIsNot503: the request reached a backend, so that nobody is invited to repeat it.
func TestBrokenOffIsNot503(t *testing.T) {
	p := newPlatform(t)
	hang := make(chan struct{})
	p.backends(t, 1, func(_ http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/api/breaks", "/docs/breaks":
			panic(http.ErrAbortHandler)
		case "/api/hangs", "/docs/hangs":
			<-hang
		}
	})
	t.Cleanup(func() { close(hang) })
	b := p.startEdge(t, nil, "proxy_read_timeout 30s", "proxy_read_timeout 500ms")
	b.awaitPods(t, "/api/warm")
	for path, want := range map[string]int{
		"/api/breaks": 502, "/api/hangs": 504, "/docs/breaks": 502, "/docs/hangs": 504,
	} {
		a := b.do(t, http.MethodPost, path, strings.NewReader("x"))
		if a.StatusCode != want || a.Header.Get("Retry-After") != "" {
			t.Errorf("%s: %s, Retry-After %q; want %d", path, a.Status, a.Header.Get("Retry-After"), want)
		}
		if json := a.Header.Get("Content-Type") == "application/json"; json != strings.HasPrefix(path, "/api/") {
			t.Errorf("%s: %s", path, a.Header.Get("Content-Type"))
		}
	}
}

// TestBackFromTotalFailure: all backends failed often enough to be left alone for 30 s, then they are well again.
func TestBackFromTotalFailure(t *testing.T) {
	p := newPlatform(t)
	var failing atomic.Bool
	pods := p.backends(t, 2, func(w http.ResponseWriter, _ *http.Request) {
		if failing.Load() {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	})
	b := p.startEdge(t, withAPICache("0s"))
	b.awaitPods(t, "/api/warm")
	failing.Store(true)
	for range 10 {
		b.get(t, "/api/streams")
	}
	failing.Store(false)
	before := pods[0].count() + pods[1].count()
	for i := range 10 {
		if a := b.get(t, "/api/streams"); a.StatusCode != http.StatusOK {
			t.Fatalf("request %d after the recovery: %s", i, a.Status)
		}
		// An upload cannot be looked up once more.
		if a := b.do(t, http.MethodPost, "/api/streams/1/upload-video", strings.NewReader("x")); a.StatusCode != http.StatusOK {
			t.Fatalf("upload %d after the recovery: %s", i, a.Status)
		}
	}
	if n := pods[0].count() + pods[1].count() - before; n != 20 {
		t.Errorf("%d requests arrived, want 20", n)
	}
}

// TestIdleConnectionsToBackends: nginx must give a connection up before uvicorn closes it after 5 s.
func TestIdleConnectionsToBackends(t *testing.T) {
	p := newPlatform(t)
	var connections atomic.Int32
	handler := func(_ http.ResponseWriter, r *http.Request) {
		connections.Store(int32(netip.MustParseAddrPort(r.RemoteAddr).Port()))
	}
	p.backends(t, 1, handler)
	b := p.startEdge(t, withAPICache("0s"), "keepalive_timeout 4s", "keepalive_timeout 1s", "worker_processes 2", "worker_processes 1")
	b.awaitPods(t, "/api/warm")
	b.get(t, "/api/first")
	first := connections.Load()
	b.get(t, "/api/second")
	if connections.Load() != first {
		t.Error("the connection to the backend is not used again")
	}
	conf := configuration(t, "testdata/default")["nginx.conf"]
	if n := strings.Count(conf, "keepalive_timeout 4s;"); n != 2 {
		t.Errorf("%d groups give idle connections up in time, want backend and frontend", n)
	}
}

// TestStreamOnAnotherPod: a publisher landed where the hash does not lead.
func TestStreamOnAnotherPod(t *testing.T) {
	p := newPlatform(t)
	const owner = "127-0-23-3"
	handler := func(w http.ResponseWriter, r *http.Request) {
		local := r.Context().Value(http.LocalAddrContextKey).(fmt.Stringer).String()
		if !strings.HasPrefix(strings.ReplaceAll(local, ".", "-"), owner+":") {
			w.WriteHeader(http.StatusNotFound)
		}
	}
	p.ingests(t, 5, handler)
	b := p.startEdge(t, nil)
	b.awaitPods(t, "/hls/warm.m3u8")
	for i := range 20 {
		for _, path := range []string{"/live/key%d.m3u8", "/live/key%d-1.ts", "/dash/key%d.mpd"} {
			a := b.get(t, fmt.Sprintf(path, i))
			if a.StatusCode != http.StatusOK || a.Header.Get("X-Pod") != owner {
				t.Fatalf("%s of stream %d: %s from %s", path, i, a.Status, a.Header.Get("X-Pod"))
			}
		}
	}
}

func TestStreamNowhere(t *testing.T) {
	p := newPlatform(t)
	pods := p.ingests(t, 3, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotFound) })
	b := p.startEdge(t, nil)
	eventually(t, func() error {
		if n := len(configured(t, b, pods)); n < len(pods) {
			return fmt.Errorf("%d pods known", n)
		}
		return nil
	})
	// Asking everywhere in vain must not mark anybody as failed.
	for range 5 {
		if a := b.get(t, "/live/key.m3u8"); a.StatusCode != http.StatusNotFound {
			t.Fatal(a.Status)
		}
	}
}

// configured are the pods that a request for a missing stream reaches.
func configured(t *testing.T, b *balancer, pods []*server) map[string]bool {
	t.Helper()
	before := make([]int, len(pods))
	for i, s := range pods {
		before[i] = s.count()
	}
	b.get(t, "/live/nowhere.m3u8")
	reached := map[string]bool{}
	for i, s := range pods {
		if s.count() > before[i] {
			reached[s.pod.name] = true
		}
	}
	return reached
}
