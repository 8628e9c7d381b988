package edge_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/xatube/xatube-operator/api/v1alpha1"
)

// everyAnswer has these, once each.
var everyAnswer = map[string]string{
	"Content-Security-Policy": "worker-src 'self' blob:; object-src 'none'; base-uri 'self'",
	"X-Frame-Options":         "SAMEORIGIN",
	"X-Content-Type-Options":  "nosniff",
	"Referrer-Policy":         "strict-origin-when-cross-origin",
	"Permissions-Policy":      "camera=()",
	"X-Request-Id":            "",
}

func checkEveryAnswer(t *testing.T, a answer) {
	t.Helper()
	for name, part := range everyAnswer {
		values := a.Header.Values(name)
		if len(values) != 1 || values[0] == "" || !strings.Contains(values[0], part) {
			t.Errorf("%s: %s is %q", a.Status, name, values)
		}
	}
	if v := a.Header.Values("Strict-Transport-Security"); len(v) > 0 {
		t.Errorf("%s: Strict-Transport-Security over plain HTTP: %q", a.Status, v)
	}
	if s := a.Header.Get("Server"); s != "nginx" {
		t.Errorf("%s: Server tells %q", a.Status, s)
	}
}

// insecure is an application with headers of its own that the edge must replace, not repeat.
func insecure(w http.ResponseWriter, r *http.Request) {
	for name := range everyAnswer {
		w.Header().Set(name, "weak")
	}
	w.Header().Set("Strict-Transport-Security", "max-age=1")
	switch r.URL.Path {
	case "/api/missing", "/hls/missing.m3u8":
		w.WriteHeader(http.StatusNotFound)
	case "/api/broken":
		w.WriteHeader(http.StatusInternalServerError)
	}
	fmt.Fprint(w, "content")
}

func TestHeadersOfEveryAnswer(t *testing.T) {
	p := newPlatform(t)
	p.backends(t, 1, insecure)
	p.ingests(t, 1, insecure)
	b := p.startEdge(t, nil)
	b.awaitPods(t, "/api/warm", "/hls/warm.m3u8")
	for path, status := range map[string]int{
		"/health": 200, "/api/streams": 200, "/live/key.m3u8": 200, "/live/key-1.ts": 200,
		"/api/missing": 404, "/live/missing.m3u8": 404, "/api/broken": 500,
		"/metrics": 403, "/": 503, "/static/js/main.js": 503,
	} {
		t.Run(path, func(t *testing.T) {
			a := b.get(t, path)
			if a.StatusCode != status {
				t.Errorf("%s, want %d", a.Status, status)
			}
			checkEveryAnswer(t, a)
		})
	}
}

func TestPlayerMayPlay(t *testing.T) {
	got := newPlatform(t).startEdge(t, nil).get(t, "/").Header.Get("Content-Security-Policy")
	for _, want := range []string{"media-src 'self' blob:", "connect-src 'self' ws: wss:", "worker-src 'self' blob:"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q lacks %q", got, want)
		}
	}
}

// policy is the sources of each directive of a Content-Security-Policy.
func policy(a answer) map[string]string {
	out := map[string]string{}
	for directive := range strings.SplitSeq(a.Header.Get("Content-Security-Policy"), ";") {
		name, sources, _ := strings.Cut(strings.TrimSpace(directive), " ")
		out[name] = sources
	}
	return out
}

// TestHeadersOfASite: who may embed it and where its media come from is the site's to say. A24.
func TestHeadersOfASite(t *testing.T) {
	type want struct{ ancestors, media, connect, frameOptions, permissions, hsts string }
	for name, c := range map[string]struct {
		headers v1alpha1.EdgeHeaders
		want    want
	}{
		"by default": {want: want{
			ancestors: "'self'", media: "'self' blob:", connect: "'self' ws: wss:", frameOptions: "SAMEORIGIN",
			permissions: "geolocation=(), microphone=(), camera=()", hsts: "max-age=2592000",
		}},
		"changed": {
			headers: v1alpha1.EdgeHeaders{
				FrameAncestors: []v1alpha1.WebSource{"https://blog.example.com", "https://*.example.org:8443"},
				MediaSources:   []v1alpha1.WebSource{"https://cdn.example.com"},
				Permissions:    []v1alpha1.BrowserPermission{v1alpha1.PermissionCamera, v1alpha1.PermissionMicrophone},
				StrictTransportSecurity: v1alpha1.StrictTransportSecurity{
					MaxAge: "8760h", IncludeSubDomains: v1alpha1.ToggleEnabled,
				},
			},
			want: want{
				ancestors: "'self' https://blog.example.com https://*.example.org:8443",
				media:     "'self' blob: https://cdn.example.com", connect: "'self' ws: wss: https://cdn.example.com",
				permissions: "geolocation=(), microphone=(self), camera=(self)", hsts: "max-age=31536000; includeSubDomains",
			},
		},
		"for everybody, and forgotten": {
			headers: v1alpha1.EdgeHeaders{
				FrameAncestors:          []v1alpha1.WebSource{"*"},
				StrictTransportSecurity: v1alpha1.StrictTransportSecurity{MaxAge: "0s"},
			},
			want: want{
				ancestors: "'self' *", media: "'self' blob:", connect: "'self' ws: wss:",
				permissions: "geolocation=(), microphone=(), camera=()", hsts: "max-age=0",
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := newPlatform(t).startEdge(t, func(x *v1alpha1.XaTubeCluster) {
				x.Spec.Edge.TrustedProxies = []v1alpha1.CIDR{"127.0.0.1/32"}
				if c.headers.StrictTransportSecurity.MaxAge != "" {
					x.Spec.Edge.Headers = c.headers
				}
			})
			for _, path := range []string{"/", "/watch/key", "/api/missing", "/live/key.m3u8"} {
				a := b.get(t, path, "X-Forwarded-Proto", "https")
				p := policy(a)
				got := want{
					p["frame-ancestors"], p["media-src"], p["connect-src"], strings.Join(a.Header.Values("X-Frame-Options"), "|"),
					a.Header.Get("Permissions-Policy"), a.Header.Get("Strict-Transport-Security"),
				}
				if got != c.want {
					t.Errorf("%s: %+v, want %+v", path, got, c.want)
				}
			}
			// Nobody embeds the pages that try the API.
			docs := b.get(t, "/docs")
			if policy(docs)["frame-ancestors"] != "'self'" || docs.Header.Get("X-Frame-Options") != "SAMEORIGIN" {
				t.Errorf("others may embed /docs: %v", docs.Header)
			}
		})
	}
}

