package edge_test

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"testing"
)

// seen is a request as a pod received it.
type seen struct {
	method, uri string
	header      http.Header
}

// server is one pod: it answers on an address of its own.
type server struct {
	pod  pod
	http *http.Server

	mu       sync.Mutex
	requests []seen
}

// startServer listens on 127.0.GROUP.NUMBER, so that several pods share a port as in a cluster.
func startServer(t *testing.T, group, number, port int, handler http.HandlerFunc) *server {
	t.Helper()
	addr := netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, byte(group), byte(number)}), uint16(port))
	listener, err := net.Listen("tcp", addr.String())
	if err != nil {
		t.Fatal(err)
	}
	s := &server{pod: pod{name: fmt.Sprintf("127-0-%d-%d", group, number), addr: addr}}
	s.http = &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		s.requests = append(s.requests, seen{method: r.Method, uri: r.RequestURI, header: r.Header.Clone()})
		s.mu.Unlock()
		w.Header().Set("X-Pod", s.pod.name)
		handler(w, r)
	})}
	go func() { _ = s.http.Serve(listener) }()
	t.Cleanup(func() { _ = s.http.Close() })
	return s
}

func (s *server) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.requests)
}

func (s *server) last(t *testing.T) seen {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.requests) == 0 {
		t.Fatalf("%s received nothing", s.pod.name)
	}
	return s.requests[len(s.requests)-1]
}

// Groups of addresses.
const (
	groupBackend = 21 + iota
	groupFrontend
	groupRTMP
)

func (p *platform) backends(t *testing.T, n int, handler http.HandlerFunc) []*server {
	t.Helper()
	return p.pods(t, groupBackend, n, p.backendPort, handler, backendService, anyBackend)
}

func (p *platform) frontends(t *testing.T, n int, handler http.HandlerFunc) []*server {
	t.Helper()
	return p.pods(t, groupFrontend, n, p.frontendPort, handler, frontendService, anyFrontend)
}

func (p *platform) ingests(t *testing.T, n int, handler http.HandlerFunc) []*server {
	t.Helper()
	return p.pods(t, groupRTMP, n, p.rtmpPort, handler, rtmpService)
}

func (p *platform) pods(t *testing.T, group, n, port int, handler http.HandlerFunc, services ...string) []*server {
	t.Helper()
	var servers []*server
	var pods []pod
	for i := range n {
		s := startServer(t, group, i+1, port, handler)
		servers, pods = append(servers, s), append(pods, s.pod)
	}
	for _, service := range services {
		p.dns.set(service, pods...)
	}
	return servers
}

// nobody is an address of a group where no server listens.
func (p *platform) nobody(group byte) netip.AddrPort {
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, group, 99}), uint16(p.backendPort))
}
