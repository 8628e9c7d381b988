package gate

import (
	"time"

	"github.com/xatube/xatube-operator/internal/rtmp"
)

const (
	// maxBytesPerSecond of a stream are 100 Mbit/s, far above what encoders send to viewers.
	maxBytesPerSecond = 100e6 / 8
	// burst is how many seconds at that rate may come at once: what an encoder could not send while the network was away.
	burst = 10
	// paceWindow is how long a clock is watched, while media flow.
	paceWindow = time.Minute
	// minAdvance is how far it must have come in that time.
	minAdvance = 5 * time.Second
	// pauseCounts is how much of a pause between two messages counts as time in which media flow.
	pauseCounts = time.Second
	// A clock may run three times as fast as time, and be so much ahead.
	maxSpeed, maxLead = 3, 2 * time.Minute
	// A step back of more than setBack, or ahead of more than setAhead and the time that has passed, is none of a clock
	// that runs: it was set. nginx begins a fragment then. maxSets is how often it may happen in a window.
	setBack, setAhead = time.Second, 10 * time.Second
	maxSets           = 20
)

// pace is how a publisher sends. nginx ends a fragment when the clock of the media has run on: one that stands still
// makes a file without an end, and the more bytes come for a second the more room its fragments take.
type pace struct {
	// perTime and perMedia are the bytes above maxBytesPerSecond, by the gate's clock and by that of the media.
	perTime, perMedia float64
	seen              time.Time
	sound, pictures   clock
}

// clock of the sound or of the pictures of a stream: the two need not agree.
type clock struct {
	// at is the timestamp of the latest message, seen when it came; since, when the window began.
	at          uint32
	seen, since time.Time
	// flowed is for how long media came in the window, advanced how far their clock came, sets how often it was set.
	flowed, advanced time.Duration
	sets             int
}

// observe a message, and return why its publisher must end, if it must.
func (p *pace) observe(m rtmp.Message, now time.Time) ending {
	if p.seen.IsZero() {
		p.seen = now
	}
	n := float64(len(m.Payload))
	p.perTime = max(0, p.perTime-now.Sub(p.seen).Seconds()*maxBytesPerSecond) + n
	p.seen = now
	advance, ran := p.advance(m, now)
	p.perMedia = max(0, p.perMedia-advance.Seconds()*maxBytesPerSecond) + n
	switch {
	case p.perTime > burst*maxBytesPerSecond:
		return endedBitrate
	case !ran || p.perMedia > burst*maxBytesPerSecond:
		return endedClock
	}
	return ""
}

// advance of the clock that a message tells the time of; false when that clock does not run as one should.
func (p *pace) advance(m rtmp.Message, now time.Time) (time.Duration, bool) {
	switch {
	case configures(m):
		return 0, true
	case m.Type == rtmp.TypeAudio:
		return p.sound.step(m.Timestamp, now)
	case m.Type == rtmp.TypeVideo:
		return p.pictures.step(m.Timestamp, now)
	}
	return 0, true
}

// configures reports whether a message tells a decoder how to decode. Encoders repeat such with any time, often 0, and
// nginx writes none of them into fragments.
func configures(m rtmp.Message) bool {
	if len(m.Payload) < 2 {
		return false
	}
	const h264, aac, media = 7, 10, 1
	kind, first := m.Payload[1], m.Payload[0]
	if m.Type == rtmp.TypeAudio {
		return first>>4 == aac && kind == 0
	}
	codec := first & 0x0f
	// With the first bit set, the codec follows by name, and this is the kind: 0 begins a sequence, 4 is metadata.
	return m.Type == rtmp.TypeVideo && (codec == h264 && kind != media || first&0x80 != 0 && (codec == 0 || codec == 4))
}

// step of a clock.
func (c *clock) step(at uint32, now time.Time) (advance time.Duration, runs bool) {
	if c.since.IsZero() {
		c.at, c.seen, c.since = at, now, now
		return 0, true
	}
	gap := now.Sub(c.seen)
	// The difference is right where the number of milliseconds begins anew, too.
	advance = time.Duration(int32(at-c.at)) * time.Millisecond
	c.at, c.seen = at, now
	c.flowed += min(gap, pauseCounts)
	if advance < -setBack || advance > gap+setAhead {
		c.sets++
		advance = 0
	}
	c.advanced += advance
	if c.sets > maxSets || c.advanced > maxLead+maxSpeed*now.Sub(c.since) {
		return advance, false
	}
	if c.flowed < paceWindow {
		return advance, true
	}
	runs = c.advanced >= minAdvance
	c.since, c.flowed, c.advanced, c.sets = now, 0, 0, 0
	return advance, runs
}
