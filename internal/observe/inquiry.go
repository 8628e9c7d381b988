package observe

import (
	"context"
	"reflect"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"
)

const (
	// inFlight bounds the questions of one kind that are under way. Each has a deadline of its own.
	inFlight = 64
	// firstRetry and lastRetry bound the pauses after which one who did not answer is asked again.
	firstRetry = time.Second
	lastRetry  = time.Minute
	// retention is how long an answer is kept that nobody wants any more. The caches are gone through more often.
	retention = 24 * time.Hour
)

// inquiry asks pods and nodes, and keeps what they say, so that no pass ever waits for one: it takes what is known, and
// what is not is asked meanwhile. The platform is woken when it comes to be known, or changes.
type inquiry[T any] struct {
	mu      sync.Mutex
	slots   chan struct{}
	answers map[string]*answer[T]
}

// question to one pod or node.
type question[T any] struct {
	platform types.NamespacedName
	// key tells it from others; it holds a UID.
	key string
	// fresh is how long an answer holds; zero: for ever.
	fresh time.Duration
	// timeout of one attempt.
	timeout time.Duration
	ask     func(context.Context) (T, error)
}

type answer[T any] struct {
	value T
	err   error
	// known says that an attempt has ended, well or not, at the time.
	known    bool
	at       time.Time
	failures int
	asking   bool
	wanted   time.Time
}

// answer is what is known now. An error is an answer too; after ever longer pauses it is asked again.
func (i *inquiry[T]) answer(ctx context.Context, r *Reader, q question[T]) (value T, known bool, err error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	now := r.Now()
	a := i.answers[q.key]
	if a == nil {
		a = &answer[T]{}
		i.add(q.key, a, now)
	}
	a.wanted = now
	if !a.asking && a.due(q.fresh, now) {
		a.asking = true
		go i.ask(context.WithoutCancel(ctx), r, q, a)
	}
	return a.value, a.known, a.err
}

// add an answer, and forget those that nobody wants any more.
func (i *inquiry[T]) add(key string, a *answer[T], now time.Time) {
	if i.answers == nil {
		i.answers, i.slots = map[string]*answer[T]{}, make(chan struct{}, inFlight)
	}
	for k, old := range i.answers {
		if now.Sub(old.wanted) > retention {
			delete(i.answers, k)
		}
	}
	i.answers[key] = a
}

func (a *answer[T]) due(fresh time.Duration, now time.Time) bool {
	age := now.Sub(a.at)
	switch {
	case !a.known:
		return true
	case a.failures > 0:
		return age >= max(fresh, min(firstRetry<<min(a.failures-1, 16), lastRetry))
	}
	return fresh > 0 && age >= fresh
}

func (i *inquiry[T]) ask(ctx context.Context, r *Reader, q question[T], a *answer[T]) {
	i.slots <- struct{}{}
	ctx, cancel := context.WithTimeout(ctx, q.timeout)
	value, err := q.ask(ctx)
	cancel()
	<-i.slots
	if i.note(a, value, err, r.Now()) && r.Wake != nil {
		r.Wake(q.platform)
	}
}

// note an answer, and say whether it differs from the last one. Of failures the first is kept: the words of the next ones
// vary, and say no more.
func (i *inquiry[T]) note(a *answer[T], value T, err error, now time.Time) (news bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	news = !a.known || (a.err == nil) != (err == nil) || !reflect.DeepEqual(a.value, value)
	a.known, a.asking, a.at, a.value = true, false, now, value
	switch {
	case err == nil:
		a.failures, a.err = 0, nil
	case a.err == nil:
		a.failures, a.err = 1, err
	default:
		a.failures++
	}
	return news
}
