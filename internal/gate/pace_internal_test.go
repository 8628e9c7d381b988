package gate

import (
	"testing"
	"time"

	"github.com/xatube/xatube-operator/internal/rtmp"
)

// sender sends to a pace that has a clock of its own.
type sender struct {
	pace pace
	now  time.Time
	why  ending
	sent int
	took time.Duration
}

// filler is what messages are made of.
var filler = make([]byte, 10<<20)

// send a message after a while, unless the publisher has ended.
func (s *sender) send(after time.Duration, kind uint8, bytes int, at int64) {
	if s.why != "" {
		return
	}
	s.now = s.now.Add(after)
	s.took += after
	s.sent += bytes
	payload := filler[:max(bytes, 2)]
	payload[0], payload[1] = 0x27, 1
	if kind == rtmp.TypeAudio {
		payload[0] = 0xaf
	}
	s.why = s.pace.observe(rtmp.Message{Type: kind, Timestamp: uint32(at), Payload: payload}, s.now)
}

// pictures is a steady stream of pictures, 25 a second, whose times are a function of the number.
func (s *sender) pictures(seconds, bytesPerSecond int, at func(n int64) int64) {
	for n := range int64(seconds) * 25 {
		s.send(40*time.Millisecond, rtmp.TypeVideo, bytesPerSecond/25, at(n))
	}
}

func usual(n int64) int64 { return n * 40 }

const mbit = 125000

// TestPaceEnds publishers whose fragments would have no end, or no room. A10, A23.
func TestPaceEnds(t *testing.T) {
	for name, c := range map[string]struct {
		send func(s *sender)
		why  ending
		// most is for how long it may take, and room what may come until then.
		most time.Duration
		room int
	}{
		"the clock stands still": {func(s *sender) { s.pictures(300, 2*mbit, func(int64) int64 { return 0 }) }, endedClock, 61 * time.Second, 16e6},
		"the clock stands still at a high bitrate": {
			func(s *sender) { s.pictures(300, 90*mbit, func(int64) int64 { return 7 }) }, endedClock, 12 * time.Second, 126e6,
		},
		"the clock crawls": {func(s *sender) { s.pictures(300, 50*mbit, func(n int64) int64 { return n / 10 }) }, endedClock, time.Minute, 130e6},
		"the clock goes to and fro": {
			func(s *sender) { s.pictures(300, 2*mbit, func(n int64) int64 { return n % 2 * 900 }) }, endedClock, 61 * time.Second, 16e6,
		},
		"the clock jumps to and fro": {
			func(s *sender) { s.pictures(300, 2*mbit, func(n int64) int64 { return n % 2 * 9000 }) }, endedClock, 2 * time.Second, 1e6,
		},
		"the clock runs away":   {func(s *sender) { s.pictures(300, mbit, func(n int64) int64 { return n * 8000 }) }, endedClock, 2 * time.Second, 1e6},
		"the clock jumps ahead": {func(s *sender) { s.pictures(300, mbit, func(n int64) int64 { return n * 100000 }) }, endedClock, 2 * time.Second, 1e6},
		"the clock of the sound stands still": {func(s *sender) {
			for n := range int64(25 * 300) {
				s.send(40*time.Millisecond, rtmp.TypeVideo, 10000, usual(n))
				s.send(0, rtmp.TypeAudio, 500, 0)
			}
		}, endedClock, 61 * time.Second, 20e6},
		"large messages far apart, of one time": {func(s *sender) {
			for range 300 {
				s.send(10*time.Second, rtmp.TypeVideo, 10<<20, 0)
			}
		}, endedClock, 2 * time.Minute, 140e6},
		"what decodes nothing fills no more": {func(s *sender) {
			for range 300 * 25 {
				s.send(40*time.Millisecond, rtmp.TypeData, 50*mbit/25, 0)
			}
		}, endedClock, time.Minute, 140e6},
		"the bitrate": {func(s *sender) { s.pictures(300, 150*mbit, usual) }, endedBitrate, time.Minute, 400e6},
		"the bitrate at once": {func(s *sender) {
			for n := range int64(100) {
				s.send(time.Millisecond, rtmp.TypeVideo, 10<<20, n)
			}
		}, endedBitrate, time.Second, 140e6},
	} {
		t.Run(name, func(t *testing.T) {
			s := &sender{now: time.Unix(1700000000, 0)}
			c.send(s)
			if s.why != c.why || s.took > c.most || s.sent > c.room {
				t.Errorf("it ended for %q after %v and %d bytes, want %q, %v, %d", s.why, s.took, s.sent, c.why, c.most, c.room)
			}
		})
	}
}

