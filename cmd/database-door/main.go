// Command database-door lets the connections of a backend to its database wait while the database fails over. It stands
// beside the backend, from the operator's image.
package main

import (
	"context"
	"flag"
	"fmt"
	"net"

	"github.com/xatube/xatube-operator/internal/door"
	"github.com/xatube/xatube-operator/internal/exporter"
)

func main() {
	cfg := door.Defaults()
	listen := flag.String("listen", "127.0.0.1:5432", "address for the backend")
	flag.StringVar(&cfg.Upstream, "upstream", "", "address of the database's primary")
	flag.DurationVar(&cfg.Patience, "patience", cfg.Patience, "how long connections wait for a database that is away")
	flag.Parse()
	exporter.Main(func(ctx context.Context) error { return serve(ctx, *listen, cfg) })
}

// serve until the context ends.
func serve(ctx context.Context, address string, cfg door.Config) error {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return fmt.Errorf("taking connections: %w", err)
	}
	stopped := context.AfterFunc(ctx, func() { _ = listener.Close() })
	defer stopped()
	return door.New(cfg).Serve(ctx, listener)
}
