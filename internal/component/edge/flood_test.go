package edge_test

import (
	"fmt"
	"io/fs"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/xatube/xatube-operator/api/v1alpha1"
)

// flood asks for the same under ever new names, some at a time, and returns the most bytes that the cache had.
func (b *balancer) flood(t *testing.T, requests int, ask func(i int) string) (most int64) {
	t.Helper()
	var wg sync.WaitGroup
	var next atomic.Int64
	for range 4 {
		wg.Go(func() {
			for i := next.Add(1); i <= int64(requests); i = next.Add(1) {
				c := dialFrom(t, b, visitors.next())
				// The visitor leaves at once; the edge fetches all of it nevertheless.
				_, _ = fmt.Fprint(c, ask(int(i)))
				_ = c.SetReadDeadline(time.Now().Add(10 * time.Second))
				_, _ = c.Read(make([]byte, 1))
				_ = c.Close()
			}
		})
	}
	done := make(chan struct{})
	go func() { wg.Wait(); close(done) }()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		most = max(most, diskUse(b.folder+"/cache"))
		select {
		case <-done:
			return most
		case <-tick.C:
		}
	}
}

// diskUse of a folder, whose files come and go.
func diskUse(folder string) (bytes int64) {
	_ = filepath.WalkDir(folder, func(_ string, e fs.DirEntry, err error) error {
		if err != nil {
			return nil //nolint:nilerr // It has gone.
		}
		if info, err := e.Info(); err == nil && !info.IsDir() {
			bytes += info.Size()
		}
		return nil
	})
	return bytes
}

// cacheLimit is the limit of the volume for a cache of that size.
func cacheLimit(t *testing.T, size v1alpha1.Size) int64 {
	t.Helper()
	in := input(t, "testdata/default")
	in.Cluster.Spec.Edge.Cache.Size = size
	for _, v := range deployment(t, in).Spec.Template.Spec.Volumes {
		if *v.Name == "cache" {
			return v.EmptyDir.SizeLimit.Value()
		}
	}
	t.Fatal("no volume for the cache")
	return 0
}

// A19. Whatever a visitor varies, the cache stays below the limit of its volume, above which the pod is evicted: also before
// nginx measures it.
func TestAFloodDoesNotFillTheVolume(t *testing.T) {
	const size, each, few, many = "20Mi", 1_990_000, 150, 900
	content := []byte(strings.Repeat("x", each))
	file := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/javascript")
		w.Header().Set("Content-Length", fmt.Sprint(each))
		_, _ = w.Write(content)
	}
	limit := cacheLimit(t, size)
	if limit >= each*many {
		t.Fatalf("%d bytes cannot show a limit of %d", each*many, limit)
	}
	for name, c := range map[string]struct {
		ask      string
		requests int
		most     int64
	}{
		"queries of one file": {"GET /static/js/main.js?%d HTTP/1.1\r\nHost: x\r\n", few, 4 * each},
		"hosts":               {"GET /static/js/main.js HTTP/1.1\r\nHost: x%d.example.com\r\n", many, limit},
		"origins":             {"GET /uploads/a.png HTTP/1.1\r\nHost: x\r\nOrigin: https://x%d.example.com\r\n", many, limit},
		"names of one file":   {"GET /static/js%s/main.js HTTP/1.1\r\nHost: x\r\n", few, 4 * each},
		"answers":             {"GET /api/videos?a=%d HTTP/1.1\r\nHost: x\r\n", few, 4 * each},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPlatform(t)
			p.frontends(t, 1, file)
			p.backends(t, 1, file)
			b := p.startEdge(t, func(c *v1alpha1.XaTubeCluster) { c.Spec.Edge.Cache.Size = size })
			b.awaitPods(t, "/", "/api/warm")
			most := b.flood(t, c.requests, func(i int) string {
				if name == "names of one file" {
					return fmt.Sprintf(c.ask, strings.Repeat("/", i%100+1)) + "\r\n"
				}
				return fmt.Sprintf(c.ask, i) + "\r\n"
			})
			t.Logf("%d MiB at most, the volume takes %d", most>>20, limit>>20)
			if most > c.most {
				t.Errorf("the cache took %d MiB, want at most %d", most>>20, c.most>>20)
			}
		})
	}
}

// A19. When slow pods hold all keys, whoever asks for another file or answer gets it all the same, from the pods.
func TestAllKeysInUse(t *testing.T) {
	p := newPlatform(t)
	release := make(chan struct{})
	var held atomic.Int32
	handler := func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "2")
		if strings.HasPrefix(r.Host, "slow") {
			_, _ = fmt.Fprint(w, "o")
			_ = http.NewResponseController(w).Flush()
			held.Add(1)
			<-release
			_, _ = fmt.Fprint(w, "k")
			return
		}
		ok(w, r)
	}
	p.frontends(t, 1, handler)
	p.backends(t, 1, handler)
	defer close(release)
	b := p.startEdge(t, func(c *v1alpha1.XaTubeCluster) { c.Spec.Edge.Cache.Size = "20Mi" })
	b.awaitPods(t, "/", "/api/warm")
	for _, path := range []string{"/static/js/main.js", "/uploads/a.png", "/api/videos"} {
		held.Store(0)
		for i := range 600 {
			c := dialFrom(t, b, visitors.next())
			_, _ = fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: slow%d.example.com\r\n\r\n", path, i)
		}
		eventually(t, func() error {
			if n := held.Load(); n != 600 {
				return fmt.Errorf("%s: %d of 600 reached a pod", path, n)
			}
			return nil
		})
		for i := range 40 {
			if a := b.get(t, path, "Host", fmt.Sprintf("fast%d.example.com", i)); a.StatusCode != http.StatusOK || a.body != "ok" {
				t.Fatalf("%s: %s %q", path, a.Status, a.body)
			}
		}
	}
}
