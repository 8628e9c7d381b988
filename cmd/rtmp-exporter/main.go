// Command rtmp-exporter shows Prometheus what nginx knows of its streams. It stands beside nginx in the pods of the
// ingest, from the operator's image.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/xatube/xatube-operator/internal/exporter"
)

func main() {
	address := flag.String("address", ":9728", "address of /metrics and /healthz")
	stat := flag.String("stat", "http://127.0.0.1:8080/stat", "address of the statistics of nginx")
	flag.Parse()
	slog.SetDefault(slog.New(slog.NewJSONHandler(os.Stderr, nil)))
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	if err := serve(ctx, *address, *stat); err != nil {
		slog.Error("Stopped", "error", err)
		os.Exit(1)
	}
}

// serve until the context ends.
func serve(ctx context.Context, address, stat string) error {
	registry := prometheus.NewRegistry()
	if err := registry.Register(exporter.New(stat)); err != nil {
		return fmt.Errorf("registering the collector: %w", err)
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	server := &http.Server{Addr: address, Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	stopped := context.AfterFunc(ctx, func() { _ = server.Close() })
	defer stopped()
	if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serving %s: %w", address, err)
	}
	return nil
}
