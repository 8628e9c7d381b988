// Command rtmp-exporter shows Prometheus what nginx knows of its streams. It stands beside nginx in the pods of the
// ingest, from the operator's image.
package main

import (
	"context"
	"flag"

	"github.com/xatube/xatube-operator/internal/exporter"
)

func main() {
	address := flag.String("address", ":9728", "address of /metrics and /healthz")
	stat := flag.String("stat", "http://127.0.0.1:8080/stat", "address of the statistics of nginx")
	flag.Parse()
	exporter.Main(func(ctx context.Context) error {
		return exporter.Serve(ctx, *address, exporter.New(*stat))
	})
}
