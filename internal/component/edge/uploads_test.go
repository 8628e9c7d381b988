package edge_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/xatube/xatube-operator/api/v1alpha1"
)

// wholeFile is a server of files that knows no Range, like the one in upstream's backend.
func wholeFile(content func(path string) string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		text := content(r.URL.Path)
		w.Header().Set("Content-Type", "video/mp4")
		w.Header().Set("Last-Modified", time.Unix(1_700_000_000, 0).UTC().Format(http.TimeFormat))
		w.Header().Set("Content-Length", fmt.Sprint(len(text)))
		_, _ = w.Write([]byte(text))
	}
}

// TestSeekingInUploads: C9. A part is a part, whether the backend knows parts or not, and whatever is kept.
func TestSeekingInUploads(t *testing.T) {
	const long = 10_000_000
	content := func(path string) string {
		if strings.Contains(path, "long") {
			return strings.Repeat("0123456789", long/10)
		}
		return "0123456789"
	}
	for name, handler := range map[string]http.HandlerFunc{
		"a backend without parts": wholeFile(content),
		"a backend with parts": func(w http.ResponseWriter, r *http.Request) {
			http.ServeContent(w, r, "a.mp4", time.Unix(1_700_000_000, 0), strings.NewReader(content(r.URL.Path)))
		},
	} {
		for static, kept := range map[v1alpha1.Duration]bool{"1h": true, "0s": false} {
			t.Run(name+" kept "+string(static), func(t *testing.T) {
				p := newPlatform(t)
				backend := p.backends(t, 1, handler)[0]
				b := p.startEdge(t, func(c *v1alpha1.XaTubeCluster) { c.Spec.Edge.Cache.Static = static })
				b.awaitPods(t, "/api/warm")
				for _, path := range []string{"/uploads/short.mp4", "/uploads/long.mp4", "/uploads/other-short.mp4?v=2"} {
					b.seek(t, path, content(path))
				}
				before := backend.count()
				b.get(t, "/uploads/short.mp4", "Range", "bytes=2-3")
				if got := backend.count() == before; got != kept {
					t.Errorf("a part of a file that was read before comes from the cache: %t, want %t", got, kept)
				}
			})
		}
	}
}

// seek asks for parts of a file that ends in 0123456789, and for all of it.
func (b *balancer) seek(t *testing.T, path, content string) {
	t.Helper()
	size := len(content)
	for asked, c := range map[string]struct{ content, part string }{
		"bytes=5-7":                      {"567", fmt.Sprintf("bytes 5-7/%d", size)},
		"bytes=-3":                       {"789", fmt.Sprintf("bytes %d-%d/%d", size-3, size-1, size)},
		fmt.Sprintf("bytes=%d-", size-2): {"89", fmt.Sprintf("bytes %d-%d/%d", size-2, size-1, size)},
		"bytes=0-":                       {content, fmt.Sprintf("bytes 0-%d/%d", size-1, size)},
	} {
		a := b.get(t, path, "Range", asked)
		if a.StatusCode != http.StatusPartialContent || a.body != c.content || a.Header.Get("Content-Range") != c.part {
			t.Errorf("%s of %s: %s %s, %d bytes", asked, path, a.Status, a.Header.Get("Content-Range"), len(a.body))
		}
	}
	if a := b.get(t, path, "Range", fmt.Sprintf("bytes=%d-", size)); a.StatusCode != http.StatusRequestedRangeNotSatisfiable {
		t.Errorf("beyond the end of %s: %s", path, a.Status)
	}
	if a := b.get(t, path); a.StatusCode != http.StatusOK || a.body != content {
		t.Errorf("the whole of %s: %s, %d bytes", path, a.Status, len(a.body))
	}
}

// TestAFirstLookKeepsTheFile: browsers ask for all of a video as a part.
func TestAFirstLookKeepsTheFile(t *testing.T) {
	p := newPlatform(t)
	backend := p.backends(t, 1, wholeFile(func(string) string { return "0123456789" }))[0]
	b := p.startEdge(t, nil)
	b.awaitPods(t, "/api/warm")
	b.get(t, "/uploads/a.mp4", "Range", "bytes=0-")
	before := backend.count()
	a := b.get(t, "/uploads/a.mp4", "Range", "bytes=4-5")
	if a.body != "45" || a.StatusCode != http.StatusPartialContent || backend.count() != before {
		t.Errorf("%s %q, asked the backend %d times", a.Status, a.body, backend.count()-before)
	}
}

