package edge_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/xatube/xatube-operator/api/v1alpha1"
)

// tight lets one request through and one more at once; with a rate of one in a second no test outlives it by chance.
func tight(c *v1alpha1.XaTubeCluster) {
	burst := int32(1)
	c.Spec.Edge.RateLimit.API = v1alpha1.RateLimit{RequestsPerSecond: 1, Burst: &burst}
	c.Spec.Edge.RateLimit.Web = v1alpha1.RateLimit{RequestsPerSecond: 1, Burst: &burst}
}

func TestRateLimits(t *testing.T) {
	for path, wantType := range map[string]string{
		"/api/streams": "application/json", "/api/streams/1/upload-video": "application/json",
		"/api/streams/ws/key/chat": "application/json",
		"/":                        "text/html", "/docs": "text/html", "/uploads/a.png": "text/html",
		"/live/key.m3u8": "text/html", "/live/key-1.ts": "text/html",
	} {
		t.Run(path, func(t *testing.T) {
			b := newPlatform(t).startEdge(t, tight)
			var last answer
			for range 10 {
				last = b.get(t, path)
			}
			if last.StatusCode != http.StatusTooManyRequests || last.Header.Get("Retry-After") != "1" {
				t.Errorf("%s, Retry-After %q", last.Status, last.Header.Get("Retry-After"))
			}
			if got := last.Header.Get("Content-Type"); got != wantType {
				t.Errorf("Content-Type %q", got)
			}
			if path == "/uploads/a.png" {
				checkUpload(t, last)
			} else {
				checkEveryAnswer(t, last)
			}
			if a := b.get(t, "/health"); a.StatusCode != http.StatusOK {
				t.Errorf("probes are limited: %s", a.Status)
			}
		})
	}
}

func TestRateLimitCountsClients(t *testing.T) {
	for name, c := range map[string]struct {
		trusted []v1alpha1.CIDR
		limited bool
	}{
		"behind a trusted proxy each client has its own": {[]v1alpha1.CIDR{"127.0.0.1/32"}, false},
		"a stranger cannot make addresses up":            {nil, true},
	} {
		t.Run(name, func(t *testing.T) {
			b := newPlatform(t).startEdge(t, func(x *v1alpha1.XaTubeCluster) {
				tight(x)
				x.Spec.Edge.TrustedProxies = c.trusted
			})
			limited := false
			for i := range 10 {
				a := b.get(t, "/api/streams", "X-Forwarded-For", fmt.Sprintf("198.51.100.%d", i))
				limited = limited || a.StatusCode == http.StatusTooManyRequests
			}
			if limited != c.limited {
				t.Errorf("limited: %t, want %t", limited, c.limited)
			}
		})
	}
}

// TestALimitHoldsForAVisitorWhateverTheReplicas: his connection stays on one of the pods, which lets the whole limit
// through and no more. A5.
func TestALimitHoldsForAVisitorWhateverTheReplicas(t *testing.T) {
	for _, replicas := range []int32{1, 50} {
		t.Run(fmt.Sprint(replicas), func(t *testing.T) {
			b := newPlatform(t).startEdge(t, func(c *v1alpha1.XaTubeCluster) {
				burst := int32(40)
				c.Spec.Edge.Replicas = replicas
				c.Spec.Edge.RateLimit.API = v1alpha1.RateLimit{RequestsPerSecond: 1, Burst: &burst}
			})
			passed := 0
			begun := time.Now()
			for range 60 {
				if b.get(t, "/api/streams").StatusCode != http.StatusTooManyRequests {
					passed++
				}
			}
			if most := 41 + int(time.Since(begun).Seconds()) + 1; passed < 41 || passed > most {
				t.Errorf("%d of 60 requests passed, want 41 to %d", passed, most)
			}
		})
	}
}

func TestBodyLimits(t *testing.T) {
	p := newPlatform(t)
	p.backends(t, 1, func(w http.ResponseWriter, r *http.Request) {
		n, _ := io.Copy(io.Discard, r.Body)
		fmt.Fprint(w, n)
	})
	b := p.startEdge(t, func(c *v1alpha1.XaTubeCluster) { c.Spec.Backend.Uploads.MaxUploadSize = "24Mi" })
	b.awaitPods(t, "/api/warm")
	const mib = 1 << 20
	for _, c := range []struct {
		path string
		size int
		want int
	}{
		{"/api/streams/1", 15 * mib, 200},
		{"/api/streams/1", 17 * mib, 413},
		{"/api/streams/1/upload-video", 23 * mib, 200},
		{"/api/streams/1/upload-video", 25 * mib, 413},
		{"/api/users/1/avatar", 23 * mib, 200},
		{"/api/users/1/avatar/more", 17 * mib, 413},
	} {
		for name, body := range map[string]io.Reader{
			"with a length": strings.NewReader(strings.Repeat("x", c.size)),
			"in chunks":     io.MultiReader(strings.NewReader(strings.Repeat("x", c.size))),
		} {
			a := b.do(t, http.MethodPost, c.path, body)
			if a.StatusCode != c.want || (c.want == 200 && a.body != fmt.Sprint(c.size)) {
				t.Errorf("%d bytes to %s %s: %s %s, want %d", c.size, c.path, name, a.Status, a.body, c.want)
			}
		}
	}
}

// TestUploadsAreStreamed: the backend reads the beginning before the client has sent the end.
func TestUploadsAreStreamed(t *testing.T) {
	p := newPlatform(t)
	begun := make(chan struct{})
	p.backends(t, 1, func(_ http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost {
			return
		}
		_, _ = io.ReadFull(r.Body, make([]byte, 1000))
		close(begun)
		_, _ = io.Copy(io.Discard, r.Body)
	})
	b := p.startEdge(t, nil)
	b.awaitPods(t, "/api/warm")
	body, end := io.Pipe()
	go func() {
		_, _ = end.Write(make([]byte, 1000))
		<-begun
		_ = end.Close()
	}()
	if a := b.do(t, http.MethodPost, "/api/streams/1/upload-video", body); a.StatusCode != http.StatusOK {
		t.Error(a.Status)
	}
}
