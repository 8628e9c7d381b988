package gate_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/xatube/xatube-operator/internal/gate"
	"github.com/xatube/xatube-operator/internal/rtmp"
)

func expectEnded(t *testing.T, g *gate.Gate, reason string) {
	t.Helper()
	want := "# HELP rtmp_gate_ended_total Publishers that had to end, by reason.\n# TYPE rtmp_gate_ended_total counter\n"
	for _, r := range []string{"bitrate", "clock", "memory", "space"} {
		n := 0
		if r == reason {
			n = 1
		}
		want += fmt.Sprintf("rtmp_gate_ended_total{reason=%q} %d\n", r, n)
	}
	eventually(t, "the end is counted", func() bool {
		return testutil.CollectAndCompare(g, strings.NewReader(want), "rtmp_gate_ended_total") == nil
	})
}

func (p *publisher) picture(t *testing.T, bytes int, at uint32) {
	t.Helper()
	m := rtmp.Message{Type: rtmp.TypeVideo, Stream: 1, Timestamp: at, Payload: append([]byte{0x27, 1}, make([]byte, bytes)...)}
	if err := p.w.Write(m); err != nil {
		t.Fatal(err)
	}
	if err := p.w.Flush(); err != nil {
		t.Fatal(err)
	}
}

// TestAPublisherWhoseClockIsWrongEnds, and hears so. A10, A23.
func TestAPublisherWhoseClockIsWrongEnds(t *testing.T) {
	entry, g, _ := start(t, nil)
	p := publish(t, entry, "key")
	if got := p.status(); got != started {
		t.Fatalf("got %q", got)
	}
	for n := range uint32(23) {
		if err := p.w.Write(rtmp.Message{Type: rtmp.TypeVideo, Timestamp: n * 60000, Payload: []byte{0x27, 1, 0}}); err != nil {
			t.Fatal(err)
		}
	}
	if err := p.w.Flush(); err != nil {
		t.Fatal(err)
	}
	if got := p.status(); got != "NetStream.Publish.Denied" {
		t.Errorf("the client hears %q", got)
	}
	expectEnded(t, g, "clock")
	eventually(t, "the stream is free again", func() bool { return publish(t, entry, "key").status() == started })
}

// TestWhoHasSentMostEndsWhenTheSpaceIsNearlyUsedUp, another one only when more is used, and the rest go on. A10, A23.
func TestWhoHasSentMostEndsWhenTheSpaceIsNearlyUsedUp(t *testing.T) {
	folder := t.TempDir()
	scratch := gate.NewScratch(folder, 1<<20)
	entry, g, sent := start(t, func(c *gate.Config) { c.Full, c.Overflows = scratch.Full, scratch.Overflows })
	little, much := publish(t, entry, "little"), publish(t, entry, "much")
	for _, p := range []*publisher{little, much} {
		if got := p.status(); got != started {
			t.Fatalf("got %q", got)
		}
	}
	little.picture(t, 1000, 0)
	much.picture(t, 50000, 0)
	for carried := 0; carried < 2; {
		if m := <-sent; m.Type == rtmp.TypeVideo {
			carried++
		}
	}
	if err := os.WriteFile(filepath.Join(folder, "a.ts"), make([]byte, 1000<<10), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := much.status(); got != "NetStream.Publish.Denied" {
		t.Errorf("the client hears %q", got)
	}
	expectEnded(t, g, "space")
	// Long enough for the guard to look again.
	for range 8 {
		little.picture(t, 1000, 40)
		eventually(t, "the media go on", func() bool { return (<-sent).Type == rtmp.TypeVideo })
	}
	expectEnded(t, g, "space")
	if err := os.WriteFile(filepath.Join(folder, "b.ts"), make([]byte, 8<<10), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := little.status(); got != "NetStream.Publish.Denied" {
		t.Errorf("more is used, and the client hears %q", got)
	}
}
