package rtmpfuzz_test

import (
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

const (
	// strangers ask from one address, each again and again.
	strangers = 1500
	// newcomers have keys, and addresses of their own.
	newcomers = 10
)

// TestFloodOfStrangers without a key: publishers from other addresses get in at once, and the backend hears of few of the
// strangers. A10.
func TestFloodOfStrangers(t *testing.T) {
	i := startIngest(t)
	s := publishVictim(t, i)
	w := watch(t, i)
	began := time.Now()
	var asked atomic.Int64
	stop := make(chan struct{})
	var all sync.WaitGroup
	for n := range strangers {
		all.Go(func() {
			for k := 0; ; k++ {
				select {
				case <-stop:
					return
				default:
				}
				if c, err := dial(i.entry, ""); err == nil {
					_ = c.SetDeadline(time.Now().Add(20 * time.Second))
					_, _ = c.Write(session(fmt.Sprintf("no-%d-%d", n, k)))
					_, _ = status(c)
					_ = c.Close()
					asked.Add(1)
				}
			}
		})
	}
	eventually(t, "the flood is at its height", func() bool { return asked.Load() > strangers })
	slowest := time.Duration(0)
	for n := range newcomers {
		at := time.Now()
		if code := publishFrom(net.IPv4(127, 0, 1, byte(2+n)), i, fmt.Sprintf("ok-%d", n)); code != "NetStream.Publish.Start" {
			t.Errorf("publisher %d hears %q", n, code)
		}
		slowest = max(slowest, time.Since(at))
	}
	took := time.Since(began)
	told := i.backend.total()
	close(stop)
	all.Wait()
	w.stop()
	t.Logf("strangers asked %d times within %v, the backend %d times; the slowest publisher waited %v", asked.Load(), took, told, slowest)
	// The share of an address, and those who have a key.
	if most := 20 + int(took.Seconds()) + 2 + newcomers + 1; told > most {
		t.Errorf("the backend was asked %d times, want at most %d", told, most)
	}
	if slowest > 5*time.Second {
		t.Errorf("a publisher waited %v", slowest)
	}
	expectUndisturbed(t, i, s, w)
}

// publishFrom an address returns what the publisher hears.
func publishFrom(from net.IP, i *ingest, key string) string {
	c, err := dialFrom(from, i.entry, "")
	if err != nil {
		return err.Error()
	}
	defer c.Close()
	if _, err := c.Write(session(key)); err != nil {
		return err.Error()
	}
	code, err := status(c)
	if err != nil {
		return err.Error()
	}
	return code
}