// TestCookiesStayWithinTLS: upstream's login cookie says nothing of it. C12.
func TestCookiesStayWithinTLS(t *testing.T) {
	p := newPlatform(t)
	p.backends(t, 1, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Add("Set-Cookie", "access_token=abc; HttpOnly; Max-Age=7776000; Path=/; SameSite=lax")
		w.Header().Add("Set-Cookie", "theme=dark; Path=/")
		w.Header().Add("Set-Cookie", "known=1; Secure")
	})
	b := p.startEdge(t, func(c *v1alpha1.XaTubeCluster) { c.Spec.Edge.TrustedProxies = []v1alpha1.CIDR{"127.0.0.1/32"} })
	b.awaitPods(t, "/api/warm")
	for scheme, secure := range map[string]bool{"http": false, "https": true} {
		a := b.do(t, http.MethodPost, "/api/auth/login", nil, "X-Forwarded-Proto", scheme)
		for _, c := range a.Cookies() {
			if want := secure || c.Name == "known"; c.Secure != want {
				t.Errorf("%s: %s, Secure %t, want %t", scheme, c.Raw, c.Secure, want)
			}
			// A page may read what the application lets it read.
			if c.HttpOnly != (c.Name == "access_token") || c.Name == "access_token" && (c.SameSite != http.SameSiteLaxMode || c.MaxAge != 7776000) {
				t.Errorf("%s: %s lost or gained something", scheme, c.Raw)
			}
		}
		if n := len(a.Cookies()); n != 3 {
			t.Errorf("%s: %d cookies", scheme, n)
		}
	}
}

func TestDocsMayLoadTheirCDN(t *testing.T) {
	p := newPlatform(t)
	p.backends(t, 1, ok)
	b := p.startEdge(t, nil)
	b.awaitPods(t, "/api/warm")
	for path, want := range map[string]bool{"/docs": true, "/redoc": true, "/docs/oauth2-redirect": true, "/api/docs": false} {
		if got := strings.Contains(b.get(t, path).Header.Get("Content-Security-Policy"), "cdn.jsdelivr.net"); got != want {
			t.Errorf("%s: the CDN is allowed: %t, want %t", path, got, want)
		}
	}
}

func TestCacheControl(t *testing.T) {
	p := newPlatform(t)
	answerWith := func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, ".png") || strings.HasSuffix(r.URL.Path, ".js") {
			w.Header().Set("Content-Type", "application/octet-stream")
		} else {
			w.Header().Set("Content-Type", "text/html")
		}
		if strings.Contains(r.URL.Path, "own") {
			w.Header().Set("Cache-Control", "private")
		}
		if strings.Contains(r.URL.Path, "missing") {
			w.WriteHeader(http.StatusNotFound)
		}
	}
	p.backends(t, 1, answerWith)
	p.frontends(t, 1, answerWith)
	p.ingests(t, 1, func(http.ResponseWriter, *http.Request) {})
	b := p.startEdge(t, nil)
	b.awaitPods(t, "/api/warm", "/", "/hls/warm.m3u8")
	for path, want := range map[string]string{
		"/":                       "no-cache",
		"/watch/key":              "no-cache",
		"/static/js/main.js":      "public, max-age=86400",
		"/static/js/fallback.jsx": "no-cache",
		"/service-worker.js":      "no-cache",
		"/static/own.js":          "private",
		"/static/missing.js":      "no-store",
		"/uploads/a.png":          "public, max-age=86400",
		"/live/key.m3u8":          "no-store",
		"/dash/key.mpd":           "no-store",
		"/live/key-1.ts":          "public, max-age=20",
		"/api/a.png":              "",
		"/metrics":                "no-store",
	} {
		if got := b.get(t, path).Header.Values("Cache-Control"); strings.Join(got, "|") != want {
			t.Errorf("%s: Cache-Control is %q, want %q", path, got, want)
		}
	}
}

