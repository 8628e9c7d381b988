// Package proxy carries TCP connections from the host's loopback into the network of a cluster.
package proxy

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"sync"
	"time"

	"github.com/xatube/xatube-operator/hack/cluster/internal/netns"
)

// dialTimeout is short, so that a namespace that is cut off is passed over quickly.
const dialTimeout = 2 * time.Second

// Dial opens the far side of one connection.
type Dial func() (*net.TCPConn, error)

// Listen opens an address of the host and serves it until the context ends.
func Listen(ctx context.Context, address string, dial Dial) error {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", address)
	if err != nil {
		return fmt.Errorf("listening on %s: %w", address, err)
	}
	return serve(ctx, listener, dial)
}

func serve(ctx context.Context, listener net.Listener, dial Dial) error {
	stop := context.AfterFunc(ctx, func() { _ = listener.Close() })
	defer stop()
	for {
		conn, err := listener.Accept()
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return fmt.Errorf("accepting on %s: %w", listener.Addr(), err)
		}
		go carry(conn.(*net.TCPConn), dial)
	}
}

func carry(client *net.TCPConn, dial Dial) {
	defer func() { _ = client.Close() }()
	server, err := dial()
	if err != nil {
		log.Print(err)
		_ = client.SetLinger(0) // a reset tells the client that nobody answered
		return
	}
	defer func() { _ = server.Close() }()
	var both sync.WaitGroup
	both.Go(func() { pipe(server, client) })
	both.Go(func() { pipe(client, server) })
	both.Wait()
}

// pipe copies one direction and passes its end on; the other direction may go on.
func pipe(to, from *net.TCPConn) {
	_, _ = io.Copy(to, from) // an error ends the connection like an end of file does
	_ = to.CloseWrite()
}

// Inside dials an address from the first of some network namespaces in which that succeeds.
func Inside(address string, namespaces ...string) Dial {
	return func() (*net.TCPConn, error) {
		failed := errors.New("no namespace to dial from")
		for _, namespace := range namespaces {
			conn, err := dialFrom(namespace, address)
			if err == nil {
				return conn, nil
			}
			failed = err
		}
		return nil, failed
	}
}

// dialFrom connects from inside a namespace. The address must be numeric: a name would be looked up on
// another thread.
func dialFrom(namespace, address string) (*net.TCPConn, error) {
	var conn net.Conn
	err := netns.Do(namespace, func() error {
		var err error
		conn, err = net.DialTimeout("tcp4", address, dialTimeout)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("dialling %s in %s: %w", address, namespace, err)
	}
	return conn.(*net.TCPConn), nil
}
