package main

import (
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/xatube/xatube-operator/internal/gate"
	"github.com/xatube/xatube-operator/internal/rtmp"
)

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// TestServe takes publishers, tells of the space for their fragments, and ends when it is told to.
func TestServe(t *testing.T) {
	o := options{listen: freeAddress(t), metrics: freeAddress(t), stat: "http://127.0.0.1:1/stat", scratch: t.TempDir(), scratchSize: 1 << 20, gate: gate.Defaults()}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- serve(ctx, o) }()
	deadline := time.Now().Add(10 * time.Second)
	metrics := ""
	for !strings.Contains(metrics, "rtmp_scratch_size_bytes 1.048576e+06") || !strings.Contains(metrics, `rtmp_gate_refused_total{reason="full"} 0`) {
		if time.Now().After(deadline) {
			t.Fatalf("the metrics are %q", metrics)
		}
		if response, err := http.Get("http://" + o.metrics + "/metrics"); err == nil {
			b, _ := io.ReadAll(response.Body)
			_ = response.Body.Close()
			metrics = string(b)
		}
	}
	c, err := net.Dial("tcp", o.listen)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := rtmp.Greet(c); err != nil {
		t.Errorf("a publisher is not let in: %v", err)
	}
	cancel()
	if err := <-done; err != nil {
		t.Errorf("it ends with %v when told to", err)
	}
}