func TestRequestID(t *testing.T) {
	p := newPlatform(t)
	backend := p.backends(t, 1, ok)[0]
	b := p.startEdge(t, nil)
	b.awaitPods(t, "/api/warm")
	for name, c := range map[string]struct {
		sent string
		kept bool
	}{
		"given":     {"0af7651916cd43dd8448eb211c80319c", true},
		"absent":    {"", false},
		"malicious": {`abcdefgh"},{"status":200`, false},
		"short":     {"a", false},
	} {
		t.Run(name, func(t *testing.T) {
			a := b.get(t, "/api/id", "X-Request-Id", c.sent, "Authorization", "x")
			id := a.Header.Get("X-Request-Id")
			if len(id) < 8 || (id == c.sent) != c.kept {
				t.Errorf("sent %q, got %q", c.sent, id)
			}
			if got := backend.last(t).header.Get("X-Request-Id"); got != id {
				t.Errorf("the backend saw %q, the client %q", got, id)
			}
		})
	}
}

func TestForwardedHeaders(t *testing.T) {
	claims := []string{
		"X-Forwarded-For", "198.51.100.7", "X-Forwarded-Proto", "https", "X-Forwarded-Host", "evil.example.com",
		"Forwarded", "for=198.51.100.7", "X-Real-Ip", "198.51.100.7", "Host", "tube.example.com:8443",
	}
	for name, c := range map[string]struct {
		trusted       []v1alpha1.CIDR
		client, proto string
		hsts          bool
	}{
		"a stranger is not believed":  {nil, "127.0.0.1", "http", false},
		"a trusted proxy is believed": {[]v1alpha1.CIDR{"127.0.0.0/8"}, "198.51.100.7", "https", true},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPlatform(t)
			backend := p.backends(t, 1, ok)[0]
			b := p.startEdge(t, func(c2 *v1alpha1.XaTubeCluster) { c2.Spec.Edge.TrustedProxies = c.trusted })
			b.awaitPods(t, "/api/warm")
			a := b.get(t, "/api/me", claims...)
			h := backend.last(t).header
			for header, want := range map[string]string{
				"X-Forwarded-For": c.client, "X-Real-Ip": c.client, "X-Forwarded-Proto": c.proto,
				"X-Forwarded-Host": "tube.example.com:8443", "Forwarded": "",
			} {
				if got := strings.Join(h.Values(header), "|"); got != want {
					t.Errorf("%s is %q, want %q", header, got, want)
				}
			}
			if got := a.Header.Get("Strict-Transport-Security") != ""; got != c.hsts {
				t.Errorf("Strict-Transport-Security sent: %t, want %t", got, c.hsts)
			}
		})
	}
}

// TestRedirectsKeepTheScheme: FastAPI redirects /api/streams/ to an absolute URL and knows nothing of TLS in front.
func TestRedirectsKeepTheScheme(t *testing.T) {
	p := newPlatform(t)
	p.backends(t, 1, func(w http.ResponseWriter, r *http.Request) {
		target := "http://" + r.Host + "/api/streams"
		if r.URL.Path == "/api/away" {
			target = "http://elsewhere.example.com/"
		}
		http.Redirect(w, r, target, http.StatusTemporaryRedirect)
	})
	b := p.startEdge(t, func(c *v1alpha1.XaTubeCluster) { c.Spec.Edge.TrustedProxies = []v1alpha1.CIDR{"127.0.0.0/8"} })
	b.awaitPods(t, "/api/warm")
	for path, want := range map[string]string{
		"/api/streams/": "https://tube.example.com/api/streams",
		"/api/away":     "http://elsewhere.example.com/",
	} {
		a := b.get(t, path, "Host", "tube.example.com", "X-Forwarded-Proto", "https")
		if got := a.Header.Get("Location"); got != want {
			t.Errorf("%s leads to %s, want %s", path, got, want)
		}
	}
}

func TestCompression(t *testing.T) {
	p := newPlatform(t)
	backend := p.backends(t, 1, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, "[%q]", strings.Repeat("x", 4096))
	})[0]
	b := p.startEdge(t, nil)
	b.awaitPods(t, "/api/warm")
	a := b.get(t, "/api/streams", "Accept-Encoding", "gzip")
	if a.Header.Get("Content-Encoding") != "gzip" || len(a.body) > 1024 || a.Header.Get("Vary") == "" {
		t.Errorf("encoding %q, vary %q, %d bytes", a.Header.Get("Content-Encoding"), a.Header.Get("Vary"), len(a.body))
	}
	if got := backend.last(t).header.Get("Accept-Encoding"); got != "" {
		t.Errorf("the backend was asked for %q", got)
	}
}