// TestUploadsAreNoPages: C10. Whatever a user uploads, it is no page and no script of this site.
func TestUploadsAreNoPages(t *testing.T) {
	p := newPlatform(t)
	p.backends(t, 1, func(w http.ResponseWriter, r *http.Request) {
		w.Header()["Content-Type"] = nil
		if given := r.URL.Query().Get("type"); given != "" {
			w.Header().Set("Content-Type", given)
		}
		w.Header().Set("Content-Disposition", "inline")
		w.Header().Set("Content-Security-Policy", "default-src *")
		if strings.Contains(r.URL.Path, "missing") {
			w.WriteHeader(http.StatusNotFound)
		}
		fmt.Fprint(w, "<script>alert(1)</script>")
	})
	for name, static := range map[string]v1alpha1.Duration{"kept": "1h", "not kept": "0s"} {
		t.Run(name, func(t *testing.T) {
			b := p.startEdge(t, func(c *v1alpha1.XaTubeCluster) { c.Spec.Edge.Cache.Static = static })
			b.awaitPods(t, "/api/warm")
			for _, c := range []struct{ given, want, disposition string }{
				{"text/html", "application/octet-stream", "attachment"},
				{"Text/HTML; charset=utf-8", "application/octet-stream", "attachment"},
				{"application/xhtml+xml", "application/octet-stream", "attachment"},
				{"text/xml", "application/octet-stream", "attachment"},
				{"application/javascript", "application/octet-stream", "attachment"},
				{"text/css", "application/octet-stream", "attachment"},
				{"multipart/x-mixed-replace", "application/octet-stream", "attachment"},
				{"application/dash+xml", "application/octet-stream", "attachment"},
				{"image/png, text/html", "application/octet-stream", "attachment"},
				{"image/png;x, text/html", "application/octet-stream", "attachment"},
				{"video/evil+xml", "application/octet-stream", "attachment"},
				{"image/svg+xml", "image/svg+xml", "attachment"},
				{"text/plain", "text/plain", "attachment"},
				{"application/pdf", "application/pdf", "attachment"},
				{"", "", "attachment"},
				{"image/png", "image/png", "inline"},
				{"video/mp4", "video/mp4", "inline"},
				{"audio/mpeg", "audio/mpeg", "inline"},
			} {
				for i, path := range []string{"/uploads/a.bin?type=", "/uploads/a%7Cimage/png.html?type=", "/uploads/a%0Ab?type=", "//uploads/a?type="} {
					for range 2 {
						a := b.get(t, path+url.QueryEscape(c.given)+fmt.Sprint("&", i), "Cookie", "a=b")
						if got := a.Header.Values("Content-Type"); strings.Join(got, "|") != c.want {
							t.Errorf("%s %q is served as %q, want %q", path, c.given, got, c.want)
						}
						if got := a.Header.Values("Content-Disposition"); strings.Join(got, "|") != c.disposition {
							t.Errorf("%s %q: Content-Disposition %q, want %q", path, c.given, got, c.disposition)
						}
						checkUpload(t, a)
					}
				}
			}
			a := b.get(t, "/uploads/missing.html?type=text/html")
			if got := a.Header.Values("Content-Type"); a.StatusCode != http.StatusNotFound || len(got) != 1 || got[0] != "application/octet-stream" {
				t.Errorf("%s %q", a.Status, got)
			}
			checkUpload(t, a)
		})
	}
}

func checkUpload(t *testing.T, a answer) {
	t.Helper()
	policy := a.Header.Values("Content-Security-Policy")
	if len(policy) != 1 || !strings.HasPrefix(policy[0], "sandbox; default-src 'none';") {
		t.Errorf("Content-Security-Policy %q", policy)
	}
	if got := a.Header.Values("X-Content-Type-Options"); len(got) != 1 || got[0] != "nosniff" {
		t.Errorf("X-Content-Type-Options %q", got)
	}
}

// TestUploadsAreNoPagesRightAfterTheStart, when the backend is looked up for a single request.
func TestUploadsAreNoPagesRightAfterTheStart(t *testing.T) {
	p := newPlatform(t)
	p.backends(t, 1, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, "<script>alert(1)</script>")
	})
	p.dns.set(backendService)
	b := p.startEdge(t, nil)
	for i := range 20 {
		a := b.get(t, fmt.Sprintf("/uploads/%d.html", i))
		if got := a.Header.Values("Content-Type"); a.StatusCode != http.StatusOK || len(got) != 1 || got[0] != "application/octet-stream" {
			t.Fatalf("%s: served as %q", a.Status, got)
		}
		checkUpload(t, a)
	}
	p.dns.set(anyBackend)
	p.dns.set(backendService)
}
