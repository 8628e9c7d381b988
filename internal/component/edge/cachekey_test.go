package edge_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

// repeater answers with all that it was asked, as the worst of applications might.
func repeater(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	names := make([]string, 0, len(r.Header))
	for name := range r.Header {
		names = append(names, name)
	}
	slices.Sort(names)
	var text strings.Builder
	fmt.Fprintf(&text, "%s uri=%s host=%s body=%q\n", r.Method, r.RequestURI, r.Host, body)
	for _, name := range names {
		fmt.Fprintf(&text, "%s=%q\n", name, r.Header[name])
	}
	w.Header().Set("Content-Type", "text/plain")
	w.Header().Set("Content-Length", fmt.Sprint(text.Len()))
	fmt.Fprint(w, text.String())
}

// send sends a request as it is, which Go's client would put right first.
func (b *balancer) send(t *testing.T, request string) answer {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(b.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(conn, request); err != nil {
		t.Fatal(err)
	}
	method, _, _ := strings.Cut(request, " ")
	resp, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: method})
	if err != nil {
		t.Fatalf("%q: %v", request, err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatalf("%q: %v", request, err)
	}
	return answer{Response: resp, body: string(body)}
}

const visitorsHost = "tube.example.com"

// attacks are requests with "evil" wherever a visitor has a say; PATH is the path of the victim, which may go on.
var attacks = map[string]string{
	// A3.
	"an origin that goes on":      "GET PATH HTTP/1.1\r\nHost: tube.example.com\r\nOrigin: -evil\r\n",
	"an origin":                   "GET PATH HTTP/1.1\r\nHost: tube.example.com\r\nOrigin: https://evil.example.com\r\n",
	"an origin with a separator":  "GET PATH HTTP/1.1\r\nHost: tube.example.com\r\nOrigin: |PATH-evil\r\n",
	"an origin with a path":       "GET PATH HTTP/1.1\r\nHost: tube.example.com\r\nOrigin: https://a.example.com/evil\r\n",
	"no origin at all":            "GET PATH HTTP/1.1\r\nHost: tube.example.com\r\nOrigin: null\r\nX-Evil: evil\r\n",
	"two origins":                 "GET PATH HTTP/1.1\r\nHost: tube.example.com\r\nOrigin: https://a.example.com\r\nOrigin: https://evil.example.com\r\n",
	"another host":                "GET PATH HTTP/1.1\r\nHost: evil.example.com\r\n",
	"a port":                      "GET PATH HTTP/1.1\r\nHost: tube.example.com:666\r\nX-Evil: evil\r\n",
	"a host with a separator":     "GET PATH HTTP/1.1\r\nHost: tube.example.com|evil\r\n",
	"a host with two separators":  "GET PATH HTTP/1.1\r\nHost: tube.example.com||evil\r\n",
	"two hosts":                   "GET PATH HTTP/1.1\r\nHost: tube.example.com\r\nHost: evil.example.com\r\n",
	"absolute form":               "GET http://evil.example.com:1PATH HTTP/1.1\r\nHost: tube.example.com\r\n",
	"absolute form, no host":      "GET http://evil.example.comPATH HTTP/1.0\r\n",
	"forwarded host":              "GET PATH HTTP/1.1\r\nHost: tube.example.com\r\nX-Forwarded-Host: evil.example.com\r\nX-Forwarded-Server: evil\r\nX-Host: evil\r\n",
	"forwarded scheme":            "GET PATH HTTP/1.1\r\nHost: tube.example.com\r\nX-Forwarded-Proto: evil\r\nX-Forwarded-Scheme: evil\r\nX-Forwarded-Port: 666\r\nX-Forwarded-Prefix: /evil\r\nForwarded: host=evil\r\n",
	"forwarded address":           "GET PATH HTTP/1.1\r\nHost: tube.example.com\r\nX-Forwarded-For: evil\r\nX-Real-IP: evil\r\n",
	"another path by a header":    "GET PATH HTTP/1.1\r\nHost: tube.example.com\r\nX-Original-URL: /evil\r\nX-Rewrite-URL: /evil\r\n",
	"another method by a header":  "GET PATH HTTP/1.1\r\nHost: tube.example.com\r\nX-HTTP-Method-Override: EVIL\r\n",
	"what he accepts":             "GET PATH HTTP/1.1\r\nHost: tube.example.com\r\nAccept: text/evil\r\nAccept-Language: evil\r\nAccept-Encoding: evil\r\nUser-Agent: evil\r\nReferer: evil\r\n",
	"a cookie":                    "GET PATH HTTP/1.1\r\nHost: tube.example.com\r\nCookie: theme=evil\r\n",
	"a token":                     "GET PATH HTTP/1.1\r\nHost: tube.example.com\r\nAuthorization: Bearer evil\r\n",
	"an identifier":               "GET PATH HTTP/1.1\r\nHost: tube.example.com\r\nX-Request-ID: evil-evil-evil\r\n",
	"a condition":                 "GET PATH HTTP/1.1\r\nHost: tube.example.com\r\nIf-None-Match: \"evil\"\r\nCache-Control: no-cache\r\nPragma: evil\r\n",
	"a part":                      "GET PATH HTTP/1.1\r\nHost: tube.example.com\r\nRange: bytes=0-3\r\nIf-Range: \"evil\"\r\n",
	"an upgrade":                  "GET PATH HTTP/1.1\r\nHost: tube.example.com\r\nConnection: upgrade\r\nUpgrade: evil\r\n",
	"a body":                      "GET PATH HTTP/1.1\r\nHost: tube.example.com\r\nContent-Length: 4\r\n\r\nevil",
	"a body in chunks":            "GET PATH HTTP/1.1\r\nHost: tube.example.com\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nevil\r\n0\r\n\r\n",
	"HEAD":                        "HEAD PATH HTTP/1.1\r\nHost: tube.example.com\r\nX-Evil: evil\r\n",
	"HEAD with a body":            "HEAD PATH HTTP/1.1\r\nHost: tube.example.com\r\nContent-Length: 4\r\n\r\nevil",
	"POST":                        "POST PATH HTTP/1.1\r\nHost: tube.example.com\r\nContent-Length: 4\r\n\r\nevil",
	"OPTIONS":                     "OPTIONS PATH HTTP/1.1\r\nHost: tube.example.com\r\nOrigin: https://evil.example.com\r\n",
	"a query":                     "GET PATH?evil HTTP/1.1\r\nHost: tube.example.com\r\n",
	"an empty query":              "GET PATH? HTTP/1.1\r\nHost: tube.example.com\r\nX-Evil: evil\r\n",
	"a fragment":                  "GET PATH#evil HTTP/1.1\r\nHost: tube.example.com\r\n",
	"more slashes":                "GET /PATH HTTP/1.1\r\nHost: tube.example.com\r\nX-Evil: evil\r\n",
	"a detour":                    "GET /evil/..PATH HTTP/1.1\r\nHost: tube.example.com\r\n",
	"an encoded detour":           "GET /evil%2f..PATH HTTP/1.1\r\nHost: tube.example.com\r\n",
	"an encoded query":            "GET PATH%3Fevil HTTP/1.1\r\nHost: tube.example.com\r\n",
	"a header of the edge itself": "GET PATH HTTP/1.1\r\nHost: tube.example.com\r\nX-Accel-Expires: 60\r\nX-Evil: evil\r\n",
}

