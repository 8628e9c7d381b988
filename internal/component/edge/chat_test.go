package edge_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/xatube/xatube-operator/api/v1alpha1"
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

// awaitRooms waits until every edge leads its rooms to so many pods.
func awaitRooms(t *testing.T, edges []*balancer, pods int) {
	t.Helper()
	for _, b := range edges {
		eventually(t, func() error {
			if got := pick(b.rooms(t, 150)); len(got) != pods || got[""] {
				return fmt.Errorf("rooms on %v, want %d pods", got, pods)
			}
			return nil
		})
	}
}

// TestEveryEdgeFindsTheRoom: the DNS answers in another order each time, and more pods than fit into one datagram.
func TestEveryEdgeFindsTheRoom(t *testing.T) {
	p := newPlatform(t)
	pods := p.backends(t, 12, ok)
	edges := []*balancer{p.startEdge(t, nil), p.startEdge(t, nil), p.startEdge(t, nil)}
	const rooms = 150
	awaitRooms(t, edges, len(pods))
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
	awaitRooms(t, edges, len(rest))
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

// echo is a chat with oneself: it answers what it hears, and anything but a handshake with what it was asked.
func echo(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Upgrade") != "websocket" || r.Header.Get("Connection") != "upgrade" {
		fmt.Fprintf(w, "upgrade %q, connection %q", r.Header.Get("Upgrade"), r.Header.Get("Connection"))
		return
	}
	c, rw, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	defer c.Close()
	// The name stands in the answer to every handshake.
	_, _ = fmt.Fprintf(c, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nX-Pod: %s\r\n\r\n", w.Header().Get("X-Pod"))
	_, _ = io.Copy(c, rw)
}

// viewer has a chat open.
type viewer struct {
	net.Conn
	in *bufio.Reader
	// pod that holds the room.
	pod string
}

// enter opens the chat of a stream, for a visitor with an address of his own.
func (b *balancer) enter(t *testing.T, key string) *viewer {
	t.Helper()
	c := dialFrom(t, b, visitors.next())
	resp := c.handshake(t, "/api/streams/ws/"+key+"/chat")
	if resp.StatusCode != http.StatusSwitchingProtocols {
		t.Fatal(resp.Status)
	}
	return &viewer{Conn: c, in: c.r, pod: resp.Header.Get("X-Pod")}
}

// handshake asks for a WebSocket.
func (c *connection) handshake(t *testing.T, path string) *http.Response {
	t.Helper()
	_, _ = fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: x\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\n\r\n", path)
	resp, err := http.ReadResponse(c.r, nil)
	if err != nil {
		t.Fatal(err)
	}
	return resp
}

// addresses gives each visitor another one.
type addresses struct{ given atomic.Uint32 }

var visitors addresses

func (a *addresses) next() net.IP {
	n := a.given.Add(1)
	return net.IPv4(127, 1, byte(n>>8), byte(n))
}

// speak says something and fails unless it is heard.
func (v *viewer) speak() error {
	_ = v.SetDeadline(time.Now().Add(10 * time.Second))
	_, _ = io.WriteString(v, "hello\n")
	if line, err := v.in.ReadString('\n'); err != nil || line != "hello\n" {
		return fmt.Errorf("%q %w", line, err)
	}
	return nil
}

func TestWebSocket(t *testing.T) {
	p := newPlatform(t)
	p.backends(t, 1, echo)
	b := p.startEdge(t, nil)
	b.awaitPods(t, "/api/streams/ws/warm/chat")
	if err := b.enter(t, "key").speak(); err != nil {
		t.Error(err)
	}
	// Anything else is not let through to a backend that might speak it.
	a := b.get(t, "/api/streams/ws/key/chat", "Upgrade", "h2c", "Connection", "Upgrade, HTTP2-Settings")
	if a.body != `upgrade "", connection ""` {
		t.Errorf("the backend saw %s", a.body)
	}
}

// TestADepartureMovesOnlyItsRooms: chats are open through two edges when a backend leaves the DNS. None of them is cut, for
// the backend says goodbye to its own; whoever comes anew meets, through either edge, those of the rooms that stay.
func TestADepartureMovesOnlyItsRooms(t *testing.T) {
	p := newPlatform(t)
	pods := p.backends(t, 3, echo)
	edges := []*balancer{p.startEdge(t, nil), p.startEdge(t, nil)}
	awaitRooms(t, edges, len(pods))
	const rooms = 12
	var there [rooms][2]*viewer
	for i := range there {
		for e, b := range edges {
			there[i][e] = b.enter(t, fmt.Sprintf("room-%d", i))
		}
		if there[i][0].pod != there[i][1].pod || there[i][0].pod == "" {
			t.Fatalf("room %d is on %q and on %q", i, there[i][0].pod, there[i][1].pod)
		}
	}
	gone := there[0][0].pod
	var left []pod
	for _, s := range pods {
		if s.pod.name != gone {
			left = append(left, s.pod)
		}
	}
	p.dns.set(backendService, left...)
	awaitRooms(t, edges, len(left))
	for i, viewers := range there {
		var now [2]string
		for e, v := range viewers {
			if err := v.speak(); err != nil {
				t.Errorf("room %d ended when %s left the DNS: %v", i, gone, err)
			}
			now[e] = edges[e].enter(t, fmt.Sprintf("room-%d", i)).pod
		}
		before := viewers[0].pod
		if moved := now[0] != before; now[0] != now[1] || moved != (before == gone) {
			t.Errorf("room %d was on %s and is on %v, though only %s left", i, before, now, gone)
		}
	}
}

// crowded is a pod that takes so many chats and refuses more, as its door does.
func crowded(limit int32) http.HandlerFunc {
	var open atomic.Int32
	return func(w http.ResponseWriter, r *http.Request) {
		if open.Add(1) > limit {
			open.Add(-1)
			w.Header().Set("Retry-After", "30")
			http.Error(w, "full", http.StatusServiceUnavailable)
			return
		}
		defer open.Add(-1)
		echo(w, r)
	}
}

// C1. One visitor cannot take the seats of everybody else: with three pods of 24 there are 72.
func TestOneVisitorHasFewChats(t *testing.T) {
	p := newPlatform(t)
	var pods []pod
	for i := range 3 {
		pods = append(pods, startServer(t, groupBackend, i+1, p.backendPort, crowded(24)).pod)
	}
	p.dns.set(backendService, pods...)
	p.dns.set(anyBackend, pods...)
	b := p.startEdge(t, nil)
	awaitRooms(t, []*balancer{b}, len(pods))
	const visitorChats = 24
	hog, let := visitors.next(), 0
	for i := range 72 {
		c := dialFrom(t, b, hog)
		resp := c.handshake(t, fmt.Sprintf("/api/streams/ws/room-%d/chat", i%4))
		switch resp.StatusCode {
		case http.StatusSwitchingProtocols:
			let++
		case http.StatusTooManyRequests:
			body, err := io.ReadAll(resp.Body)
			if err != nil || !strings.HasPrefix(string(body), `{"detail":"`) || resp.Header.Get("Retry-After") != "1" {
				t.Fatalf("refused with %q, Retry-After %q, %v", body, resp.Header.Get("Retry-After"), err)
			}
		default:
			t.Fatalf("chat %d of one visitor: %s", i, resp.Status)
		}
	}
	if let != visitorChats {
		t.Errorf("one visitor has %d chats, want %d", let, visitorChats)
	}
	for i := range 72 - visitorChats {
		if err := b.enter(t, fmt.Sprintf("room-%d", i%4)).speak(); err != nil {
			t.Errorf("another visitor: %v", err)
		}
	}
}

// C1. A room that outgrows its pod goes on on the same next pods through every edge; with Refuse, and when all are full,
// further viewers are refused politely, and those who are there go on.
func TestARoomOutgrowsItsPod(t *testing.T) {
	for overflow, seats := range map[v1alpha1.ChatOverflow]int{v1alpha1.ChatSpread: 6, v1alpha1.ChatRefuse: 2} {
		t.Run(string(overflow), func(t *testing.T) {
			p := newPlatform(t)
			var pods []pod
			for i := range 3 {
				pods = append(pods, startServer(t, groupBackend, i+1, p.backendPort, crowded(2)).pod)
			}
			p.dns.set(backendService, pods...)
			p.dns.set(anyBackend, pods...)
			choose := func(c *v1alpha1.XaTubeCluster) { c.Spec.Backend.Chat.Overflow = overflow }
			edges := []*balancer{p.startEdge(t, choose), p.startEdge(t, choose)}
			awaitRooms(t, edges, len(pods))
			var viewers []*viewer
			for i := range seats {
				viewers = append(viewers, edges[i%2].enter(t, "popular"))
			}
			for i := 0; i+1 < len(viewers); i += 2 {
				if viewers[i].pod != viewers[i+1].pod {
					t.Errorf("viewer %d is on %s and the next one on %s", i, viewers[i].pod, viewers[i+1].pod)
				}
			}
			for _, b := range edges {
				a := b.get(t, "/api/streams/ws/popular/chat", "Upgrade", "websocket", "Connection", "Upgrade")
				if a.StatusCode != http.StatusServiceUnavailable || a.Header.Get("Retry-After") != "30" {
					t.Errorf("one viewer too many got %d, Retry-After %q", a.StatusCode, a.Header.Get("Retry-After"))
				}
			}
			for _, v := range viewers {
				if err := v.speak(); err != nil {
					t.Error(err)
				}
			}
		})
	}
}
