//go:build e2e

package chaos

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/xatube/xatube-operator/test/drive"
)

// loadInterval of each kind of request.
const loadInterval = 100 * time.Millisecond

// crowd is people who use the platform during a fault: they write rows, read from the database, and open pages.
type crowd struct {
	diary                *drive.Diary
	writes, reads, pages *drive.Load
}

// gather lets people in and waits until they are served.
func gather(t *testing.T, site *drive.Site) *crowd {
	t.Helper()
	user, err := site.Register(t.Context())
	check(t, err)
	diary, err := user.StartDiary(t.Context(), t.Name())
	check(t, err)
	ctx := context.WithoutCancel(t.Context())
	c := &crowd{
		diary:  diary,
		writes: drive.StartLoad(ctx, loadInterval, diary.Write),
		reads: drive.StartLoad(ctx, loadInterval, func(ctx context.Context, _ int) error {
			_, err := user.Me(ctx)
			return err
		}),
		pages: drive.StartLoad(ctx, loadInterval, func(ctx context.Context, _ int) error { return site.Page(ctx) }),
	}
	t.Cleanup(func() {
		for _, load := range []*drive.Load{c.writes, c.reads, c.pages} {
			load.Stop()
		}
	})
	c.written(t, 20*time.Second)
	return c
}

// steady rows in a row say that writing works again.
const steady = 20

// written waits until so many more rows are acknowledged that writing works.
func (c *crowd) written(t *testing.T, timeout time.Duration) {
	t.Helper()
	before := c.diary.Acknowledged()
	check(t, drive.Until(t.Context(), timeout, "writes", func(context.Context) error {
		if n := c.diary.Acknowledged() - before; n < steady {
			return fmt.Errorf("%d were acknowledged", n)
		}
		return nil
	}))
}

// result is what people saw of a fault.
type result struct {
	fault                string
	writes, reads, pages drive.Tally
	acknowledged         int
	lost                 []string
	note                 string
}

// leave sends the people home and asks what they saw.
func (c *crowd) leave(t *testing.T, fault string) result {
	t.Helper()
	r := result{fault: fault, writes: c.writes.Stop(), reads: c.reads.Stop(), pages: c.pages.Stop(), acknowledged: c.diary.Acknowledged()}
	var err error
	r.lost, err = c.diary.Lost(t.Context())
	check(t, err)
	return r
}

// limits are what people may see of a fault. Of requests a negative number is any.
type limits struct {
	gap                  time.Duration
	writes, reads, pages int
}

// judge fails the test when people saw more than they may.
func (r result) judge(t *testing.T, l limits) {
	t.Helper()
	t.Logf("writes: %s; reads: %s; pages: %s; %d rows acknowledged, %d lost; %s", r.writes, r.reads, r.pages, r.acknowledged, len(r.lost), r.note)
	if len(r.lost) > 0 || r.acknowledged == 0 {
		t.Errorf("%d of %d acknowledged rows are lost: %s", len(r.lost), r.acknowledged, strings.Join(r.lost, ", "))
	}
	if l.gap > 0 && r.writes.LongestGap > l.gap {
		t.Errorf("for %s no write was acknowledged, want at most %s", r.writes.LongestGap, l.gap)
	}
	for _, kind := range []struct {
		name  string
		tally drive.Tally
		limit int
	}{{"writes", r.writes, l.writes}, {"reads", r.reads, l.reads}, {"pages", r.pages, l.pages}} {
		if kind.tally.Failures == 0 {
			continue
		}
		t.Logf("the first %s that failed: %s", kind.name, strings.Join(kind.tally.First, "; "))
		if kind.limit >= 0 && kind.tally.Failures > kind.limit {
			t.Errorf("%d %s failed, want at most %d", kind.tally.Failures, kind.name, kind.limit)
		}
	}
}

// table is all results for people.
func table(results []result) string {
	var out strings.Builder
	fmt.Fprintf(&out, "%-28s %9s %7s %7s %7s %7s %5s  %s\n", "fault", "write gap", "writes-", "reads-", "pages-", "rows", "lost", "")
	for _, r := range results {
		fmt.Fprintf(&out, "%-28s %8.1fs %7d %7d %7d %7d %5d  %s\n", r.fault, r.writes.LongestGap.Seconds(),
			r.writes.Failures, r.reads.Failures, r.pages.Failures, r.acknowledged, len(r.lost), r.note)
	}
	return out.String()
}