// TestCacheCannotBePoisoned: whatever one visitor asks, the next gets the answer to his own question.
func TestCacheCannotBePoisoned(t *testing.T) {
	p := newPlatform(t)
	p.backends(t, 1, repeater)
	p.frontends(t, 1, repeater)
	p.ingests(t, 1, repeater)
	b := p.startEdge(t, withAPICache("1m"))
	b.awaitPods(t, "/api/warm", "/", "/hls/warm.m3u8")
	n := 0
	for _, route := range []string{"/api/users/%d", "/uploads/%d.png", "/static/js/%d.js", "/hls/key-%d.ts", "/hls/%d.m3u8"} {
		for name, attack := range attacks {
			n++
			path := fmt.Sprintf(route, n)
			t.Run(route+" "+name, func(t *testing.T) {
				request := strings.ReplaceAll(attack, "PATH", path)
				if !strings.Contains(request, "\r\n\r\n") {
					request += "\r\n"
				}
				if b.send(t, request).StatusCode == 0 {
					t.Fatal("no answer")
				}
				got := b.get(t, path, "Host", visitorsHost)
				if got.StatusCode != http.StatusOK || strings.Contains(strings.ToLower(got.body), "evil") {
					t.Errorf("%s %s:\n%s", got.Status, got.Header.Get("X-Cache-Status"), got.body)
				}
				if want := "GET uri=" + path + " "; !strings.HasPrefix(got.body, want) {
					t.Errorf("got the answer to %q, want %q", got.body, want)
				}
			})
		}
		// Otherwise the table proves nothing.
		if !strings.HasSuffix(route, ".m3u8") && !b.hit(t, fmt.Sprintf(route, 0), "Host", visitorsHost, "User-Agent", "x") {
			t.Errorf("%s is never kept", route)
		}
	}
}

