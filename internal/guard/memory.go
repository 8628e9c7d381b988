package guard

import (
	"context"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"
	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/xatube/xatube-operator/internal/failover"
)

const (
	// nodeSilence is how long a node's Lease must not have changed: one and a half times kubelet's period.
	nodeSilence = 15 * time.Second
	// firstAsk and lastAsk bound the pauses after which an instance manager that never answered is asked again.
	firstAsk = 10 * time.Second
	lastAsk  = 10 * time.Minute
	// eager is how long a failover may be expected to begin after the primary's pod has gone.
	eager = time.Minute
)

// memory is what the guard knows of one platform. It is lost with the operator, and the guard starts anew.
type memory struct {
	mu sync.Mutex

	// record of the lease as it was read last, and since when it has been the same.
	record failover.Record
	since  time.Time

	// fell is since when a lease was silent that has been released since.
	fell time.Time

	series failover.Series
	// answered is the pod whose instance manager has answered the operator; asked, when and which was asked last.
	answered, asked types.UID
	nextAsk         time.Time
	askPause        time.Duration
	// node is the last renewal of the Lease of the primary's node, and since when it has been seen.
	node      time.Time
	nodeSince time.Time
	// deaths of instances, by pod name, as their kubelets reported them.
	deaths map[string]failover.Death
	// trouble is since when something has stood in the way of looking, and doubt what.
	trouble time.Time
	doubt   string
}

// see takes note of a reading of the lease. It returns the record and since when it has been the same.
func (m *memory) see(r failover.Record, now time.Time) (failover.Record, time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.since.IsZero() || !m.record.Same(r) {
		if r.Holder != "" {
			m.fell = time.Time{}
		} else if m.quiet(now) {
			m.fell = m.since
		}
		m.since, m.series = now, failover.Series{}
	}
	m.record = r
	return m.record, m.since
}

// quiet says that the lease, when it was read last, had not been renewed for long enough to be looked at.
func (m *memory) quiet(now time.Time) bool {
	return m.record.Duration > 0 && now.Sub(m.since) >= failover.TermsFor(m.record.Duration).Quiet
}

// silence is since when the lease has not been renewed; zero while it is.
func (m *memory) silence(now time.Time) time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case !m.fell.IsZero():
		return m.fell
	case m.quiet(now):
		return m.since
	}
	return time.Time{}
}

// rest ends what was remembered of a silence.
func (m *memory) rest() {
	m.series, m.trouble, m.doubt, m.nodeSince = failover.Series{}, time.Time{}, "", time.Time{}
}

// wait says how soon to look again while something stands in the way, and tells of it once.
func (m *memory) wait(ctx context.Context, s *subject, why string, now time.Time) time.Duration {
	m.series = failover.Series{}
	m.tell(ctx, why)
	if m.trouble.IsZero() {
		m.trouble = now
	}
	going := s.primary == nil || s.primary.DeletionTimestamp != nil
	switch {
	case failover.Asleep(s.db):
		// Its pods will tell when it wakes.
		return 0
	case going && now.Sub(m.trouble) < eager:
		return step
	}
	return idle
}

// tell logs why a silent primary is not given up, whenever the reason changes. What fails while the operator stops is
// no reason.
func (m *memory) tell(ctx context.Context, why string) {
	if m.doubt != why && ctx.Err() == nil {
		ctrl.LoggerFrom(ctx).Info("Primary's lease is silent", "butNotLost", why)
	}
	m.doubt = why
}

// ask says whether to ask a pod's instance manager for a first sign of life now.
func (m *memory) ask(pod types.UID, now time.Time) bool {
	if m.answered == pod || (m.asked == pod && now.Before(m.nextAsk)) {
		return false
	}
	m.askPause = min(2*m.askPause, lastAsk)
	if m.asked != pod {
		m.askPause = firstAsk
	}
	m.asked, m.nextAsk = pod, now.Add(m.askPause)
	return true
}

func (m *memory) answer(pod types.UID) { m.answered = pod }

// seeNode takes note of a reading of the Lease of the primary's node, and judges it.
func (m *memory) seeNode(renewed, now time.Time) failover.Answer {
	if m.nodeSince.IsZero() || !m.node.Equal(renewed) {
		m.node, m.nodeSince = renewed, now
	}
	if now.Sub(m.nodeSince) < nodeSilence {
		return failover.Unknown
	}
	return failover.Silent
}

// died takes note of the end of an instance.
func (m *memory) died(pod string, finished, now time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if d := m.deaths[pod]; !d.Finished.Equal(finished) {
		m.deaths[pod] = failover.Death{Finished: finished, Seen: now}
	}
}

func (m *memory) death(pod string) failover.Death {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.deaths[pod]
}

// memories of all platforms.
type memories struct {
	mu  sync.Mutex
	all map[types.NamespacedName]*memory
}

func (m *memories) of(key types.NamespacedName) *memory {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.all == nil {
		m.all = map[types.NamespacedName]*memory{}
	}
	if m.all[key] == nil {
		m.all[key] = &memory{deaths: map[string]failover.Death{}}
	}
	return m.all[key]
}

// known is the memory of a platform that is guarded; nil for others.
func (m *memories) known(key types.NamespacedName) *memory {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.all[key]
}

func (m *memories) forget(key types.NamespacedName) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.all, key)
}
