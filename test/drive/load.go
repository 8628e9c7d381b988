package drive

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// shownFailures are kept for the message of a test.
const shownFailures = 10

// Load makes the same request again and again, at a rate, whether or not earlier ones have been answered.
type Load struct {
	cancel context.CancelFunc
	open   sync.WaitGroup

	mu    sync.Mutex
	tally Tally
}

// Tally is what became of the requests.
type Tally struct {
	Requests, Failures int
	// First failures, with their times.
	First []string
	// Slowest answer.
	Slowest time.Duration
	// LongestGap between two successes, one after the other.
	LongestGap time.Duration

	lastSuccess time.Time
}

func (t Tally) String() string {
	return fmt.Sprintf("%d requests, %d failed, slowest %s, longest gap %s", t.Requests, t.Failures,
		t.Slowest.Round(time.Millisecond), t.LongestGap.Round(time.Millisecond))
}

// StartLoad starts requests at an interval. do gets the number of its request.
func StartLoad(ctx context.Context, every time.Duration, do func(ctx context.Context, number int) error) *Load {
	ctx, cancel := context.WithCancel(ctx)
	l := &Load{cancel: cancel}
	l.tally.lastSuccess = time.Now()
	l.open.Go(func() {
		ticker := time.NewTicker(every)
		defer ticker.Stop()
		for number := 0; ; number++ {
			// What has been sent is waited for: a request that Stop cut off would count as failed.
			l.open.Go(func() { l.request(context.WithoutCancel(ctx), number, do) })
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
			}
		}
	})
	return l
}

func (l *Load) request(ctx context.Context, number int, do func(context.Context, int) error) {
	started := time.Now()
	err := do(ctx, number)
	ended := time.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	t := &l.tally
	t.Requests++
	t.Slowest = max(t.Slowest, ended.Sub(started))
	if err != nil {
		t.Failures++
		if len(t.First) < shownFailures {
			t.First = append(t.First, fmt.Sprintf("%s %v", started.Format("15:04:05.000"), err))
		}
		return
	}
	t.LongestGap = max(t.LongestGap, ended.Sub(t.lastSuccess))
	t.lastSuccess = ended
}

// Stop ends the load, waits for the answers and tells what became of the requests.
func (l *Load) Stop() Tally {
	l.cancel()
	l.open.Wait()
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.tally
}
