package rtmp

import (
	"fmt"
	"net"
	"net/http"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// quick makes short fragments, so that a test need not wait for them.
func quick(c *config) { c.Fragment, c.Playlist = "500ms", "5s" }

func TestPublishPlaysAsHLSAndDASH(t *testing.T) {
	t.Parallel()
	p := serve(t, "minimal", quick)
	pub := p.publish(t, "good-key")

	eventually(t, "three HLS segments", 20*time.Second, func() bool {
		_, playlist, _ := p.get("/hls/good-key.m3u8")
		return strings.Count(playlist, ".ts") >= 3
	})
	resp, playlist, _ := p.get("/hls/good-key.m3u8")
	expectHeaders(t, resp, "application/vnd.apple.mpegurl", "no-cache")
	segment := first(playlist, ".ts")
	resp, body, _ := p.get("/hls/" + segment)
	expectHeaders(t, resp, "video/mp2t", "public, max-age=3600, immutable")
	if len(body) == 0 || body[0] != 0x47 {
		t.Errorf("segment %s is no MPEG transport stream", segment)
	}

	eventually(t, "a DASH manifest", 10*time.Second, func() bool { return p.status("/dash/good-key.mpd") == http.StatusOK })
	resp, _, _ = p.get("/dash/good-key.mpd")
	expectHeaders(t, resp, "application/dash+xml", "no-cache")
	resp, _, _ = p.get("/dash/good-key-init.m4v")
	expectHeaders(t, resp, "video/mp4", "no-cache")

	_, stat, _ := p.get("/stat")
	if !strings.Contains(stat, "<publishing/>") {
		t.Errorf("/stat knows no publisher:\n%s", stat)
	}

	if got, want := p.backend.told()[0], "POST /api/rtmp/publish name=good-key&app=live"; got != want {
		t.Errorf("the backend was asked %q, want %q", got, want)
	}
	pub.stop()
	eventually(t, "the backend hears of the end", 10*time.Second, func() bool {
		return p.backend.heard("POST /api/rtmp/unpublish name=good-key&app=live")
	})
	if strings.Contains(p.log.String(), "good-key") {
		t.Error("the log shows the stream key")
	}
}

func expectHeaders(t *testing.T, resp *http.Response, contentType, cache string) {
	t.Helper()
	for name, want := range map[string]string{
		"Content-Type":                contentType,
		"Cache-Control":               cache,
		"Access-Control-Allow-Origin": "*",
	} {
		if got := resp.Header.Get(name); got != want {
			t.Errorf("%s: %s is %q, want %q", resp.Request.URL.Path, name, got, want)
		}
	}
}

// first line of a text with a suffix.
func first(text, suffix string) string {
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); strings.HasSuffix(line, suffix) {
			return line
		}
	}
	return ""
}

func TestPublishIsRefused(t *testing.T) {
	t.Parallel()
	p := serve(t, "minimal", quick)
	for _, c := range []struct {
		name, stream string
		backend      int
		asked        bool
	}{
		{name: "wrong key", stream: "wrong-key", asked: true},
		{name: "a key for another stream's name", stream: "victim?name=good-key", asked: true},
		{name: "a name that is no plain word", stream: "good%2Fkey"},
		{name: "the backend fails", stream: "good-key", backend: http.StatusInternalServerError, asked: true},
		// Another name: one that was denied is not asked again for some seconds.
		{name: "the backend redirects", stream: "another-good-key", backend: http.StatusFound, asked: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			p.backend.told()
			if c.backend != 0 {
				p.backend.says("/api/rtmp/publish", c.backend)
			}
			p.publish(t, c.stream).refused(t)
			if asked := len(p.backend.told()) > 0; asked != c.asked {
				t.Errorf("the backend was asked: %v, want %v", asked, c.asked)
			}
		})
	}
	if left, _ := filepath.Glob(p.config.Live + "/hls/*.m3u8"); len(left) > 0 {
		t.Errorf("refused publishers left playlists: %v", left)
	}
	eventually(t, "the log shows that a hook refused", 5*time.Second, func() bool {
		return strings.Contains(p.log.String(), "hook publish status=403")
	})
}

func TestPublishIsRefusedWithoutBackends(t *testing.T) {
	t.Parallel()
	p := serve(t, "minimal", func(c *config) { c.Backend = "nobody.test" })
	p.publish(t, "good-key").refused(t)
}

