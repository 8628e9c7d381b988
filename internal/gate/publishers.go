package gate

import (
	"log/slog"
	"sync"
	"time"
)

// ending is why the gate ends a publisher, for logs and metrics.
type ending string

func (e ending) Error() string { return string(e) }

const (
	// endedClock: the timestamps of the media stand still, or have little to do with time.
	endedClock ending = "clock"
	// endedBitrate: more comes than 100 Mbit/s.
	endedBitrate ending = "bitrate"
	// endedSpace: the space for live fragments is nearly used up, and of all publishers this one has sent most.
	endedSpace ending = "space"
	// endedMemory: messages that have not come as a whole take too much memory, and this one's are among the largest.
	endedMemory ending = "memory"
)

// text for the publisher.
func (e ending) text() string {
	switch e {
	case endedClock:
		return "The timestamps of the stream do not keep up with time"
	case endedBitrate:
		return "The bitrate is above 100 Mbit/s"
	case endedSpace:
		return "The server has no more room for the stream"
	}
	return "The server has no more memory for the stream"
}

// lately is the time over which bytes are counted, once to twice as long.
const lately = 30 * time.Second

// meter counts the bytes of a publisher.
type meter struct {
	mu                sync.Mutex
	since             time.Time
	current, previous int64
}

func (m *meter) add(n int, now time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.turn(now)
	m.current += int64(n)
}

// recent are the bytes of the last 30 to 60 s.
func (m *meter) recent(now time.Time) int64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.turn(now)
	return m.previous + m.current
}

func (m *meter) turn(now time.Time) {
	switch passed := now.Sub(m.since); {
	case passed > 2*lately:
		m.since, m.previous, m.current = now, 0, 0
	case passed > lately:
		m.since, m.previous, m.current = now, m.current, 0
	}
}

// guardEvery is how often the space for live fragments is looked at while there are publishers.
const guardEvery = time.Second

// guard the space for live fragments until done: a pod that uses all of it is evicted with all its streams.
func (g *Gate) guard(done <-chan struct{}) {
	tick := time.NewTicker(guardEvery)
	defer tick.Stop()
	for {
		select {
		case <-done:
			return
		case <-tick.C:
		}
		if heaviest := g.heaviest(time.Now()); heaviest != nil && g.config.Overflows() {
			slog.Warn("The space for live fragments is nearly used up, and the publisher that has sent most lately must end; "+
				"raise spec.rtmp.scratch", "client", heaviest.client.RemoteAddr().String())
			heaviest.end(endedSpace)
		}
	}
}

// heaviest is the publisher that has sent most lately, of those that go on.
func (g *Gate) heaviest(now time.Time) *session {
	g.mu.Lock()
	defer g.mu.Unlock()
	var heaviest *session
	most := int64(-1)
	for _, s := range g.streams {
		if s == nil || s.ended.Load() != nil {
			continue
		}
		if n := s.sent.recent(now); n > most {
			heaviest, most = s, n
		}
	}
	return heaviest
}

// end a publisher from elsewhere.
func (s *session) end(why ending) {
	s.ended.Store(&why)
	_ = s.client.SetReadDeadline(time.Now())
}
