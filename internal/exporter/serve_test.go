package exporter_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/xatube/xatube-operator/internal/exporter"
)

func TestServe(t *testing.T) {
	nginx := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, "<rtmp><server><application><name>live</name><live></live></application></server></rtmp>")
	}))
	t.Cleanup(nginx.Close)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	_ = l.Close()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- exporter.Serve(ctx, address, exporter.New(nginx.URL)) }()

	for path, want := range map[string]string{"/healthz": "ok", "/metrics": `nginx_rtmp_publishers{application="live"} 0`} {
		if got := get(t, "http://"+address+path); !strings.Contains(got, want) {
			t.Errorf("%s answers %q, want %q", path, got, want)
		}
	}
	cancel()
	if err := <-done; err != nil {
		t.Errorf("it ends with %v when told to", err)
	}
}

// get waits for an answer.
func get(t *testing.T, url string) string {
	t.Helper()
	for deadline := time.After(10 * time.Second); ; {
		response, err := http.Get(url)
		if err == nil {
			defer response.Body.Close()
			body, err := io.ReadAll(response.Body)
			if err != nil {
				t.Fatal(err)
			}
			return string(body)
		}
		select {
		case <-deadline:
			t.Fatal(err)
		case <-time.After(50 * time.Millisecond):
		}
	}
}
