// Package door stands between a backend and its database, and lets new connections wait while the database fails over.
// It passes on bytes and changes none, so that TLS, logins and settings of sessions stay between the two.
package door

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"sync"
	"time"
)

// Config of a door.
type Config struct {
	// Upstream is the address of the database's primary.
	Upstream string
	// Patience is how long connections wait, counted from the moment when the database was first missed. Later ones are closed
	// at once until it is back: an application that waits does nothing else.
	Patience time.Duration
	// Pause between two tries, and Timeout of each.
	Pause, Timeout time.Duration
}

// Defaults suit a failover: it takes 5 s when a pod dies, and 10 s when its node is lost.
func Defaults() Config {
	return Config{Patience: 20 * time.Second, Pause: 100 * time.Millisecond, Timeout: 2 * time.Second}
}

// Door passes connections on.
type Door struct {
	cfg    Config
	dialer *net.Dialer

	mu sync.Mutex
	// missed is when the database was first found missing since a session was last begun; zero if it was not.
	missed time.Time
}

// New door.
func New(cfg Config) *Door {
	return &Door{cfg: cfg, dialer: newDialer(cfg.Timeout)}
}

// Serve connections until the listener is closed, and then those that are open until the context ends.
func (d *Door) Serve(ctx context.Context, listener net.Listener) error {
	var open sync.WaitGroup
	defer open.Wait()
	for {
		client, err := listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("accepting connections: %w", err)
		}
		open.Go(func() { d.pass(ctx, client) })
	}
}

// pass one connection on.
func (d *Door) pass(ctx context.Context, client net.Conn) {
	defer client.Close()
	upstream, err := d.reach(ctx)
	if err != nil {
		slog.Warn("Closed a connection because the database is away", "error", err)
		return
	}
	defer upstream.Close()
	stop := context.AfterFunc(ctx, func() {
		_ = client.Close()
		_ = upstream.Close()
	})
	defer stop()
	ended := make(chan struct{}, 2)
	go func() {
		_, _ = io.Copy(upstream, client)
		ended <- struct{}{}
	}()
	go func() {
		_, _ = io.Copy(client, upstream)
		ended <- struct{}{}
	}()
	<-ended
	_ = client.Close()
	_ = upstream.Close()
	<-ended
}

// reach connects to the database, as soon as it takes sessions.
func (d *Door) reach(ctx context.Context) (net.Conn, error) {
	for {
		upstream, err := d.connect(ctx)
		if err == nil {
			return upstream, nil
		}
		if since := time.Since(d.miss()); since > d.cfg.Patience {
			return nil, fmt.Errorf("it has been missing for %s: %w", since.Round(time.Second), err)
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(d.cfg.Pause):
		}
	}
}

// connect once. The database is asked first whether it takes sessions: one that shuts down or starts accepts connections too,
// and refuses what comes by them. It is asked each time: an application that has just read that its session was ended is back
// before the door knows of that end.
func (d *Door) connect(ctx context.Context) (net.Conn, error) {
	if err := d.ask(ctx); err != nil {
		return nil, err
	}
	upstream, err := d.dialer.DialContext(ctx, "tcp", d.cfg.Upstream)
	if err != nil {
		return nil, fmt.Errorf("connecting: %w", err)
	}
	d.mu.Lock()
	d.missed = time.Time{}
	d.mu.Unlock()
	return upstream, nil
}

// miss notes that the database is away, and tells since when.
func (d *Door) miss() time.Time {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.missed.IsZero() {
		d.missed = time.Now()
	}
	return d.missed
}
