// Command edge-exporter shows Prometheus what users get at the edge: every request by route, method and status, and how long
// it took, as nginx writes down; and the connections of nginx. It stands beside nginx in the pods of the edge, from the
// operator's image.
package main

import (
	"context"
	"flag"

	"github.com/xatube/xatube-operator/internal/exporter"
	"github.com/xatube/xatube-operator/internal/exporter/edge"
)

func main() {
	address := flag.String("address", ":9113", "address of /metrics and /healthz")
	log := flag.String("log", "/run/requests/requests.log", "file to which nginx appends a line for each request; it is emptied")
	status := flag.String("status", "http://127.0.0.1:8081/status", "address of stub_status of nginx")
	flag.Parse()
	exporter.Main(func(ctx context.Context) error { return run(ctx, *address, *log, *status) })
}

// run until the context ends.
func run(ctx context.Context, address, log, status string) error {
	requests, err := edge.Open(log)
	if err != nil {
		return err
	}
	defer requests.Close()
	go requests.Follow(ctx)
	return exporter.Serve(ctx, address, requests, edge.NewStatus(status))
}
