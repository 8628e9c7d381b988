// Command rtmp-gate is where publishers enter a pod of the ingest, and shows Prometheus what nginx knows of their
// streams. It stands beside nginx, from the operator's image.
package main

import (
	"context"
	"flag"
	"fmt"
	"net"

	"github.com/xatube/xatube-operator/internal/exporter"
	"github.com/xatube/xatube-operator/internal/gate"
)

type options struct {
	listen, metrics, stat, scratch string
	scratchSize                    int64
	gate                           gate.Config
}

func main() {
	o := options{gate: gate.Defaults()}
	flag.StringVar(&o.listen, "listen", ":1935", "address for publishers")
	flag.StringVar(&o.gate.Upstream, "upstream", o.gate.Upstream, "address at which nginx takes RTMP after a line of the PROXY protocol")
	flag.StringVar(&o.metrics, "metrics", ":9728", "address of /metrics and /healthz")
	flag.StringVar(&o.stat, "stat", "http://127.0.0.1:18081/stat", "address of the statistics of nginx")
	flag.StringVar(&o.scratch, "scratch", "/var/lib/rtmp/live", "folder of the live fragments")
	flag.Int64Var(&o.scratchSize, "scratch-size", 0, "bytes that the folder may hold; 0: any number")
	flag.Parse()
	exporter.Main(func(ctx context.Context) error { return serve(ctx, o) })
}

// serve until the context ends, or one of the two servers does.
func serve(ctx context.Context, o options) error {
	scratch := gate.NewScratch(o.scratch, o.scratchSize)
	o.gate.Full, o.gate.Overflows = scratch.Full, scratch.Overflows
	g := gate.New(o.gate)
	listener, err := net.Listen("tcp", o.listen)
	if err != nil {
		return fmt.Errorf("taking publishers: %w", err)
	}
	stopped := context.AfterFunc(ctx, func() { _ = listener.Close() })
	defer stopped()
	ended := make(chan error, 2)
	go func() { ended <- g.Serve(listener) }()
	go func() { ended <- exporter.Serve(ctx, o.metrics, exporter.New(o.stat), scratch, g) }()
	return <-ended
}
