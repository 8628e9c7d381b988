package edge_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// TestNoBodyIsKeptOnDisk: A19. Many slow bodies must not fill the node's disk.
func TestNoBodyIsKeptOnDisk(t *testing.T) {
	p := newPlatform(t)
	handler := func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) }
	p.backends(t, 1, handler)
	p.frontends(t, 1, handler)
	p.ingests(t, 1, handler)
	b := p.startEdge(t, nil)
	b.awaitPods(t, "/api/warm", "/", "/hls/warm.m3u8")
	const sent = 1 << 20
	for _, path := range []string{"/api/videos", "/api/streams/1/upload-video", "/", "/uploads/a", "/docs", "/live/key.m3u8", "/static/a.js"} {
		for _, how := range []string{"Content-Length: 9000000", "Transfer-Encoding: chunked"} {
			t.Run(path+" "+how, func(t *testing.T) {
				conn, err := net.Dial("tcp", strings.TrimPrefix(b.url, "http://"))
				if err != nil {
					t.Fatal(err)
				}
				defer conn.Close()
				chunk := ""
				if strings.HasPrefix(how, "T") {
					chunk = fmt.Sprintf("%x\r\n", 9_000_000)
				}
				// The edge may refuse and close before all is written.
				_, _ = io.WriteString(conn, "POST "+path+" HTTP/1.1\r\nHost: a\r\n"+how+"\r\n\r\n"+chunk+strings.Repeat("x", sent))
				b.get(t, "/health")
				if n := spooled(t, b); n > 0 {
					t.Errorf("%d bytes on disk", n)
				}
			})
		}
	}
}

// spooled is the size of the folder of bodies.
func spooled(t *testing.T, b *balancer) (bytes int64) {
	t.Helper()
	err := filepath.WalkDir(filepath.Join(b.folder, "cache/body"), func(_ string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		bytes += info.Size()
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return bytes
}

// TestLargeBodiesAreFew: A19, what backends must keep until they have it all is bounded; everybody else is served.
func TestLargeBodiesAreFew(t *testing.T) {
	for path, bound := range map[string][2]string{
		"/api/streams/1/upload-video": {"limit_conn uploads 32", "limit_conn uploads 4"},
		"/api/videos":                 {"limit_conn bodies 128", "limit_conn bodies 4"},
	} {
		t.Run(path, func(t *testing.T) {
			p := newPlatform(t)
			p.backends(t, 1, func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) })
			b := p.startEdge(t, nil, bound[0], bound[1])
			b.awaitPods(t, "/api/warm")
			for range 4 {
				conn, err := net.Dial("tcp", strings.TrimPrefix(b.url, "http://"))
				if err != nil {
					t.Fatal(err)
				}
				defer conn.Close()
				if _, err := io.WriteString(conn, "POST "+path+" HTTP/1.1\r\nHost: a\r\nContent-Length: 9000000\r\n\r\nx"); err != nil {
					t.Fatal(err)
				}
			}
			large := strings.Repeat("x", 100_000)
			eventually(t, func() error {
				a := b.do(t, http.MethodPost, path, strings.NewReader(large))
				if a.StatusCode != http.StatusTooManyRequests || a.Header.Get("Content-Type") != "application/json" {
					return fmt.Errorf("a fifth body: %s %s", a.Status, a.Header.Get("Content-Type"))
				}
				return nil
			})
			if a := b.do(t, http.MethodPost, "/api/auth/login", strings.NewReader("small")); a.StatusCode != http.StatusOK {
				t.Errorf("a small body: %s", a.Status)
			}
		})
	}
}

// TestAVisitorSendsFewLargeBodies: A19, one client cannot use up what all share.
func TestAVisitorSendsFewLargeBodies(t *testing.T) {
	p := newPlatform(t)
	p.backends(t, 1, func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) })
	b := p.startEdge(t, nil)
	b.awaitPods(t, "/api/warm")
	// send a part of a large body from an address.
	send := func(from, path string) (net.Conn, error) {
		dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}
		conn, err := dialer.DialContext(t.Context(), "tcp", strings.TrimPrefix(b.url, "http://"))
		if err != nil {
			return nil, err
		}
		t.Cleanup(func() { conn.Close() })
		_, err = io.WriteString(conn, "POST "+path+" HTTP/1.1\r\nHost: a\r\nContent-Length: 9000000\r\n\r\nx")
		return conn, err
	}
	status := func(conn net.Conn) (int, error) {
		a, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			return 0, err
		}
		return a.StatusCode, a.Body.Close()
	}
	for i := range 8 {
		if _, err := send("127.0.0.2", []string{"/api/streams/1/upload-video", "/api/videos"}[i%2]); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, func() error {
		conn, err := send("127.0.0.2", "/api/users/1/avatar")
		if err != nil {
			return err
		}
		// One that comes before the eighth is let through, and waits for the rest of its body.
		if err := conn.SetReadDeadline(time.Now().Add(time.Second)); err != nil {
			return err
		}
		if code, err := status(conn); code != http.StatusTooManyRequests {
			return fmt.Errorf("a ninth body: %d, %w", code, err)
		}
		return nil
	})
	conn, err := send("127.0.0.3", "/api/users/1/avatar")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(conn, strings.Repeat("x", 9000000-1)); err != nil {
		t.Fatal(err)
	}
	if code, err := status(conn); code != http.StatusOK {
		t.Errorf("another visitor: %d, %v", code, err)
	}
}

// TestTheRequestLogIsBoundedInMemory: A19. While no exporter empties it, it takes nothing from the node's disk.
func TestTheRequestLogIsBoundedInMemory(t *testing.T) {
	in := input(t, "testdata/exporter")
	for _, v := range deployment(t, in).Spec.Template.Spec.Volumes {
		if *v.Name == "requests" && *v.EmptyDir.Medium == corev1.StorageMediumMemory && v.EmptyDir.SizeLimit.Value() == 16<<20 {
			return
		}
	}
	t.Error("the log of requests, which an exporter that is down does not empty, has no bound")
}

// TestTheCacheIsRequestedFromTheNode: A19, a cache that the scheduler does not know of would drive others from the node.
func TestTheCacheIsRequestedFromTheNode(t *testing.T) {
	in := input(t, "testdata/default")
	in.Cluster.Spec.Edge.Cache.Size = "5Gi"
	for _, c := range deployment(t, in).Spec.Template.Spec.Containers {
		if *c.Name != "nginx" {
			continue
		}
		asked := (*c.Resources.Requests)[corev1.ResourceEphemeralStorage]
		if asked.Value() <= 5<<30 {
			t.Errorf("ephemeral-storage %s for a cache of 5Gi", asked.String())
		}
	}
}
