package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/xatube/xatube-operator/test/drive"
)

const (
	// glance is how often a player asks for the playlist.
	glance = 500 * time.Millisecond
	// behind is how many segments a player holds before it begins to show them, as HLS asks for.
	behind = 3
)

var errStalled = errors.New("stall: the picture stands still")

// player plays a live stream: it fetches each new segment once and shows what it has in real time.
type player struct {
	site    *drive.Site
	key     string
	fetched map[string]bool
	// buffered is the length of all that was fetched; it has been shown up to shown by the time of last.
	buffered, shown time.Duration
	last            time.Time
	stalled         bool
}

func newPlayer(address, key string) *player {
	return &player{site: drive.Open(address).Unlimited(), key: key, fetched: map[string]bool{}}
}

// play plays until it is told to stop. It reports every look at the playlist, and each stall once.
func (p *player) play(ctx context.Context, report func(time.Duration, error)) {
	looks := time.NewTicker(glance)
	defer looks.Stop()
	for {
		started := time.Now()
		err := p.fetch(context.WithoutCancel(ctx))
		report(time.Since(started), err)
		if p.show(time.Now()) {
			report(0, fmt.Errorf("%s: %w", p.key, errStalled))
		}
		select {
		case <-ctx.Done():
			return
		case <-looks.C:
		}
	}
}

func (p *player) fetch(ctx context.Context) error {
	playlist, err := p.site.Playlist(ctx, p.key)
	if err != nil {
		return err
	}
	first := 0
	if len(p.fetched) == 0 {
		first = max(0, len(playlist.Segments)-behind)
	}
	for i, segment := range playlist.Segments[first:] {
		if p.fetched[segment] {
			continue
		}
		if err := get(ctx, p.site, segment); err != nil {
			return err
		}
		p.fetched[segment] = true
		p.buffered += playlist.Durations[first+i]
	}
	return nil
}

// show advances the picture to now and tells whether it has just stopped for want of segments. It starts, again too, when
// there is enough to show.
func (p *player) show(now time.Time) (stalls bool) {
	switch {
	case p.last.IsZero() && len(p.fetched) < behind, p.stalled && p.buffered == p.shown:
		return false
	case p.last.IsZero(), p.stalled:
		p.last, p.stalled = now, false
		return false
	}
	p.shown += now.Sub(p.last)
	p.last = now
	if p.shown < p.buffered {
		return false
	}
	p.shown, p.stalled = p.buffered, true
	return true
}

// awaitLive waits until all streams play.
func awaitLive(ctx context.Context, address string, keys []string) error {
	site := drive.Open(address).Unlimited()
	for _, key := range keys {
		if _, err := site.WatchLive(ctx, key, patience); err != nil {
			return err
		}
	}
	return nil
}
