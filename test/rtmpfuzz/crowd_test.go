package rtmpfuzz_test

import (
	"fmt"
	"net"
	"net/http"
	"testing"
	"time"
)

// crowd is how many connections hold a place and do nothing with it.
const crowd = 10000

// gather opens connections, each of which says no more than its share. They stay until the test ends.
func gather(t *testing.T, address string, say func(n int) string) {
	t.Helper()
	for n := range crowd {
		c, err := net.DialTimeout("tcp", address, 10*time.Second)
		if err != nil {
			t.Fatalf("connection %d: %v", n, err)
		}
		t.Cleanup(func() { _ = c.Close() })
		_, _ = c.Write([]byte(say(n)))
	}
}

// expectService asks for all that the pod is there for, for a while.
func expectService(t *testing.T, i *ingest, publishes string) {
	t.Helper()
	client := http.Client{Timeout: time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	asks := time.NewTicker(100 * time.Millisecond)
	defer asks.Stop()
	for range 20 {
		// What the probes of the pod ask, and how long they wait at least.
		response, err := client.Get(fmt.Sprintf("http://127.0.0.1:%d/healthz", i.http))
		if err != nil {
			t.Fatalf("the pod is not healthy: %v", err)
		}
		_ = response.Body.Close()
		<-asks.C
	}
	c, err := dial(i.entry, "")
	if err != nil {
		t.Fatalf("a publisher cannot connect: %v", err)
	}
	defer c.Close()
	if _, err := c.Write(session(publishes)); err != nil {
		t.Fatal(err)
	}
	if code, err := status(c); err != nil || code != "NetStream.Publish.Start" {
		t.Errorf("a publisher cannot publish: %q, %v", code, err)
	}
}

// TestCrowd of idle, slow and half-open connections leaves health, hooks, HLS and publishers alone. A10.
func TestCrowd(t *testing.T) {
	hello := make([]byte, 1537)
	hello[0] = 3
	whole := string(hello) + string(hello[1:])
	for _, c := range []struct {
		name string
		http bool
		say  func(n int) string
	}{
		{name: "at the port of RTMP", say: func(n int) string {
			// Nothing, one byte, half a handshake, a whole one, and a message that does not come.
			return []string{"", whole[:1], whole[:700], whole, whole + "\x03\x00\x00\x00\x00\xff\xff\x14"}[n%5]
		}},
		{name: "at the port of HTTP", http: true, say: func(n int) string {
			return []string{"", "GET /hls/a.m3u8 HTTP/1.1\r\nHost: "}[n%2]
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			i := startIngest(t)
			s := publishVictim(t, i)
			w := watch(t, i)
			address := i.entry
			if c.http {
				address = fmt.Sprintf("127.0.0.1:%d", i.http)
			}
			gather(t, address, c.say)
			expectService(t, i, "ok-new")
			w.stop()
			expectUndisturbed(t, i, s, w)
		})
	}
}