// TestPaceLetsEncodersBe, whatever they do with their clocks.
func TestPaceLetsEncodersBe(t *testing.T) {
	from := func(first int64) func(int64) int64 { return func(n int64) int64 { return first + n*40 } }
	for name, send := range map[string]func(s *sender){
		"from 0":                     func(s *sender) { s.pictures(600, 6*mbit, usual) },
		"from anywhere":              func(s *sender) { s.pictures(600, 6*mbit, from(3000000000)) },
		"past 2^32":                  func(s *sender) { s.pictures(600, 6*mbit, from(1<<32-100000)) },
		"past 2^31":                  func(s *sender) { s.pictures(600, 6*mbit, from(1<<31-100000)) },
		"from 0, and then the other": func(s *sender) { s.send(0, rtmp.TypeVideo, 100, 0); s.pictures(600, 6*mbit, from(900000000)) },
		"at a high bitrate":          func(s *sender) { s.pictures(600, 95*mbit, usual) },
		"with the times of pictures in the order of decoding": func(s *sender) {
			s.pictures(600, 6*mbit, func(n int64) int64 { return n*40 + []int64{0, 120, -40, -80}[n%4] })
		},
		"with a clock that is 10 % off": func(s *sender) { s.pictures(600, 6*mbit, func(n int64) int64 { return n * 36 }) },
		"with a clock that begins anew now and then": func(s *sender) {
			s.pictures(600, 6*mbit, func(n int64) int64 { return n % 250 * 40 })
		},
		"after pauses in which the clock goes on": func(s *sender) {
			for k := range int64(10) {
				s.send(50*time.Second, rtmp.TypeVideo, 100, k*70000)
				s.pictures(20, 6*mbit, from(k*70000))
			}
		},
		"after pauses in which the clock stands still": func(s *sender) {
			for k := range int64(10) {
				s.send(50*time.Second, rtmp.TypeVideo, 100, k*20000)
				s.pictures(20, 6*mbit, from(k*20000))
			}
		},
		"with what could not be sent in a minute, at once": func(s *sender) {
			s.pictures(30, 8*mbit, usual)
			s.send(55*time.Second, rtmp.TypeVideo, 100, 30000)
			for n := range int64(55 * 25) {
				s.send(time.Millisecond, rtmp.TypeVideo, 8*mbit/25, 30000+n*40)
			}
			s.pictures(100, 8*mbit, from(85000))
		},
		"with sound and pictures far apart": func(s *sender) {
			for n := range int64(25 * 600) {
				s.send(40*time.Millisecond, rtmp.TypeVideo, 10000, usual(n))
				s.send(0, rtmp.TypeAudio, 500, 300000+usual(n))
			}
		},
		"with sound and one picture": func(s *sender) {
			s.send(0, rtmp.TypeVideo, 10000, 0)
			for n := range int64(25 * 600) {
				s.send(40*time.Millisecond, rtmp.TypeAudio, 500, usual(n))
			}
		},
		"with a picture each five seconds": func(s *sender) {
			for n := range int64(200) {
				s.send(5*time.Second, rtmp.TypeVideo, 100000, n*5000)
			}
		},
		"with a configuration of time 0 each second": (*sender).configuredAgainAndAgain,
	} {
		t.Run(name, func(t *testing.T) {
			s := &sender{now: time.Unix(1700000000, 0)}
			if send(s); s.why != "" {
				t.Errorf("it ended for %q after %v and %d bytes", s.why, s.took, s.sent)
			}
		})
	}
}

// configuredAgainAndAgain sends what decoders must know with a time of 0 each second.
func (s *sender) configuredAgainAndAgain() {
	configurations := []rtmp.Message{
		{Type: rtmp.TypeVideo, Payload: []byte{0x17, 0, 0}},
		{Type: rtmp.TypeAudio, Payload: []byte{0xaf, 0, 0}},
		{Type: rtmp.TypeVideo, Payload: []byte{0x90, 'h', 'v', 'c', '1'}},
		{Type: rtmp.TypeData, Payload: []byte{2, 0}},
	}
	for n := range int64(25 * 600) {
		for _, m := range configurations {
			if s.why == "" && n%25 == 0 {
				s.why = s.pace.observe(m, s.now)
			}
		}
		s.send(40*time.Millisecond, rtmp.TypeVideo, 10000, 5000000+usual(n))
		s.send(0, rtmp.TypeAudio, 500, 5000000+usual(n))
	}
}

// TestMeterForgets what was sent long ago.
func TestMeterForgets(t *testing.T) {
	now := time.Unix(1700000000, 0)
	var m meter
	m.add(100, now)
	m.add(10, now.Add(31*time.Second))
	if got := m.recent(now.Add(31 * time.Second)); got != 110 {
		t.Errorf("after 31 s: %d bytes, want 110", got)
	}
	if got := m.recent(now.Add(62 * time.Second)); got != 10 {
		t.Errorf("after 62 s: %d bytes, want 10", got)
	}
	if got := m.recent(now.Add(10 * time.Minute)); got != 0 {
		t.Errorf("after 10 min: %d bytes, want none", got)
	}
}
