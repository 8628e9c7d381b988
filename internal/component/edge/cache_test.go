package edge_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/xatube/xatube-operator/api/v1alpha1"
)

// withAPICache makes answers of the API last so long that a test cannot outlive them, unless the minute turns.
func withAPICache(d v1alpha1.Duration) func(*v1alpha1.XaTubeCluster) {
	return func(c *v1alpha1.XaTubeCluster) { c.Spec.Edge.Cache.API = d }
}

// hitsWithin a minute: asks twice, and again when the minute turned between, which ends what is kept.
func (b *balancer) hit(t *testing.T, path string, headers ...string) bool {
	t.Helper()
	for range 2 {
		b.get(t, path, headers...)
		if b.get(t, path, headers...).Header.Get("X-Cache-Status") == "HIT" {
			return true
		}
	}
	return false
}

func TestAPICache(t *testing.T) {
	p := newPlatform(t)
	p.backends(t, 1, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/api/private":
			w.Header().Set("Cache-Control", "no-store")
		case "/api/session":
			w.Header().Set("Set-Cookie", "access_token=secret")
		case "/api/missing":
			w.WriteHeader(http.StatusNotFound)
		}
		fmt.Fprint(w, "ok")
	})
	b := p.startEdge(t, withAPICache("1m"))
	b.awaitPods(t, "/api/warm")
	for name, c := range map[string]struct {
		path    string
		headers []string
		want    bool
	}{
		"anonymous":               {"/api/streams", nil, true},
		"Authorization":           {"/api/streams", []string{"Authorization", "Bearer x"}, false},
		"Cookie":                  {"/api/streams", []string{"Cookie", "access_token=x"}, false},
		"Range":                   {"/api/streams", []string{"Range", "bytes=0-1"}, false},
		"answer forbids it":       {"/api/private", nil, false},
		"answer opens a session":  {"/api/session", nil, false},
		"answer is no success":    {"/api/missing", nil, false},
		"documentation":           {"/docs", nil, false},
		"chat":                    {"/api/streams/ws/key/chat", nil, false},
		"refused from everywhere": {"/api/rtmp/publish", nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			if got := b.hit(t, c.path, c.headers...); got != c.want {
				t.Errorf("answered from the cache: %t, want %t", got, c.want)
			}
		})
	}
	t.Run("the key tells apart", func(t *testing.T) {
		for _, headers := range [][]string{
			{"Origin", "https://a.example.com"}, {"Origin", "https://b.example.com"}, {"Host", "c.example.com"},
		} {
			if s := b.get(t, "/api/streams", headers...).Header.Get("X-Cache-Status"); s != "MISS" {
				t.Errorf("%v: %s", headers, s)
			}
		}
	})
	t.Run("POST", func(t *testing.T) {
		for range 2 {
			if s := b.do(t, http.MethodPost, "/api/streams", strings.NewReader("x")).Header.Get("X-Cache-Status"); s != "" {
				t.Errorf("X-Cache-Status %s", s)
			}
		}
	})
}

func TestAPICacheOff(t *testing.T) {
	p := newPlatform(t)
	p.backends(t, 1, ok)
	b := p.startEdge(t, withAPICache("0s"))
	b.awaitPods(t, "/api/warm")
	if b.hit(t, "/api/streams") {
		t.Error("answered from the cache")
	}
}

// TestAPICacheAsksOnceForMany: when an answer has expired, one visitor asks for the next, and the others get the last.
func TestAPICacheAsksOnceForMany(t *testing.T) {
	p := newPlatform(t)
	var arrived atomic.Int32
	var slow atomic.Bool
	release := make(chan struct{})
	p.backends(t, 1, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/api/slow" && slow.Load() {
			arrived.Add(1)
			<-release
		}
		fmt.Fprint(w, "ok")
	})
	// No turn of a minute may come between.
	b := p.startEdge(t, withAPICache("1s"), `"$minute|`, `"|`)
	b.awaitPods(t, "/api/warm")
	b.get(t, "/api/slow")
	slow.Store(true)
	var first sync.WaitGroup
	first.Go(func() {
		for arrived.Load() == 0 {
			b.get(t, "/api/slow")
		}
	})
	eventually(t, func() error {
		if arrived.Load() == 0 {
			return fmt.Errorf("nothing arrived")
		}
		return nil
	})
	for range 20 {
		if s := b.get(t, "/api/slow").Header.Get("X-Cache-Status"); s != "UPDATING" {
			t.Errorf("X-Cache-Status %s", s)
		}
	}
	close(release)
	first.Wait()
	if n := arrived.Load(); n != 1 {
		t.Errorf("the backend was asked %d times for the same", n)
	}
}

