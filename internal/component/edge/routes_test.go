package edge_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

func ok(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "ok") }

// awaitPods repeats a request until nginx knows the pods behind it by itself, without a lookup for the request.
func (b *balancer) awaitPods(t *testing.T, paths ...string) {
	t.Helper()
	for _, path := range paths {
		eventually(t, func() error {
			a := b.get(t, path)
			upstream := b.logged(t, "requestId", a.Header.Get("X-Request-Id"))["upstream"].(string)
			if group, _, _ := strings.Cut(upstream, " "); !strings.HasPrefix(group, "127.") {
				return fmt.Errorf("%s: %s from %s", path, a.Status, upstream)
			}
			return nil
		})
	}
}

func TestRoutes(t *testing.T) {
	p := newPlatform(t)
	backend := p.backends(t, 1, ok)[0]
	frontend := p.frontends(t, 1, ok)[0]
	ingest := p.ingests(t, 1, ok)[0]
	b := p.startEdge(t, nil)
	b.awaitPods(t, "/api/warm", "/api/streams/ws/warm/chat", "/warm", "/hls/warm.m3u8")

	for _, c := range []struct {
		path   string
		server *server
		want   string // as the pod sees it; empty: as sent
	}{
		{path: "/api/streams?skip=0&limit=20", server: backend},
		{path: "/api/rtmpfoo", server: backend},
		{path: "/api/streams/ws/key/chat", server: backend},
		{path: "/docs", server: backend},
		{path: "/docs/oauth2-redirect", server: backend},
		{path: "/redoc", server: backend},
		{path: "/openapi.json", server: backend},
		{path: "/uploads/avatars/1_a%20b.png?v=2", server: backend},
		{path: "/live/key-12.m3u8", server: ingest, want: "/hls/key-12.m3u8"},
		{path: "/live/key-3.ts", server: ingest, want: "/hls/key-3.ts"},
		{path: "/live/k%3Fy.m3u8", server: ingest, want: "/hls/k%3Fy.m3u8"},
		{path: "/hls/key.m3u8?a=b", server: ingest, want: "/hls/key.m3u8"},
		{path: "/hls/key-4.ts", server: ingest},
		{path: "/hls/key/index.m3u8", server: ingest},
		{path: "/dash/key.mpd", server: ingest},
		{path: "/dash/key-init.m4v", server: ingest},
		{path: "/dash/key-55000.m4a", server: ingest},
		{path: "/", server: frontend},
		{path: "/watch/key", server: frontend},
		{path: "/live/key", server: frontend},
		{path: "/documentation", server: frontend},
		{path: "/metricsfan", server: frontend},
		{path: "/static/js/main.js?v=1", server: frontend},
	} {
		t.Run(c.path, func(t *testing.T) {
			a := b.get(t, c.path)
			if a.StatusCode != http.StatusOK || a.Header.Get("X-Pod") != c.server.pod.name {
				t.Fatalf("%s from %q", a.Status, a.Header.Get("X-Pod"))
			}
			want := c.want
			if want == "" {
				want = c.path
			}
			if got := c.server.last(t).uri; got != want {
				t.Errorf("the pod was asked for %s, want %s", got, want)
			}
		})
	}
}

func TestRefusedFromOutside(t *testing.T) {
	p := newPlatform(t)
	servers := append(p.backends(t, 1, ok), p.frontends(t, 1, ok)...)
	servers = append(servers, p.ingests(t, 1, ok)...)
	b := p.startEdge(t, nil)
	for _, path := range []string{
		"/api/rtmp/publish", "/api/rtmp", "/api//rtmp/publish", "/api/%72tmp/publish",
		"/api/rtmp/validate-key?stream_key=x", "/metrics", "/metrics/",
		"//metrics", "/%6detrics", "/rtmp-stat", "/rtmp-stat/",
	} {
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			if a := b.do(t, method, path, nil); a.StatusCode != http.StatusForbidden {
				t.Errorf("%s %s: %s", method, path, a.Status)
			}
		}
	}
	for _, s := range servers {
		if s.count() > 0 {
			t.Errorf("%s was asked for %s", s.pod.name, s.last(t).uri)
		}
	}
}

func TestHealthNeedsNobody(t *testing.T) {
	b := newPlatform(t).startEdge(t, nil)
	if a := b.get(t, "/health"); a.StatusCode != http.StatusOK || a.body != "ok\n" {
		t.Errorf("%s: %q", a.Status, a.body)
	}
	b.get(t, "/after")
	b.logged(t, "path", "/after")
	if log := read(t, b.folder+"/access.log"); strings.Contains(log, "/health") {
		t.Errorf("probes fill the log:\n%s", log)
	}
}

func TestStatusOnTheLoopback(t *testing.T) {
	p := newPlatform(t)
	ingest := p.ingests(t, 1, ok)[0]
	b := p.startEdge(t, nil)
	b.awaitPods(t, "/hls/warm.m3u8")
	status := &balancer{url: b.status}
	if a := status.get(t, "/status"); a.StatusCode != http.StatusOK {
		t.Errorf("/status: %s", a.Status)
	}
	if a := status.get(t, "/rtmp-stat"); a.StatusCode != http.StatusOK || ingest.last(t).uri != "/stat" {
		t.Errorf("/rtmp-stat: %s, the ingest was asked for %s", a.Status, ingest.last(t).uri)
	}
}
