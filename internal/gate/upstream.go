package gate

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"time"

	"github.com/xatube/xatube-operator/internal/rtmp"
)

var (
	errEnd      = errors.New("the publisher has ended its stream")
	errRefused  = errors.New("nginx has refused the stream")
	errStranger = errors.New("nginx answers something else than a server of RTMP")
)

// finishing is how long nginx may take to see the end of a stream.
const finishing = 5 * time.Second

// introduce a publisher to nginx, and wait for its yes. Nothing that the client said goes on but the key.
func introduce(upstream net.Conn, client net.Conn, key string) error {
	if _, err := io.WriteString(upstream, proxyLine(client)); err != nil {
		return fmt.Errorf("introducing the client: %w", err)
	}
	if err := rtmp.Greet(upstream); err != nil {
		return err
	}
	r, w := rtmp.NewReader(upstream, entryBytes), rtmp.NewWriter(upstream)
	connect := rtmp.Command{Name: "connect", Transaction: 1, Arguments: []any{rtmp.Object{
		"app": application, "flashVer": "gate", "tcUrl": "rtmp://gate/" + application,
	}}}
	if err := converse(r, w, connect.Message(0), "_result", 1); err != nil {
		return err
	}
	create := rtmp.Command{Name: "createStream", Transaction: 2, Arguments: []any{nil}}
	if err := converse(r, w, create.Message(0), "_result", 2); err != nil {
		return err
	}
	publish := rtmp.Command{Name: "publish", Transaction: 3, Arguments: []any{nil, key, application}}
	return converse(r, w, publish.Message(1), "onStatus", 0)
}

// converse sends a command and waits for its answer.
func converse(r *rtmp.Reader, w *rtmp.Writer, m rtmp.Message, answer string, transaction float64) error {
	if err := w.Write(m); err != nil {
		return err
	}
	if err := w.Flush(); err != nil {
		return err
	}
	for range entryMessages {
		m, err := r.Next()
		if err != nil {
			return err
		}
		if m.Type != rtmp.TypeCommand {
			continue
		}
		c, err := rtmp.ParseCommand(m)
		if err != nil {
			return err
		}
		if c.Name != answer || c.Transaction != transaction {
			continue
		}
		if answer == "onStatus" && c.Object(1)["code"] != "NetStream.Publish.Start" {
			return errRefused
		}
		return nil
	}
	return errStranger
}

// proxyLine tells nginx whose connection it is, for its log.
func proxyLine(client net.Conn) string {
	from, errFrom := netip.ParseAddrPort(client.RemoteAddr().String())
	to, errTo := netip.ParseAddrPort(client.LocalAddr().String())
	if errFrom != nil || errTo != nil {
		return "PROXY UNKNOWN\r\n"
	}
	family := "TCP4"
	source, target := from.Addr().Unmap(), to.Addr().Unmap()
	if source.Is6() {
		family = "TCP6"
	}
	return fmt.Sprintf("PROXY %s %s %s %d %d\r\n", family, source.WithZone(""), target.WithZone(""), from.Port(), to.Port())
}

// discard what nginx sends, until its end.
func discard(upstream net.Conn) { _, _ = io.Copy(io.Discard, upstream) }

// finish a stream: nginx is to have all of it, and to have told of its end, before the next publisher of it comes.
func finish(upstream net.Conn, ended <-chan struct{}) {
	if half, ok := upstream.(*net.TCPConn); ok {
		_ = half.CloseWrite()
	}
	select {
	case <-ended:
	case <-time.After(finishing):
	}
}
