package edge_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/xatube/xatube-operator/api/v1alpha1"
)

// TestRefusals: C11. What nginx refuses by itself is JSON below /api/, and a page elsewhere.
func TestRefusals(t *testing.T) {
	p := newPlatform(t)
	p.backends(t, 1, ok)
	p.frontends(t, 1, ok)
	p.ingests(t, 1, ok)
	serving := p.startEdge(t, func(c *v1alpha1.XaTubeCluster) { c.Spec.Backend.Uploads.MaxUploadSize = "1Mi" })
	serving.awaitPods(t, "/api/warm", "/", "/hls/warm.m3u8")
	paused := p.startEdge(t, func(c *v1alpha1.XaTubeCluster) {
		c.Spec.PowerState = v1alpha1.PowerHibernated
		c.Spec.Edge.WhileHibernated = v1alpha1.EdgeServe
	})
	const host = " HTTP/1.1\r\nHost: a\r\n"
	long := strings.Repeat("x", 40_000)
	type refusal struct {
		request string
		status  int
	}
	refusals := func(path string) map[string]refusal {
		return map[string]refusal{
			"no header":        {"GET " + path + host + "no header\r\n\r\n", 400},
			"two hosts":        {"GET " + path + host + "Host: b\r\n\r\n", 400},
			"two lengths":      {"POST " + path + host + "Content-Length: 1\r\nContent-Length: 2\r\n\r\n", 400},
			"long address":     {"GET " + path + long + host + "\r\n", 414},
			"long headers":     {"GET " + path + host + "X-A: " + long + "\r\n\r\n", 400},
			"TRACE":            {"TRACE " + path + host + "\r\n", 405},
			"absolute address": {"GET http://a" + path + long + host + "\r\n", 414},
		}
	}
	for _, path := range []string{"/api/streams", "/api/streams/1/upload-video", "/api/users/1/avatar", "/", "/uploads/a.png", "/live/key.m3u8", "/static/a.js"} {
		both := refusals(path)
		for name, c := range both {
			for kind, b := range map[string]*balancer{"serving": serving, "paused": paused} {
				t.Run(path+" "+name+" "+kind, func(t *testing.T) { checkRefusal(t, b.send(t, c.request), path, c.status) })
			}
		}
		for name, request := range map[string]string{
			"too large": "POST " + path + host + "Content-Length: 99999999\r\n\r\n",
			"no chunk":  "POST " + path + host + "Transfer-Encoding: chunked\r\n\r\nzz\r\n",
		} {
			if name == "no chunk" && (strings.HasSuffix(path, "video") || strings.HasSuffix(path, "avatar")) {
				continue // it is the backend's then
			}
			t.Run(path+" "+name, func(t *testing.T) {
				status := map[string]int{"too large": 413, "no chunk": 400}[name]
				checkRefusal(t, serving.send(t, request), path, status)
			})
		}
	}
	if a := serving.get(t, "/_refused/api"); a.StatusCode != http.StatusNotFound {
		t.Errorf("the text of a refusal is an address: %s", a.Status)
	}
}

func checkRefusal(t *testing.T, a answer, path string, status int) {
	t.Helper()
	if a.StatusCode != status {
		t.Fatalf("%s: %q, want %d", a.Status, a.body, status)
	}
	wantType := "text/html"
	if strings.HasPrefix(path, "/api/") {
		wantType = "application/json"
		var detail struct{ Detail string }
		if err := json.Unmarshal([]byte(a.body), &detail); err != nil || detail.Detail == "" {
			t.Errorf("%q: %v", a.body, err)
		}
	} else if !strings.Contains(a.body, "<h1>") || strings.Contains(a.body, "<center>") {
		t.Errorf("no page of ours: %q", a.body)
	}
	if got := fmt.Sprint(a.Header.Values("Content-Type")); got != "["+wantType+"]" {
		t.Errorf("Content-Type %s, want %s", got, wantType)
	}
	if got := a.Header.Get("Cache-Control"); got != "no-store" {
		t.Errorf("Cache-Control %q", got)
	}
	if got := a.Header.Get("X-Content-Type-Options"); got != "nosniff" {
		t.Errorf("X-Content-Type-Options %q", got)
	}
}

// TestUploadSizeOfTheApplication: C11, the form around a file of 500 MiB is larger than the file.
func TestUploadSizeOfTheApplication(t *testing.T) {
	c := input(t, "testdata/default").Cluster
	size, err := c.Spec.Backend.Uploads.MaxUploadSize.Quantity()
	if err != nil || size.Value() <= 500<<20 {
		t.Errorf("by default %s, %v", size.String(), err)
	}
}
