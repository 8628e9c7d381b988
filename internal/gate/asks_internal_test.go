package gate

import (
	"fmt"
	"net/netip"
	"testing"
	"time"
)

func address(s string) netip.Prefix {
	a := netip.MustParseAddr(s)
	if a.Is6() {
		return netip.PrefixFrom(a, 64).Masked()
	}
	return netip.PrefixFrom(a, 32)
}

// lined is a client that has lined up.
type lined struct {
	k    *asker
	turn chan refusal
}

func lineUp(a *asks, from string) lined {
	k, turn := a.lineUp(address(from), time.Now())
	return lined{k, turn}
}

// has reports whether the client has its turn.
func (l lined) has(t *testing.T) bool {
	t.Helper()
	select {
	case why := <-l.turn:
		if why != "" {
			t.Errorf("a client that waits is refused: %s", why)
		}
		return why == ""
	default:
		return false
	}
}

// TestAddressesTakeTurns: an address of one client has two questions on their way, one that may stand for many has
// twelve, and another address is next whatever line there is. A10.
func TestAddressesTakeTurns(t *testing.T) {
	for _, c := range []struct {
		from string
		want int
	}{{"203.0.113.7", 2}, {"127.0.0.1", 2}, {"2001:db8::1", 2}, {"10.1.2.3", 12}, {"100.64.3.4", 12}, {"fd00::1", 12}} {
		a := newAsks(16)
		var flood []lined
		running := 0
		for range 30 {
			if l := lineUp(a, c.from); l.turn != nil {
				flood = append(flood, l)
			}
		}
		for _, l := range flood {
			if l.has(t) {
				running++
			}
		}
		if running != c.want || running != a.running {
			t.Errorf("%s has %d questions on their way, want %d", c.from, running, c.want)
		}
		for _, other := range []string{"198.51.100.1", "192.168.7.7", "2001:db8:0:1::1"} {
			if l := lineUp(a, other); !l.has(t) {
				t.Errorf("behind %s, %s has no turn", c.from, other)
			}
		}
	}
}

// TestTheFreeTurnGoesToWhoHasLeast, where all are taken.
func TestTheFreeTurnGoesToWhoHasLeast(t *testing.T) {
	a := newAsks(16)
	for n := range 60 {
		lineUp(a, fmt.Sprintf("10.0.0.%d", n%2))
	}
	l := lineUp(a, "203.0.113.7")
	if a.running != 16 || l.has(t) {
		t.Fatalf("%d questions are on their way", a.running)
	}
	a.end(a.askers[address("10.0.0.1")], "key", false)
	if !l.has(t) {
		t.Error("the free turn went to an address that has some")
	}
}

// TestDenialsUseUpTheShare of an address, and a yes does not. The rest of its line is sent away. A10.
func TestDenialsUseUpTheShare(t *testing.T) {
	a := newAsks(16)
	from := "203.0.113.7"
	for n := range 100 {
		l := lineUp(a, from)
		if !l.has(t) {
			t.Fatalf("after %d times yes there is no turn", n)
		}
		a.end(l.k, "key", false)
	}
	denied := 0
	for ; denied < 100; denied++ {
		l := lineUp(a, from)
		if l.turn == nil {
			break
		}
		if !l.has(t) {
			t.Fatalf("after %d times no there is no turn", denied)
		}
		a.end(l.k, fmt.Sprint("no-", denied), true)
	}
	if denied < 20 || denied > 22 {
		t.Errorf("%d names were denied before the address was refused, want 20", denied)
	}
	if !a.wasDenied("no-1") || a.wasDenied("key") {
		t.Error("it is not known which names were denied")
	}
	if l := lineUp(a, "203.0.113.8"); !l.has(t) {
		t.Error("the neighbour has no turn")
	}
	k := a.askers[address(from)]
	k.since = k.since.Add(-5 * time.Second)
	if l := lineUp(a, from); !l.has(t) {
		t.Error("the share does not come back")
	}
}

// TestLinesAreBounded, and the longest gives way. A10.
func TestLinesAreBounded(t *testing.T) {
	a := newAsks(16)
	for n := range 4 {
		for range 1000 {
			lineUp(a, fmt.Sprintf("10.0.0.%d", n))
		}
	}
	if a.waiting != maxWaiting {
		t.Errorf("%d connections wait, want %d", a.waiting, maxWaiting)
	}
	if l := lineUp(a, "203.0.113.7"); l.turn == nil || a.waiting != maxWaiting {
		t.Errorf("another address has no place among %d", a.waiting)
	}
	for n := range 2 * maxRemembered {
		l := lineUp(a, fmt.Sprintf("2001:db8:0:%x::1", n))
		if l.turn != nil && l.has(t) {
			a.end(l.k, fmt.Sprint(n), true)
		}
	}
	if len(a.askers) > maxRemembered || len(a.denied) > maxRemembered {
		t.Errorf("%d addresses and %d names are remembered", len(a.askers), len(a.denied))
	}
}

// TestPatienceInTheLine ends, and gives the place back.
func TestPatienceInTheLine(t *testing.T) {
	a := newAsks(1)
	k, refused := a.begin(address("203.0.113.7"), time.Second)
	if refused != "" {
		t.Fatal(refused)
	}
	if _, refused := a.begin(address("203.0.113.8"), time.Millisecond); refused != refusedBusy || a.waiting != 0 {
		t.Errorf("%q, and %d wait", refused, a.waiting)
	}
	a.end(k, "key", false)
	if a.running != 0 {
		t.Errorf("%d questions are on their way", a.running)
	}
}