// TestPublishWhileTheDNSKnowsNoPod: an answer that the backends have no pods yet is kept for a while.
func TestPublishWhileTheDNSKnowsNoPod(t *testing.T) {
	t.Parallel()
	p := serve(t, "minimal", func(c *config) { c.Backend, c.AnyBackend = "nobody.test", "backend.test" })
	if got := p.hook("publish", "good-key"); got != http.StatusOK {
		t.Errorf("the hook answered %d, want %d", got, http.StatusOK)
	}
}

func TestHeartbeat(t *testing.T) {
	t.Parallel()
	p := serve(t, "minimal", nil)
	const (
		live    = "/api/streams/by-key/good-key"
		publish = "/api/rtmp/publish"
	)
	for _, c := range []struct {
		name   string
		answer map[string]int
		want   int
		calls  []string
	}{
		{"the stream is live", map[string]int{live: 200}, 200, []string{"GET " + live}},
		{"the stream was marked ended", map[string]int{live: 404, publish: 200}, 200, []string{"GET " + live, "POST " + publish + " name=good-key&app=live"}},
		{"the key was revoked", map[string]int{live: 404, publish: 403}, 403, []string{"GET " + live, "POST " + publish + " name=good-key&app=live"}},
		{"the backend cannot say", map[string]int{live: 500}, 204, []string{"GET " + live}},
		{"the backend fails to mark", map[string]int{live: 404, publish: 503}, 204, []string{"GET " + live, "POST " + publish + " name=good-key&app=live"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			p.backend.told()
			for path, status := range c.answer {
				p.backend.says(path, status)
			}
			if got := p.hook("update", "good-key"); got != c.want {
				t.Errorf("the hook answered %d, want %d", got, c.want)
			}
			calls := p.backend.told()
			if !slices.Equal(calls, c.calls) {
				t.Errorf("the backend was asked %q, want %q", calls, c.calls)
			}
		})
	}
}

func TestHeartbeatWithoutBackendsKeepsThePublisher(t *testing.T) {
	t.Parallel()
	p := serve(t, "minimal", func(c *config) { c.Backend = "nobody.test" })
	if got := p.hook("update", "good-key"); got != http.StatusNoContent {
		t.Errorf("the hook answered %d, want %d", got, http.StatusNoContent)
	}
	if strings.Contains(p.log.String(), "good-key") {
		t.Error("the log shows the stream key")
	}
}

func TestHTTPServer(t *testing.T) {
	t.Parallel()
	p := serve(t, "full", nil)
	write(t, filepath.Join(p.config.Live, "hls", "a.m3u8.bak"), "x")
	for path, want := range map[string]int{
		"/":                     404,
		"/healthz":              200,
		"/stat":                 200,
		"/hls/none.m3u8":        404,
		"/hls/":                 404,
		"/hls/a.m3u8.bak":       404,
		"/hls/../../etc/passwd": 400,
		"/_hook/refuse":         404,
	} {
		if got := p.status(path); got != want {
			t.Errorf("%s answered %d, want %d", path, got, want)
		}
	}
}

// TestOnlyThePodReachesHooksAndControl: they listen at addresses of the pod's own. A1.
func TestOnlyThePodReachesHooksAndControl(t *testing.T) {
	t.Parallel()
	p := serve(t, "minimal", nil)
	for _, path := range []string{"/_hook/publish?app=live&name=good-key", "/_hook/unpublish?app=live&name=good-key", "/_hook/streams", "/_hook/peer/0", "/_control/drop/publisher?app=live"} {
		if got := p.status(path); got != http.StatusNotFound {
			t.Errorf("other pods are answered %d for %s, want %d", got, path, http.StatusNotFound)
		}
	}
	for _, path := range []string{"/_hook/streams", "/_hook/peer/0", "/_control/drop/publisher?app=live", "/stat", "/hls/a.m3u8"} {
		if got := statusOf(fmt.Sprintf("http://127.0.0.1:%d%s", p.hookPort, path)); got != http.StatusNotFound {
			t.Errorf("a hook is answered %d for %s, want %d", got, path, http.StatusNotFound)
		}
	}
	for _, port := range []int{p.hookPort, p.controlPort, p.ingestPort} {
		if c, err := net.Dial("tcp", net.JoinHostPort("127.0.0.2", strconv.Itoa(port))); err == nil {
			_ = c.Close()
			t.Errorf("port %d is open at another address than 127.0.0.1", port)
		}
	}
	if calls := p.backend.told(); len(calls) > 0 {
		t.Errorf("the backend was asked %q", calls)
	}
}