// TestAPICacheBridgesFailure: an expired answer stands in while the backends fail, but only for the current minute.
func TestAPICacheBridgesFailure(t *testing.T) {
	p := newPlatform(t)
	var failing atomic.Bool
	p.backends(t, 1, func(w http.ResponseWriter, _ *http.Request) {
		if failing.Load() {
			w.WriteHeader(http.StatusInternalServerError)
		}
	})
	b := p.startEdge(t, withAPICache("1s"))
	b.awaitPods(t, "/api/warm")
	eventually(t, func() error {
		failing.Store(false)
		b.get(t, "/api/streams")
		failing.Store(true)
		for {
			a := b.get(t, "/api/streams")
			switch a.Header.Get("X-Cache-Status") {
			case "HIT":
			case "STALE":
				if a.StatusCode != http.StatusOK {
					return fmt.Errorf("stale, but %s", a.Status)
				}
				return nil
			default:
				return fmt.Errorf("%s %s: the minute turned", a.Status, a.Header.Get("X-Cache-Status"))
			}
		}
	})
	// What was kept in another minute is not found.
	if conf := configuration(t, "testdata/default")["nginx.conf"]; !strings.Contains(conf, `proxy_cache_key "$minute|`) {
		t.Error("nothing bounds the age of a stale answer")
	}
}

func TestStreamCache(t *testing.T) {
	p := newPlatform(t)
	p.ingests(t, 1, ok)
	b := p.startEdge(t, nil)
	b.awaitPods(t, "/hls/warm.m3u8")
	for path, want := range map[string]bool{
		"/live/key.m3u8": true, "/hls/key.m3u8": true, "/dash/key.mpd": true, "/dash/key-init.m4v": true,
		"/hls/key/index.m3u8": false, "/live/key-1.ts": true, "/hls/key-2.ts": true, "/dash/key-3.m4a": true,
		"/hls/key-4.ts?session=1": true,
	} {
		if got := b.hit(t, path); got != want {
			t.Errorf("%s is answered from the cache: %t, want %t", path, got, want)
		}
	}
	for _, path := range []string{"/hls/key-1.ts", "/hls/key-1.ts?session=2", "//hls/key-1.ts"} {
		if s := b.get(t, path).Header.Get("X-Cache-Status"); s != "HIT" {
			t.Errorf("the same segment as %s: %s", path, s)
		}
	}
}

func TestFrontendCache(t *testing.T) {
	p := newPlatform(t)
	frontend := func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/javascript")
		// `serve -s` answers with the page for whatever it does not have.
		if !strings.HasSuffix(r.URL.Path, ".js") || strings.Contains(r.URL.Path, "other-release") {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
		}
		fmt.Fprint(w, "content")
	}
	p.frontends(t, 1, frontend)
	b := p.startEdge(t, nil)
	b.awaitPods(t, "/")
	for path, want := range map[string]bool{
		"/": false, "/watch/key": false, "/index.html": false,
		"/static/js/main.1a2b.js": true, "/static/js/other-release.js": false, "/service-worker.js": false,
	} {
		if got := b.hit(t, path); got != want {
			t.Errorf("%s is answered from the cache: %t, want %t", path, got, want)
		}
	}
	off := p.startEdge(t, func(c *v1alpha1.XaTubeCluster) { c.Spec.Edge.Cache.Static = "0s" })
	off.awaitPods(t, "/")
	if off.hit(t, "/static/js/main.1a2b.js") {
		t.Error("answered from a cache that is off")
	}
}

func TestUploadsCache(t *testing.T) {
	p := newPlatform(t)
	const long = 10_000_000
	backend := p.backends(t, 1, func(w http.ResponseWriter, r *http.Request) {
		content := "0123456789"
		if r.URL.Path == "/uploads/long.mp4" {
			content = strings.Repeat("0123456789", long/10)
		}
		http.ServeContent(w, r, "a.mp4", time.Unix(1_700_000_000, 0), strings.NewReader(content))
	})[0]
	b := p.startEdge(t, nil)
	b.awaitPods(t, "/api/warm")
	for path, want := range map[string]bool{"/uploads/a.png": true, "/uploads/long.mp4": false} {
		if got := b.hit(t, path); got != want {
			t.Errorf("%s is answered from the cache: %t, want %t", path, got, want)
		}
	}
	a := b.get(t, "/uploads/long.mp4", "Range", "bytes=5-7")
	if a.StatusCode != http.StatusPartialContent || a.body != "567" {
		t.Errorf("part of a video: %s %q", a.Status, a.body)
	}
	if got := backend.last(t).header.Get("Range"); got != "bytes=5-7" {
		t.Errorf("the backend was asked for %q, so a player that seeks waits for the whole file", got)
	}
	if n, err := io.Copy(io.Discard, strings.NewReader(b.get(t, "/uploads/long.mp4").body)); err != nil || n != long {
		t.Errorf("%d bytes, %v", n, err)
	}
}
