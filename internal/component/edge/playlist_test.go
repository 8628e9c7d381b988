package edge_test

import (
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/xatube/xatube-operator/api/v1alpha1"
)

// watching is how long the tests look at playlists: several slices of every length.
const watching = 2 * time.Second

func withFragment(d v1alpha1.Duration) func(*v1alpha1.XaTubeCluster) {
	return func(c *v1alpha1.XaTubeCluster) { c.Spec.RTMP.HLS.Fragment = d }
}

// clock is an ingest whose playlists say when they were made, in nanoseconds, and which counts who asks.
type clock struct {
	asked, now, most atomic.Int32
	takes            time.Duration
}

func (c *clock) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	c.asked.Add(1)
	n := c.now.Add(1)
	defer c.now.Add(-1)
	for most := c.most.Load(); n > most && !c.most.CompareAndSwap(most, n); most = c.most.Load() {
	}
	<-time.After(c.takes)
	text := strconv.FormatInt(time.Now().UnixNano(), 10)
	// As the ingest says it.
	w.Header().Set("Cache-Control", "no-cache")
	w.Header().Set("Content-Length", strconv.Itoa(len(text)))
	fmt.Fprint(w, text)
}

// watch lets viewers look at a playlist for a while, and returns how old the oldest was that one of them got.
func (b *balancer) watch(t *testing.T, viewers int, path string) time.Duration {
	t.Helper()
	var oldest atomic.Int64
	var wg sync.WaitGroup
	until := time.Now().Add(watching)
	for range viewers {
		wg.Go(func() {
			for time.Now().Before(until) {
				a := b.get(t, path)
				made, err := strconv.ParseInt(a.body, 10, 64)
				if a.StatusCode != http.StatusOK || err != nil {
					t.Errorf("%s: %s", a.Status, a.body)
					return
				}
				age := time.Now().UnixNano() - made
				for old := oldest.Load(); age > old && !oldest.CompareAndSwap(old, age); old = oldest.Load() {
				}
				<-time.After(20 * time.Millisecond)
			}
		})
	}
	wg.Wait()
	return time.Duration(oldest.Load())
}

// TestPlaylistsCostOneRequest: a crowd of viewers asks the ingest once for each slice of time, and one at a time. A machine
// that is too busy to hand an answer over within the 200 ms of the lock lets several ask; it is not always.
func TestPlaylistsCostOneRequest(t *testing.T) {
	for fragment, slice := range map[v1alpha1.Duration]time.Duration{
		"30s": time.Second, "3s": time.Second, "1999ms": 500 * time.Millisecond, "1s": 500 * time.Millisecond,
		"500ms": 250 * time.Millisecond,
	} {
		t.Run(string(fragment), func(t *testing.T) {
			p := newPlatform(t)
			c := &clock{takes: 20 * time.Millisecond}
			p.ingests(t, 1, c.ServeHTTP)
			b := p.startEdge(t, withFragment(fragment))
			b.awaitPods(t, "/hls/warm.m3u8")
			for _, path := range []string{"/live/key.m3u8", "/dash/key.mpd"} {
				var wrong string
				for range 3 {
					if wrong = b.checkCost(t, c, path, slice); wrong == "" {
						break
					}
				}
				if wrong != "" {
					t.Errorf("%s: %s", path, wrong)
				}
			}
		})
	}
}

// checkCost lets a crowd watch a playlist, and tells what is wrong with what that costs the ingest; empty if nothing.
func (b *balancer) checkCost(t *testing.T, c *clock, path string, slice time.Duration) string {
	t.Helper()
	c.asked.Store(0)
	c.most.Store(0)
	oldest := b.watch(t, 20, path)
	if limit := slice + 200*time.Millisecond; oldest > limit {
		return fmt.Sprintf("a playlist was %s old, want at most %s", oldest, limit)
	}
	if n, limit := c.asked.Load(), int32(watching/slice)+1; n > limit || n < limit/2 {
		return fmt.Sprintf("the ingest was asked %d times in %s, want at most %d", n, watching, limit)
	}
	if n := c.most.Load(); n != 1 {
		return fmt.Sprintf("%d requests at a time", n)
	}
	return ""
}

// TestPlaylistIsNeverStale: what failed, ended or was not there yet is told as it is.
func TestPlaylistIsNeverStale(t *testing.T) {
	const slice = time.Second
	for name, status := range map[string]int{"ended": http.StatusNotFound, "broken": http.StatusInternalServerError, "overloaded": http.StatusServiceUnavailable, "gone": 0} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPlatform(t)
			var fails atomic.Bool
			fails.Store(true)
			p.ingests(t, 2, func(w http.ResponseWriter, r *http.Request) {
				switch {
				case r.URL.Path == "/hls/warm.m3u8" || !fails.Load():
					w.Header().Set("Content-Length", "2")
					fmt.Fprint(w, "ok")
				case status == 0:
					panic(http.ErrAbortHandler)
				default:
					w.WriteHeader(status)
				}
			})
			b := p.startEdge(t, nil)
			b.awaitPods(t, "/hls/warm.m3u8")
			for _, path := range []string{"/live/key.m3u8", "/dash/key.mpd", "/hls/key-1.ts"} {
				fails.Store(true)
				if a := b.get(t, path); a.StatusCode < 400 {
					t.Fatalf("%s: %s", path, a.Status)
				}
				fails.Store(false)
				if a := b.get(t, path); a.StatusCode != http.StatusOK {
					t.Errorf("%s: %s though it is there now", path, a.Status)
				}
				fails.Store(true)
				if path == "/hls/key-1.ts" {
					continue // it is what it was
				}
				failed := time.Now()
				for kept := true; kept; kept = b.get(t, path).StatusCode == http.StatusOK {
					if age := time.Since(failed); age > slice+500*time.Millisecond {
						t.Fatalf("%s is still answered after %s", path, age)
					}
				}
			}
		})
	}
}
