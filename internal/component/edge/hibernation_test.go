package edge_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/xatube/xatube-operator/api/v1alpha1"
)

func TestHibernatedEdgeInvitesEverybodyToComeAgain(t *testing.T) {
	p := newPlatform(t)
	servers := append(append(p.backends(t, 1, ok), p.frontends(t, 1, ok)...), p.ingests(t, 1, ok)...)
	b := p.startEdge(t, func(c *v1alpha1.XaTubeCluster) {
		c.Spec.PowerState, c.Spec.Edge.WhileHibernated = v1alpha1.PowerHibernated, v1alpha1.EdgeServe
	})
	websocket := []string{"Connection", "Upgrade", "Upgrade", "websocket", "Sec-WebSocket-Version", "13", "Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="}
	for _, c := range []struct {
		method, path, contentType string
		body                      string
		headers                   []string
	}{
		{method: http.MethodGet, path: "/", contentType: "text/html"},
		{method: http.MethodGet, path: "/watch/1", contentType: "text/html"},
		{method: http.MethodGet, path: "/static/js/main.js", contentType: "text/html"},
		{method: http.MethodGet, path: "/uploads/a.png", contentType: "text/html"},
		{method: http.MethodGet, path: "/docs", contentType: "text/html"},
		{method: http.MethodGet, path: "/live/key.m3u8", contentType: "text/html"},
		{method: http.MethodGet, path: "/hls/key-1.ts", contentType: "text/html"},
		{method: http.MethodGet, path: "/api/streams", contentType: "application/json"},
		{method: http.MethodPost, path: "/api/auth/login", contentType: "application/json"},
		{method: http.MethodGet, path: "/api/streams/ws/key/chat", contentType: "application/json", headers: websocket},
		// Larger than what the edge takes on any other route.
		{method: http.MethodPost, path: "/api/streams/1/upload-video", contentType: "application/json", body: strings.Repeat("x", 20<<20)},
	} {
		t.Run(c.method+" "+c.path, func(t *testing.T) {
			a := b.do(t, c.method, c.path, strings.NewReader(c.body), c.headers...)
			if a.StatusCode != http.StatusServiceUnavailable || a.Header.Get("Retry-After") != "60" {
				t.Errorf("%s, Retry-After %q", a.Status, a.Header.Get("Retry-After"))
			}
			if got := a.Header.Get("Content-Type"); got != c.contentType || a.Header.Get("Cache-Control") != "no-store" {
				t.Errorf("Content-Type %q, Cache-Control %q", got, a.Header.Get("Cache-Control"))
			}
		})
	}
	if a := b.get(t, "/health"); a.StatusCode != http.StatusOK {
		t.Errorf("/health: %s", a.Status)
	}
	for _, s := range servers {
		if s.count() > 0 {
			t.Errorf("%s was asked", s.pod.name)
		}
	}
}
