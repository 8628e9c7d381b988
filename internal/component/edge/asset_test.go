package edge_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/xatube/xatube-operator/api/v1alpha1"
)

// release is a frontend as upstream's image and serve.json make it: a page that names its script, and 404 for the
// scripts of all other releases.
func release(name string) http.HandlerFunc {
	script := "/static/js/main." + name + ".js"
	return func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == script:
			w.Header().Set("Content-Type", "application/javascript")
			_, _ = io.WriteString(w, name)
		case strings.HasPrefix(r.URL.Path, "/static/"), strings.HasSuffix(r.URL.Path, ".svg"):
			w.Header().Set("Content-Type", "text/html")
			w.WriteHeader(http.StatusNotFound)
		default:
			w.Header().Set("Content-Type", "text/html")
			_, _ = io.WriteString(w, script)
		}
	}
}

// C3. Two of five pods run the new release: every page finds its script, whichever pod it came from and whichever is
// asked first.
func TestPagesFindTheirAssetsDuringARoll(t *testing.T) {
	for name, life := range map[string]v1alpha1.Duration{"kept": "24h", "not kept": "0s"} {
		t.Run(name, func(t *testing.T) {
			p := newPlatform(t)
			p.frontends(t, 5, func(w http.ResponseWriter, r *http.Request) {
				name := "old"
				if n := w.Header().Get("X-Pod"); strings.HasSuffix(n, "-1") || strings.HasSuffix(n, "-2") {
					name = "new"
				}
				release(name)(w, r)
			})
			b := p.startEdge(t, func(c *v1alpha1.XaTubeCluster) { c.Spec.Edge.Cache.Static = life })
			b.awaitPods(t, "/")
			releases := map[string]bool{}
			for range 100 {
				script := b.get(t, "/watch/1").body
				a := b.get(t, script)
				if a.StatusCode != http.StatusOK || a.Header.Get("Content-Type") != "application/javascript" {
					t.Fatalf("%s answered %d %s", script, a.StatusCode, a.Header.Get("Content-Type"))
				}
				releases[a.body] = true
			}
			if len(releases) != 2 {
				t.Errorf("pages of %v, want of both releases", releases)
			}
		})
	}
}

// C3. What no pod has is missing, is told to all of them once, and is kept by nobody.
func TestMissingAssetIsMissing(t *testing.T) {
	p := newPlatform(t)
	pods := p.frontends(t, 3, release("old"))
	p.dns.set(anyFrontend, pods[0].pod)
	b := p.startEdge(t, nil)
	b.awaitPods(t, "/")
	asked := func() int { return pods[0].count() + pods[1].count() + pods[2].count() }
	for _, path := range []string{"/static/js/main.gone.js", "/static/media/none", "/logo.svg"} {
		before := asked()
		a := b.get(t, path)
		if a.StatusCode != http.StatusNotFound || a.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s answered %d, Cache-Control %q, want 404 and no-store", path, a.StatusCode, a.Header.Get("Cache-Control"))
		}
		// All pods, and once more the Service that stands for any of them.
		if n := asked() - before; n < len(pods) || n > len(pods)+1 {
			t.Errorf("%d requests for one missing asset, want one for each pod", n)
		}
	}
	// Any other path belongs to the application's router.
	if a := b.get(t, "/watch/a.b"); a.StatusCode != http.StatusOK || a.Header.Get("Cache-Control") != "no-cache" {
		t.Errorf("a page answered %d, Cache-Control %q", a.StatusCode, a.Header.Get("Cache-Control"))
	}
}
