package edge_test

import (
	"net/http"
	"strings"
	"testing"
)

// A10. The edge judges the path that a pod gets: what might be resolved to another one is refused, wherever it leads.
func TestAmbiguousPathsAreRefused(t *testing.T) {
	p := newPlatform(t)
	servers := append(p.backends(t, 1, ok), p.frontends(t, 1, ok)...)
	servers = append(servers, p.ingests(t, 1, ok)...)
	b := p.startEdge(t, nil)
	b.awaitPods(t, "/api/warm", "/warm", "/hls/warm.m3u8")
	asked := func() (n int) {
		for _, s := range servers {
			n += s.count()
		}
		return n
	}
	for _, path := range []string{
		"/metrics/../docs", "/metrics/%2e%2e/docs", "/metrics/.%2E/docs", "/metrics/%2e./docs", "/metrics%2f..%2fapi/x", "/metrics/..//api/x",
		"/api/rtmp/../videos", "/api/rtmp/publish/../../videos", "/api/x/../rtmp/publish", "/api/./videos", "/api/videos/.", "/api/videos/..",
		"/api/videos/%2e", "/api/videos/..?a=b", "/api/videos/..#a", "/api/videos#/../rtmp/publish", "/api/videos%5c..%5crtmp", "/api/a\\..\\rtmp",
		"/api/videos%00.png", "/api/users/a%2Fb", "/api/streams/ws/key/x/../chat", "/api/streams/ws/./chat", "/api/streams/ws/a%2fb/chat",
		"/uploads/a.html/../../docs", "/uploads/../metrics", "/uploads/..%2fmetrics", "/uploads/a%5C..%5cb.png", "/docs/..%2fmetrics",
		"/live/../metrics", "/live/a/../key.m3u8", "/live/key%2f..%2fb.m3u8", "/hls/./key-1.ts", "/hls/%2e%2e/stat", "/dash/x/..%5ckey.mpd",
		"/hls/..%2f..%2fstat", "/static/../index.html", "/static/js/%2e%2e/main.js", "/..", "/../api/x", "/.", "/metrics;/../docs",
		"http://x/metrics/../docs", "http://x/api%2fx",
	} {
		before := asked()
		a := b.send(t, "GET "+path+" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
		if a.StatusCode != http.StatusBadRequest {
			t.Errorf("%s: %s", path, a.Status)
		}
		if asked() != before {
			t.Errorf("%s reached a pod", path)
		}
		if strings.HasPrefix(path, "/api/v") && a.Header.Get("Content-Type") != "application/json" && !strings.Contains(path, "..") {
			t.Errorf("%s: refused as %s", path, a.Header.Get("Content-Type"))
		}
	}
	// Two slashes are one for the edge, and none of the pods takes them for another path. Dots elsewhere are a name.
	for _, path := range []string{
		"/api//videos", "/api/videos/..a", "/api/videos/...", "/api/videos/a..", "/api/videos/.hidden", "/api/videos/a%2eb", "/api/videos?next=/../x%2f%5c",
		"/api/videos/%252e%252e", "/watch/a.b", "/static/js/main..js", "/hls/key..m3u8", "/.well-known/x",
	} {
		before := asked()
		if a := b.send(t, "GET "+path+" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"); a.StatusCode != http.StatusOK || asked() == before {
			t.Errorf("%s: %s", path, a.Status)
		}
	}
}
