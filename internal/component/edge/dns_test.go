package edge_test

import (
	"bytes"
	"encoding/binary"
	"io"
	"math/rand/v2"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"

	"golang.org/x/net/dns/dnsmessage"
)

// zone is a small DNS server on the loopback that answers like the cluster's: A and SRV records of headless Services,
// in another order each time, with weights that depend on their number.
type zone struct {
	addr netip.AddrPort

	mu   sync.Mutex
	pods map[string][]pod // by Service
	slow chan struct{}    // no answer before it is closed
}

// pod is one endpoint of a headless Service.
type pod struct {
	name string
	addr netip.AddrPort
}

func startDNS(t *testing.T) *zone {
	t.Helper()
	z := &zone{
		addr: netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), uint16(freePort(t))),
		pods: map[string][]pod{},
	}
	udp, err := net.ListenPacket("udp", z.addr.String())
	if err != nil {
		t.Fatal(err)
	}
	tcp, err := net.Listen("tcp", z.addr.String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = udp.Close(), tcp.Close() })
	go z.serveUDP(udp)
	go z.serveTCP(tcp)
	return z
}

func (z *zone) set(service string, pods ...pod) {
	z.mu.Lock()
	defer z.mu.Unlock()
	z.pods[service] = pods
}

func (z *zone) serveUDP(c net.PacketConn) {
	buf := make([]byte, 1500)
	for {
		n, from, err := c.ReadFrom(buf)
		if err != nil {
			return
		}
		query := bytes.Clone(buf[:n])
		go func() {
			answer := z.answer(query)
			if len(answer) > 512 {
				answer = truncated(query)
			}
			_, _ = c.WriteTo(answer, from)
		}()
	}
}

func (z *zone) serveTCP(l net.Listener) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		go func() {
			defer c.Close()
			var length [2]byte
			for {
				if _, err := io.ReadFull(c, length[:]); err != nil {
					return
				}
				query := make([]byte, binary.BigEndian.Uint16(length[:]))
				if _, err := io.ReadFull(c, query); err != nil {
					return
				}
				answer := z.answer(query)
				_, _ = c.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(answer))), answer...))
			}
		}()
	}
}

func (z *zone) answer(query []byte) []byte {
	if z.slow != nil {
		<-z.slow
	}
	var m dnsmessage.Message
	if err := m.Unpack(query); err != nil || len(m.Questions) != 1 {
		return nil
	}
	m.Response, m.Authoritative, m.RecursionAvailable = true, true, true
	m.Additionals = nil
	q := m.Questions[0]
	var found bool
	if m.Answers, found = z.records(q); !found {
		m.RCode = dnsmessage.RCodeNameError
	}
	packed, err := m.Pack()
	if err != nil {
		return nil
	}
	return packed
}

func truncated(query []byte) []byte {
	var m dnsmessage.Message
	if err := m.Unpack(query); err != nil {
		return nil
	}
	m.Response, m.Truncated = true, true
	packed, _ := m.Pack()
	return packed
}

func (z *zone) records(q dnsmessage.Question) ([]dnsmessage.Resource, bool) {
	z.mu.Lock()
	defer z.mu.Unlock()
	name := strings.TrimSuffix(q.Name.String(), ".")
	header := dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: dnsmessage.ClassINET, TTL: 1}
	var out []dnsmessage.Resource
	found := false
	for service, pods := range z.pods {
		for _, i := range rand.Perm(len(pods)) {
			p := pods[i]
			host := p.name + "." + service
			switch name {
			case service, host:
				found = true
				if q.Type == dnsmessage.TypeA {
					out = append(out, dnsmessage.Resource{Header: header, Body: &dnsmessage.AResource{A: p.addr.Addr().As4()}})
				}
			case "_http._tcp." + service, "_chat._tcp." + service:
				found = true
				if q.Type == dnsmessage.TypeSRV {
					out = append(out, dnsmessage.Resource{Header: header, Body: &dnsmessage.SRVResource{
						Weight: uint16(100 / len(pods)), Port: p.addr.Port(), Target: dnsmessage.MustNewName(host + "."),
					}})
				}
			}
		}
	}
	return out, found
}
