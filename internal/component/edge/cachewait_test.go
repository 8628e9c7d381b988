package edge_test

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

const (
	// crowd is how many ask at once.
	crowd = 30
	// ownTime is what a pod takes for its answer.
	ownTime = 50 * time.Millisecond
)

// longBody is more than the edge keeps of anything but streams.
var longBody = strings.Repeat("x", 11<<20)

// uncacheable are answers that cannot be kept, or whose end is far away, by how the name of what is asked begins.
var uncacheable = map[string]http.HandlerFunc{
	"missing": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotFound) },
	"private": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusUnauthorized) },
	"broken":  func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) },
	"moved":   func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/elsewhere", http.StatusFound) },
	"own":     func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Cache-Control", "no-store") },
	"session": func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Set-Cookie", "a=b") },
	"page":    func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Content-Type", "text/html") },
	"long": func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", fmt.Sprint(len(longBody)))
		_, _ = io.WriteString(w, longBody[:1<<18])
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	},
	"whole": func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", fmt.Sprint(len(longBody)))
		_, _ = io.WriteString(w, longBody)
	},
	"endless": func(w http.ResponseWriter, _ *http.Request) { w.(http.Flusher).Flush() },
}

// TestNobodyWaitsForAnUncacheableAnswer: A2. With one at a time the last of the crowd waits for seconds.
func TestNobodyWaitsForAnUncacheableAnswer(t *testing.T) {
	p := newPlatform(t)
	handler := func(w http.ResponseWriter, r *http.Request) {
		name := r.URL.Path[strings.LastIndex(r.URL.Path, "/")+1:]
		if !strings.HasPrefix(name, "warm") {
			<-time.After(ownTime)
		}
		for prefix, answer := range uncacheable {
			if strings.HasPrefix(name, prefix) {
				answer(w, r)
			}
		}
	}
	p.backends(t, 1, handler)
	p.frontends(t, 1, handler)
	p.ingests(t, 2, handler)
	b := p.startEdge(t, nil)
	b.awaitPods(t, "/api/warm", "/warm", "/hls/warm.m3u8")
	for _, path := range []string{
		"/api/missing", "/api/private", "/api/broken", "/api/moved", "/api/own", "/api/session",
		"/uploads/missing.png", "/uploads/own.png", "/uploads/page.png", "/uploads/long.mp4", "/uploads/endless.mp4",
		"/static/missing.js", "/static/page.js", "/static/own.js", "/static/long.js",
		"/hls/missing.m3u8", "/live/missing.m3u8", "/dash/missing.mpd", "/hls/broken.m3u8", "/hls/endless.m3u8",
		"/hls/missing-1.ts", "/live/broken-1.ts", "/hls/whole-1.ts", "/hls/endless-1.ts", "/dash/whole-1.m4v",
	} {
		t.Run(path, func(t *testing.T) {
			// Next to a crowd of whom nobody can have anything from the cache: the machine of a test may be busy. A queue
			// would be there each time.
			best := time.Hour
			for range 3 {
				alone := slowest(t, b, "/api/private", "Authorization", "Bearer x")
				best = min(best, slowest(t, b, path)-alone)
			}
			if best > 400*time.Millisecond {
				t.Errorf("the last of %d waited %s longer than without a cache", crowd, best)
			}
		})
	}
}

// slowest is how long the last of a crowd waits for the beginning of its answer.
func slowest(t *testing.T, b *balancer, path string, header ...string) time.Duration {
	t.Helper()
	times := make([]time.Duration, crowd)
	var start, wg sync.WaitGroup
	start.Add(1)
	for i := range times {
		wg.Go(func() {
			start.Wait()
			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, b.url+path, nil)
			if err != nil {
				t.Error(err)
				return
			}
			for h := 0; h < len(header); h += 2 {
				req.Header.Set(header[h], header[h+1])
			}
			began := time.Now()
			resp, err := client.Do(req)
			if err != nil {
				t.Error(err)
				return
			}
			times[i] = time.Since(began)
			if resp.StatusCode == http.StatusTooManyRequests {
				t.Error(resp.Status)
			}
			_ = resp.Body.Close()
		})
	}
	start.Done()
	wg.Wait()
	return slices.Max(times)
}
