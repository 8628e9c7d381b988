package rtmp

import (
	"net"
	"strconv"
	"strings"
	"testing"
	"time"
)

// started publishes and waits until viewers see it.
func started(t *testing.T) (*pod, *publisher) {
	t.Helper()
	p := serve(t, "minimal", quick)
	pub := p.publish(t, "good-key")
	eventually(t, "the stream plays", 20*time.Second, func() bool { return p.status("/hls/good-key.m3u8") == 200 })
	reaper := p.script(t, "reap.sh", "TAIL_SECONDS=2")
	if err := reaper.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = reaper.Process.Kill()
		_ = reaper.Wait()
	})
	return p, pub
}

func TestDrainOfARealPodWaitsForThePublisher(t *testing.T) {
	t.Parallel()
	p, pub := started(t)
	cmd := p.script(t, "drain.sh", "DRAIN_SECONDS=600", "LINGER_SECONDS=60")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	drained := make(chan error, 1)
	go func() { drained <- cmd.Wait() }()
	eventually(t, "it says that it waits", 20*time.Second, func() bool {
		return strings.Contains(p.log.String(), "waiting at most 600 s for 1 publishers")
	})
	_, before, _ := p.get("/hls/good-key.m3u8")
	eventually(t, "the stream goes on", 20*time.Second, func() bool {
		_, now, _ := p.get("/hls/good-key.m3u8")
		return now != "" && now != before
	})
	pub.stop()
	if err := within(t, "the drain ends", 15*time.Second, drained); err != nil {
		t.Errorf("the drain failed: %v", err)
	}
	select {
	case <-p.ended:
	case <-time.After(5 * time.Second):
		t.Error("nginx still runs after the drain")
	}
	if !p.backend.heard("POST /api/rtmp/unpublish name=good-key&app=live") {
		t.Error("the backend did not hear of the end")
	}
}

func TestDrainOfARealPodEndsThePublisherAtTheDeadline(t *testing.T) {
	t.Parallel()
	p, pub := started(t)
	if err := p.script(t, "drain.sh", "DRAIN_SECONDS=1", "LINGER_SECONDS=60").Run(); err != nil {
		t.Errorf("the drain failed: %v", err)
	}
	if !p.backend.heard("POST /api/rtmp/unpublish name=good-key&app=live") {
		t.Error("the backend did not hear of the end")
	}
	pub.refused(t)
	select {
	case <-p.ended:
	case <-time.After(5 * time.Second):
		t.Error("nginx still runs after the drain")
	}
}

// TestDrainOfARealPodDoesNotWaitForAGuest: nginx, told to finish its work, waits for a connection that publishes nothing
// as long as its client holds it.
func TestDrainOfARealPodDoesNotWaitForAGuest(t *testing.T) {
	t.Parallel()
	p := serve(t, "minimal", quick)
	guest, err := net.Dial("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(p.rtmpPort)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = guest.Close() })
	// The answer to the handshake says that nginx has taken the connection.
	hello := make([]byte, 1537)
	hello[0] = 3
	if _, err := guest.Write(hello); err != nil {
		t.Fatal(err)
	}
	if _, err := guest.Read(hello[:1]); err != nil {
		t.Fatal(err)
	}
	if err := p.script(t, "drain.sh", "DRAIN_SECONDS=600", "LINGER_SECONDS=60").Run(); err != nil {
		t.Errorf("the drain failed: %v", err)
	}
	select {
	case <-p.ended:
	case <-time.After(5 * time.Second):
		t.Error("nginx still runs after the drain")
	}
}
