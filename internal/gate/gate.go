// Package gate is where publishers enter the ingest. It takes RTMP apart and hands nginx, whose rtmp module trusts its
// clients too much, a session of its own making: one plain name, and media only once nginx has said yes.
package gate

import (
	"container/list"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"sync"
	"time"

	"github.com/xatube/xatube-operator/internal/rtmp"
)

// Config of a gate.
type Config struct {
	// Upstream is where nginx takes RTMP, after a line of the PROXY protocol.
	Upstream string
	// Waiting is how many connections there may be that publish nothing. The oldest makes room for a new one.
	Waiting int
	// Asking is how many of them nginx, and so the backend, may be asked about at a time: well below the connections that a
	// backend has to its database. Publishing is how many may publish.
	Asking, Publishing int
	// Patience is how long a connection may take to ask for a stream, and Answer how long nginx may take to say yes.
	Patience, Answer time.Duration
	// Hold is how long a client hears nothing that asks too often.
	Hold time.Duration
	// Memory is how many bytes of messages that have not come as a whole are held, over all connections. Above, those end
	// that hold most.
	Memory int64
	// Full reports whether there is no room for another stream; nil: there always is.
	Full func() bool
	// Overflows reports whether a publisher must end for want of space; nil: none must.
	Overflows func() bool
}

// Defaults bound a pod: nginx has 4096 connections, of which a publisher needs up to four.
func Defaults() Config {
	return Config{
		Upstream: "127.0.0.1:19350", Waiting: 2048, Asking: 16, Publishing: 512,
		Patience: 15 * time.Second, Answer: 20 * time.Second, Hold: 5 * time.Second, Memory: 256 << 20,
	}
}

// Gate lets publishers in.
type Gate struct {
	config  Config
	metrics metrics
	asks    *asks
	// memory is that of messages which have not come as a whole, over all connections.
	memory *rtmp.Budget

	mu sync.Mutex
	// waiting are the connections that publish nothing, the oldest first.
	waiting *list.List
	// streams are the sessions that publish, by key; nil while nginx is asked.
	streams map[string]*session
}

// New returns a gate that nobody has come to yet.
func New(c Config) *Gate {
	if c.Full == nil {
		c.Full = func() bool { return false }
	}
	if c.Overflows == nil {
		c.Overflows = func() bool { return false }
	}
	return &Gate{
		config: c, metrics: newMetrics(), asks: newAsks(c.Asking), memory: rtmp.NewBudget(c.Memory),
		waiting: list.New(), streams: map[string]*session{},
	}
}

// Serve takes connections until the listener is closed.
func (g *Gate) Serve(l net.Listener) error {
	done := make(chan struct{})
	defer close(done)
	go g.guard(done)
	for {
		c, err := l.Accept()
		switch {
		case errors.Is(err, net.ErrClosed):
			return nil
		case err != nil:
			// Mostly that there are no more file descriptors: one that waits gives up its own.
			slog.Warn("Cannot take a connection", "error", err)
			g.evict()
			<-time.After(acceptAgain)
			continue
		}
		go g.attend(c)
	}
}

// acceptAgain is the pause after a connection could not be taken.
const acceptAgain = 50 * time.Millisecond

// attend to a connection until its end.
func (g *Gate) attend(c net.Conn) {
	defer c.Close()
	g.metrics.connections.Inc()
	began := time.Now()
	s := &session{gate: g, client: c}
	defer s.release()
	place := g.wait(c)
	key, err := s.enter(began.Add(g.config.Patience))
	if !g.leave(place) {
		err = refusedCrowd
	}
	if err == nil {
		err = g.publish(s, key)
	}
	g.tell(c, err)
}

// tell the log and the metrics why a client may not publish, or not go on. The reasons name no stream: its key is a
// secret.
func (g *Gate) tell(c net.Conn, err error) {
	client := c.RemoteAddr().String()
	if reason := ending(""); errors.As(err, &reason) {
		g.metrics.ended.WithLabelValues(string(reason)).Inc()
		slog.Warn("Ended a publisher", "client", client, "reason", string(reason))
		return
	}
	if reason := refusal(""); errors.As(err, &reason) {
		g.metrics.refused.WithLabelValues(string(reason)).Inc()
		slog.Log(context.Background(), reason.level(), "Refused a publisher", "client", client, "reason", string(reason))
	}
}

// publish a stream for as long as its publisher and nginx go on with it.
func (g *Gate) publish(s *session, key string) error {
	upstream, refused := g.admit(s, key)
	switch refused {
	case refusedRate:
		g.hold(s.client, g.config.Hold)
	case refusedAgain:
		// The next time it is asked: the backend may have been away.
		g.hold(s.client, min(g.config.Hold, denialHolds))
	}
	if refused != "" {
		return s.refuse(refused)
	}
	defer g.release(key)
	defer upstream.Close()
	return s.pump(upstream)
}

// admit a publisher if there is room, and nginx says yes when its address has its turn.
func (g *Gate) admit(s *session, key string) (net.Conn, refusal) {
	if g.config.Full() {
		return nil, refusedFull
	}
	// What needs no question costs no turn.
	if refused := g.unavailable(key); refused != "" {
		return nil, refused
	}
	if g.asks.wasDenied(key) {
		return nil, refusedAgain
	}
	turn, refused := g.asks.begin(addressOf(s.client), g.config.Answer/2)
	if refused != "" {
		return nil, refused
	}
	if refused := g.take(key); refused != "" {
		g.asks.end(turn, key, false)
		return nil, refused
	}
	upstream, err := g.ask(s, key)
	g.asks.end(turn, key, err != nil)
	if err != nil {
		g.release(key)
		return nil, refusedByNginx
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.streams[key] = s
	return upstream, ""
}

// ask nginx for a stream.
func (g *Gate) ask(s *session, key string) (net.Conn, error) {
	answered := time.Now().Add(g.config.Answer)
	upstream, err := net.DialTimeout("tcp", g.config.Upstream, time.Until(answered))
	if err != nil {
		return nil, fmt.Errorf("connecting to nginx: %w", err)
	}
	_ = upstream.SetDeadline(answered)
	if err := introduce(upstream, s.client, key); err != nil {
		_ = upstream.Close()
		return nil, err
	}
	_ = upstream.SetDeadline(time.Time{})
	return upstream, nil
}

// wait puts a connection among those that publish nothing. Its place is its own until it leaves.
func (g *Gate) wait(c net.Conn) *list.Element {
	g.mu.Lock()
	place := g.waiting.PushBack(c)
	crowded := g.waiting.Len() > g.config.Waiting
	g.mu.Unlock()
	if crowded {
		g.evict()
	}
	return place
}

// hold a client that would otherwise come again at once, until others need its place.
func (g *Gate) hold(c net.Conn, wait time.Duration) {
	place := g.wait(c)
	_ = c.SetReadDeadline(time.Now().Add(wait))
	_, _ = io.CopyN(io.Discard, c, entryBytes)
	g.leave(place)
}

// leave reports whether the place was still the connection's.
func (g *Gate) leave(place *list.Element) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if place.Value == nil {
		return false
	}
	g.waiting.Remove(place)
	return true
}

// evict the connection that has waited longest: a publisher asks for its stream within a second.
func (g *Gate) evict() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if oldest := g.waiting.Front(); oldest != nil {
		_ = g.waiting.Remove(oldest).(net.Conn).Close()
		oldest.Value = nil
	}
}
