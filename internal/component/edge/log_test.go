package edge_test

import (
	"net/http"
	"strings"
	"testing"
)

// TestLogsHoldNoQuery: upstream's login carries name and password there, and the chat may carry a token.
func TestLogsHoldNoQuery(t *testing.T) {
	p := newPlatform(t)
	p.backends(t, 1, func(_ http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "breaks") {
			panic(http.ErrAbortHandler)
		}
	})
	b := p.startEdge(t, nil)
	b.awaitPods(t, "/api/warm")
	const secret = "username=ann&password=hunter2"
	for _, path := range []string{
		"/api/auth/login", "/api/auth/breaks", "/api/streams/ws/key/chat", "/api/rtmp/validate-key", "/", "/hls/key.m3u8",
		"/docs/breaks", "/metrics",
	} {
		b.do(t, http.MethodPost, path+"?"+secret, strings.NewReader("x"), "Referer", "https://tube.example.com/login?"+secret)
	}
	b.logged(t, "path", "/metrics") // the last one
	login := b.logged(t, "path", "/api/auth/login")
	for key, want := range map[string]any{
		"method": "POST", "path": "/api/auth/login", "status": 200.0, "client": "127.0.0.1", "upstreamStatus": "200",
		"referer": "https://tube.example.com/login",
	} {
		if login[key] != want {
			t.Errorf("%s is %v, want %v", key, login[key], want)
		}
	}
	for _, key := range []string{"requestId", "upstream", "upstreamSeconds", "upstreamConnectSeconds", "time"} {
		if login[key] == "" {
			t.Errorf("%s is empty", key)
		}
	}
	for name, content := range map[string]string{"access log": read(t, b.folder+"/access.log"), "error log": b.log.String()} {
		if strings.Contains(content, "hunter2") {
			t.Errorf("the %s holds the password:\n%s", name, content)
		}
	}
}

func TestLogSurvivesHostileText(t *testing.T) {
	b := newPlatform(t).startEdge(t, nil)
	b.get(t, `/%22%7d%0a"}`, "User-Agent", `"},{"status":200`, "Referer", `\"`)
	if entry := b.logged(t, "path", `/%22%7D%0A%22%7D`); entry["status"] != 503.0 || entry["userAgent"] != `"},{"status":200` {
		t.Errorf("%v", entry)
	}
}
