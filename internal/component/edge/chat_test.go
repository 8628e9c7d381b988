package edge_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
)

// rooms tells which pod each of many streams is led to.
func (b *balancer) rooms(t *testing.T, n int) map[string]string {
	t.Helper()
	out := map[string]string{}
	for i := range n {
		key := fmt.Sprintf("key-%d_%c", i*i, 'a'+i%26)
		out[key] = b.get(t, "/api/streams/ws/"+key+"/chat").Header.Get("X-Pod")
	}
	return out
}

func pick(rooms map[string]string) map[string]bool {
	pods := map[string]bool{}
	for _, p := range rooms {
		pods[p] = true
	}
	return pods
}

// TestEveryEdgeFindsTheRoom: the DNS answers in another order each time, and more pods than fit into one datagram.
func TestEveryEdgeFindsTheRoom(t *testing.T) {
	p := newPlatform(t)
	pods := p.backends(t, 12, ok)
	edges := []*balancer{p.startEdge(t, nil), p.startEdge(t, nil), p.startEdge(t, nil)}
	const rooms = 150
	awaitPods := func(n int) {
		for _, b := range edges {
			eventually(t, func() error {
				if got := pick(b.rooms(t, rooms)); len(got) != n || got[""] {
					return fmt.Errorf("rooms on %v, want %d pods", got, n)
				}
				return nil
			})
		}
	}
	awaitPods(len(pods))
	before := edges[0].rooms(t, rooms)
	for _, b := range edges[1:] {
		for key, got := range b.rooms(t, rooms) {
			if got != before[key] {
				t.Errorf("room %s is on %s through one edge and on %s through another", key, before[key], got)
			}
		}
	}

	gone := pods[4].pod
	rest := append(append([]*server{}, pods[:4]...), pods[5:]...)
	var left []pod
	for _, s := range rest {
		left = append(left, s.pod)
	}
	p.dns.set(backendService, left...)
	awaitPods(len(rest))
	for _, b := range edges {
		for key, got := range b.rooms(t, rooms) {
			if before[key] != gone.name && got != before[key] {
				t.Errorf("room %s moved from %s to %s though only %s left", key, before[key], got, gone.name)
			}
		}
	}
}

// TestRoomsDoNotSplit: one edge sees a pod fail and the other does not. Both have the same substitute while it is
// dead, and both return to it.
func TestRoomsDoNotSplit(t *testing.T) {
	p := newPlatform(t)
	pods := p.backends(t, 4, ok)
	edges := []*balancer{p.startEdge(t, nil), p.startEdge(t, nil)}
	for _, b := range edges {
		eventually(t, func() error {
			if n := len(pick(b.rooms(t, 60))); n != len(pods) {
				return fmt.Errorf("%d pods known", n)
			}
			return nil
		})
	}
	compare := func(when string) {
		a, b := edges[0].rooms(t, 60), edges[1].rooms(t, 60)
		for key := range a {
			if a[key] != b[key] || a[key] == "" {
				t.Errorf("%s room %s is on %q and on %q", when, key, a[key], b[key])
			}
		}
	}
	_ = pods[2].http.Close()
	edges[0].rooms(t, 60)
	startServer(t, groupBackend, 3, p.backendPort, ok)
	compare("after one edge saw the failure")
	_ = pods[1].http.Close()
	compare("while a pod is dead")
}

func TestWebSocket(t *testing.T) {
	p := newPlatform(t)
	p.backends(t, 1, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Upgrade") != "websocket" || r.Header.Get("Connection") != "upgrade" {
			fmt.Fprintf(w, "upgrade %q, connection %q", r.Header.Get("Upgrade"), r.Header.Get("Connection"))
			return
		}
		c, rw, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		defer c.Close()
		_, _ = io.WriteString(c, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n")
		_, _ = io.Copy(c, rw)
	})
	b := p.startEdge(t, nil)
	b.awaitPods(t, "/api/streams/ws/warm/chat")

	c, err := net.Dial("tcp", strings.TrimPrefix(b.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_, _ = io.WriteString(c, "GET /api/streams/ws/key/chat HTTP/1.1\r\nHost: x\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\n\r\n")
	r := bufio.NewReader(c)
	resp, err := http.ReadResponse(r, nil)
	if err != nil || resp.StatusCode != http.StatusSwitchingProtocols {
		t.Fatalf("%v %v", resp, err)
	}
	_, _ = io.WriteString(c, "hello\n")
	if line, err := r.ReadString('\n'); err != nil || line != "hello\n" {
		t.Errorf("%q %v", line, err)
	}
	// Anything else is not let through to a backend that might speak it.
	a := b.get(t, "/api/streams/ws/key/chat", "Upgrade", "h2c", "Connection", "Upgrade, HTTP2-Settings")
	if a.body != `upgrade "", connection ""` {
		t.Errorf("the backend saw %s", a.body)
	}
}
