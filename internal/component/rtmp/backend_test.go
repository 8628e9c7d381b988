package rtmp

import (
	"errors"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

// backend stands for the backends: it answers the hooks and keeps what it was asked.
type backend struct {
	port int

	mu     sync.Mutex
	answer map[string]int // status by path; 200 without
	bodies map[string]string
	calls  []string
}

func startBackend(t *testing.T) *backend {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	b := &backend{port: listener.Addr().(*net.TCPAddr).Port, answer: map[string]int{}, bodies: map[string]string{}}
	server := &http.Server{Handler: b, ReadHeaderTimeout: 5 * time.Second}
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() { _ = server.Close() })
	return b
}

func (b *backend) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.calls = append(b.calls, strings.TrimSpace(r.Method+" "+r.URL.RequestURI()+" "+string(body)))
	status, found := b.answer[r.URL.Path]
	switch {
	case found:
		w.Header().Set("Location", "stolen")
		w.WriteHeader(status)
	case r.Host != "backend.test" && r.Host != "nobody.test":
		w.WriteHeader(http.StatusBadRequest)
	case r.URL.Path == "/api/rtmp/publish" && string(body) != "name=good-key&app=live":
		w.WriteHeader(http.StatusForbidden)
	default:
		_, _ = io.WriteString(w, b.bodies[r.URL.RequestURI()])
	}
}

// tells makes the backend answer a URI with a text.
func (b *backend) tells(uri, text string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.bodies[uri] = text
}

// says makes the backend answer a path with a status.
func (b *backend) says(path string, status int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.answer[path] = status
}

// told returns what the backend was asked, and forgets it.
func (b *backend) told() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	calls := b.calls
	b.calls = nil
	return calls
}

// heard says whether the backend was asked just this.
func (b *backend) heard(call string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Contains(b.calls, call)
}

// hosts are the names that the DNS knows: the backends, the pod itself and another one.
var hosts = map[string][4]byte{
	"backend.test.":     {127, 0, 0, 1},
	"pod-0.peers.test.": {127, 0, 0, 1},
	"pod-1.peers.test.": {127, 0, 0, 2},
}

func known(host string) bool {
	_, found := hosts[host+"."]
	return found
}

// startDNS serves the hosts.
func startDNS(t *testing.T) (port int) {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	go func() {
		buf := make([]byte, 512)
		for {
			n, from, err := conn.ReadFrom(buf)
			if errors.Is(err, net.ErrClosed) {
				return
			}
			var m dnsmessage.Message
			if err != nil || m.Unpack(buf[:n]) != nil || len(m.Questions) == 0 {
				continue
			}
			m.Response = true
			q := m.Questions[0]
			if address, known := hosts[q.Name.String()]; !known {
				m.RCode = dnsmessage.RCodeNameError
			} else if q.Type == dnsmessage.TypeA {
				m.Answers = []dnsmessage.Resource{{
					Header: dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class, TTL: 1},
					Body:   &dnsmessage.AResource{A: address},
				}}
			}
			if b, err := m.Pack(); err == nil {
				_, _ = conn.WriteTo(b, from)
			}
		}
	}()
	return conn.LocalAddr().(*net.UDPAddr).Port
}