// TestCacheKeyEndsWithTheURI: A3, the name of one user and the origin of a request that make up the name of another.
func TestCacheKeyEndsWithTheURI(t *testing.T) {
	p := newPlatform(t)
	p.backends(t, 1, repeater)
	b := p.startEdge(t, withAPICache("1m"))
	b.awaitPods(t, "/api/warm")
	for range 2 {
		b.get(t, "/api/users/bob", "Origin", "by")
		if got := b.get(t, "/api/users/bobby").body; !strings.HasPrefix(got, "GET uri=/api/users/bobby ") {
			t.Errorf("bobby's page is %q", got)
		}
	}
}

// TestUploadsAreKeptByOrigin: A3, the first answer without CORS headers would break players of other sites for a day.
func TestUploadsAreKeptByOrigin(t *testing.T) {
	p := newPlatform(t)
	p.backends(t, 1, func(w http.ResponseWriter, r *http.Request) {
		if origin := r.Header.Get("Origin"); origin != "" {
			w.Header().Set("Access-Control-Allow-Origin", origin)
		}
		w.Header().Set("Content-Length", "2")
		fmt.Fprint(w, "ok")
	})
	p.frontends(t, 1, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Access-Control-Allow-Origin", r.Header.Get("Origin"))
		w.Header().Set("Content-Length", "2")
		fmt.Fprint(w, "ok")
	})
	b := p.startEdge(t, withAPICache("1m"))
	b.awaitPods(t, "/api/warm", "/")
	for _, path := range []string{"/uploads/a.mp4", "/api/streams", "/static/a.woff2"} {
		for range 2 {
			for _, origin := range []string{"", "https://a.example.com", "http://localhost:3000", "https://b.example.com", "http://[::1]:80", "null", "app://x"} {
				a := b.get(t, path, "Origin", origin)
				if got := a.Header.Get("Access-Control-Allow-Origin"); got != origin {
					t.Errorf("%s for %q allows %q", path, origin, got)
				}
			}
		}
		if !b.hit(t, path, "Origin", "https://a.example.com") {
			t.Errorf("%s is never kept for a player of another site", path)
		}
	}
}

// TestOnlySuccessIsKept, whatever lifetime an answer claims.
func TestOnlySuccessIsKept(t *testing.T) {
	p := newPlatform(t)
	handler := func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "public, max-age=3600")
		status := http.StatusNotFound
		_, name, _ := strings.Cut(r.URL.Path, "status-")
		_, _ = fmt.Sscanf(name, "%d", &status)
		w.Header().Set("Content-Length", "2")
		if status == http.StatusPartialContent {
			w.Header().Set("Content-Range", "bytes 0-1/10")
		}
		w.WriteHeader(status)
		fmt.Fprint(w, "ok")
	}
	p.backends(t, 1, handler)
	p.frontends(t, 1, handler)
	p.ingests(t, 1, handler)
	b := p.startEdge(t, withAPICache("1m"))
	b.awaitPods(t, "/api/warm", "/", "/hls/warm.m3u8")
	for _, route := range []string{"/api/status-%d", "/uploads/status-%d.png", "/static/status-%d.js", "/hls/status-%d.m3u8", "/hls/status-%d.ts", "/live/a-status-%d-1.ts"} {
		for _, status := range []int{201, 206, 301, 302, 401, 403, 404, 410, 429, 500, 503} {
			path := fmt.Sprintf(route, status)
			for range 2 {
				if s := b.get(t, path).Header.Get("X-Cache-Status"); s == "HIT" || s == "STALE" {
					t.Errorf("%s: %s", path, s)
				}
			}
		}
	}
}
