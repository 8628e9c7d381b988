package proxy

import (
	"context"
	"errors"
	"io"
	"net"
	"syscall"
	"testing"
	"time"
)

// start serves the proxy on a free port until the test ends.
func start(t *testing.T, dial Dial) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- serve(ctx, listener, dial) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("the proxy ended with %v", err)
		}
	})
	return listener.Addr().String()
}

// answerer answers with what it was sent, once the sender has finished.
func answerer(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		defer func() { _ = conn.Close() }()
		raw, err := io.ReadAll(conn)
		if err == nil {
			_, _ = conn.Write(append([]byte("got "), raw...))
		}
	}()
	return listener.Addr().String()
}

func connect(t *testing.T, address string) *net.TCPConn {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	return bounded(t, conn)
}

// bounded gives a connection an end, so that a proxy that hangs fails the test.
func bounded(t *testing.T, conn net.Conn) *net.TCPConn {
	t.Helper()
	t.Cleanup(func() { _ = conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	return conn.(*net.TCPConn)
}

// A protocol may finish one direction and wait for the other: that must pass through.
func TestHalfClosedConnection(t *testing.T) {
	server := answerer(t)
	conn := connect(t, start(t, func() (*net.TCPConn, error) {
		conn, err := net.Dial("tcp", server)
		if err != nil {
			return nil, err
		}
		return conn.(*net.TCPConn), nil
	}))
	if _, err := conn.Write([]byte("hello")); err != nil {
		t.Fatal(err)
	}
	if err := conn.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	raw, err := io.ReadAll(conn)
	if err != nil || string(raw) != "got hello" {
		t.Errorf("got %q, %v", raw, err)
	}
}

func TestFailedDialResets(t *testing.T) {
	address := start(t, func() (*net.TCPConn, error) { return nil, errors.New("nobody there") })
	conn, err := net.Dial("tcp", address)
	if err == nil { // else the reset was faster than the connection
		_, err = bounded(t, conn).Read(make([]byte, 1))
	}
	if !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("got %v, want a reset", err)
	}
}

func TestInsideOfNoNamespace(t *testing.T) {
	if _, err := Inside("127.0.0.1:1", "xatube.none.node-1")(); err == nil {
		t.Error("dialled from a namespace that does not exist")
	}
}
