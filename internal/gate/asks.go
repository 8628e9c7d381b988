package gate

import (
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/xatube/xatube-operator/internal/privatenet"
)

// share of the questions to nginx, and so to the backend, that one address has.
type share struct {
	// running is how many are on their way at a time, waiting how many connections may wait for that.
	running, waiting int
	// denied is how many no it may get at once, perSecond how many it may get after that. A yes costs nothing.
	denied, perSecond float64
}

var (
	// publicShare is that of an address which is a client's own, or that of a site with some encoders.
	publicShare = share{running: 2, waiting: 32, denied: 20, perSecond: 1}
	// privateShare is that of an address which may be a node's or a proxy's, and then stands for any number of clients.
	privateShare = share{running: 12, waiting: 256, denied: 60, perSecond: 10}
)

const (
	// maxWaiting connections of all addresses wait for their question.
	maxWaiting = 512
	// maxRemembered are the addresses and the names that are remembered.
	maxRemembered = 4096
	// denialHolds is how long a name that was denied is not asked again.
	denialHolds = 3 * time.Second
)

// asks share out the questions to nginx by address: a flood from one address leaves those of others alone.
type asks struct {
	limit int

	mu sync.Mutex
	// running and waiting are those of all addresses, turns how many there have been.
	running, waiting, turns int
	askers                  map[netip.Prefix]*asker
	denied                  map[string]time.Time
}

// asker is an address.
type asker struct {
	share
	// asking is how many of its questions are on their way, last the turn of its latest one.
	asking, last int
	// lined up are its connections, the oldest first. Each hears once that it has its turn, or why it has none.
	lined []chan refusal
	// left is how many no it may still get.
	left  float64
	since time.Time
}

func newAsks(limit int) *asks {
	return &asks{limit: limit, askers: map[netip.Prefix]*asker{}, denied: map[string]time.Time{}}
}

// addressOf a client: of IPv6 a client has a whole network.
func addressOf(client net.Conn) netip.Prefix {
	from, err := netip.ParseAddrPort(client.RemoteAddr().String())
	if err != nil {
		return netip.Prefix{}
	}
	address := from.Addr().Unmap().WithZone("")
	if address.Is6() {
		return netip.PrefixFrom(address, 64).Masked()
	}
	return netip.PrefixFrom(address, 32)
}

// begin waits for the turn of a client. Each turn must end.
func (a *asks) begin(client netip.Prefix, patience time.Duration) (*asker, refusal) {
	k, turn := a.lineUp(client, time.Now())
	if turn == nil {
		return nil, refusedRate
	}
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case why := <-turn:
		return k, why
	case <-timer.C:
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if at := slices.Index(k.lined, turn); at >= 0 {
		k.lined = slices.Delete(k.lined, at, at+1)
		a.waiting--
		return nil, refusedBusy
	}
	return k, <-turn
}

// end a turn.
func (a *asks) end(k *asker, key string, denied bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.running--
	k.asking--
	if denied {
		a.remember(key, time.Now())
	} else {
		k.left = min(k.left+1, k.share.denied)
	}
	a.dispatch()
}

// lineUp returns no turn for an address that has had its share.
func (a *asks) lineUp(client netip.Prefix, now time.Time) (*asker, chan refusal) {
	a.mu.Lock()
	defer a.mu.Unlock()
	k := a.asker(client, now)
	if k == nil || k.left < 1 || len(k.lined) >= k.share.waiting {
		return nil, nil
	}
	if a.waiting >= maxWaiting && !a.makeRoom(k) {
		return nil, nil
	}
	turn := make(chan refusal, 1)
	k.lined = append(k.lined, turn)
	a.waiting++
	a.dispatch()
	return k, turn
}

// asker of an address, nil when there are too many.
func (a *asks) asker(client netip.Prefix, now time.Time) *asker {
	k := a.askers[client]
	if k == nil {
		if len(a.askers) >= maxRemembered {
			a.forgetAskers(now)
		}
		if len(a.askers) >= maxRemembered {
			return nil
		}
		k = &asker{share: publicShare, since: now}
		if privatenet.Contains(client.Addr()) {
			k.share = privateShare
		}
		k.left = k.share.denied
		a.askers[client] = k
	}
	k.refill(now)
	return k
}

func (k *asker) refill(now time.Time) {
	k.left = min(k.left+now.Sub(k.since).Seconds()*k.share.perSecond, k.share.denied)
	k.since = now
}

// forgetAskers that have nothing to be remembered for.
func (a *asks) forgetAskers(now time.Time) {
	for client, k := range a.askers {
		if k.refill(now); k.asking == 0 && len(k.lined) == 0 && k.left >= k.share.denied {
			delete(a.askers, client)
		}
	}
}

// makeRoom in the line for an address, at the cost of the one with most connections there. It reports false if that is
// the address itself.
func (a *asks) makeRoom(arriving *asker) bool {
	longest := arriving
	for _, k := range a.askers {
		if len(k.lined) > len(longest.lined) {
			longest = k
		}
	}
	if longest == arriving {
		return false
	}
	last := len(longest.lined) - 1
	longest.lined[last] <- refusedBusy
	longest.lined = longest.lined[:last]
	a.waiting--
	return true
}

// dispatch turns while there are any.
func (a *asks) dispatch() {
	for a.running < a.limit {
		k := a.next()
		if k == nil {
			return
		}
		if k.refill(time.Now()); k.left < 1 {
			a.sendAway(k)
			continue
		}
		k.left--
		k.asking++
		a.running++
		a.turns++
		k.last = a.turns
		a.waiting--
		k.lined[0] <- ""
		k.lined = k.lined[1:]
	}
}

// sendAway the line of an address that got too many no.
func (a *asks) sendAway(k *asker) {
	for _, turn := range k.lined {
		turn <- refusedRate
	}
	a.waiting -= len(k.lined)
	k.lined = nil
}

// next is the address that has fewest questions on their way, and of those the one that has waited longest.
func (a *asks) next() *asker {
	var next *asker
	for _, k := range a.askers {
		if len(k.lined) == 0 || k.asking >= k.share.running {
			continue
		}
		if next == nil || k.asking < next.asking || k.asking == next.asking && k.last < next.last {
			next = k
		}
	}
	return next
}

// remember a name that was denied.
func (a *asks) remember(key string, now time.Time) {
	if len(a.denied) >= maxRemembered {
		for name, until := range a.denied {
			if now.After(until) {
				delete(a.denied, name)
			}
		}
	}
	if len(a.denied) < maxRemembered {
		a.denied[key] = now.Add(denialHolds)
	}
}

// wasDenied reports whether a name was denied just now.
func (a *asks) wasDenied(key string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	until, found := a.denied[key]
	if found && time.Now().After(until) {
		delete(a.denied, key)
		return false
	}
	return found
}
