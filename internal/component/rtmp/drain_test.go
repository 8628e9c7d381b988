package rtmp

import (
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
	reaper := p.script(t, "reap.sh", "TAIL_SECONDS=2", "SWEEP_SECONDS=600")
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
}
