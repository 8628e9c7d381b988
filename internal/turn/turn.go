// Package turn bounds how many platforms replace pods at the same time because a new version of the operator changes
// them. Turns live in the memory of the leader; its successor is told who had one.
package turn

import (
	"maps"
	"slices"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"
)

// Deadline is how long a turn lasts at most, as long as Kubernetes waits for a Deployment by default: a platform that
// does not become ready again must not keep the others from the new version for ever.
const Deadline = 10 * time.Minute

// Queue of platforms, first come, first served. The zero value is not ready for use.
type Queue struct {
	limit int

	mu   sync.Mutex
	told bool
	// holders have their turn since a time.
	holders map[types.NamespacedName]time.Time
	waiting []types.NamespacedName
}

// NewQueue gives so many platforms their turn at the same time.
func NewQueue(limit int) *Queue {
	return &Queue{limit: max(1, limit), holders: map[types.NamespacedName]time.Time{}}
}

// Resume is told once, before anything else, who had their turn under the former leader, and since when: they keep it, be
// they more than the limit. find is asked on the first call alone, and again if it failed.
func (q *Queue) Resume(find func() (map[types.NamespacedName]time.Time, error)) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.told {
		return nil
	}
	holders, err := find()
	if err != nil {
		return err
	}
	maps.Copy(q.holders, holders)
	q.told = true
	return nil
}

// Take says whether it is a platform's turn, and lets it wait otherwise. Who waits asks again at the next Expiry: nobody
// is woken by a turn that only time ends.
func (q *Queue) Take(platform types.NamespacedName, now time.Time) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.expire(now)
	if _, has := q.holders[platform]; has {
		return true
	}
	if !slices.Contains(q.waiting, platform) {
		q.waiting = append(q.waiting, platform)
	}
	if slices.Index(q.waiting, platform) >= q.room() {
		return false
	}
	q.admit(platform, now)
	return true
}

// Since is when a platform's turn began, if it has one.
func (q *Queue) Since(platform types.NamespacedName, now time.Time) (time.Time, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.expire(now)
	since, has := q.holders[platform]
	return since, has
}

// Expiry is how soon the next turn ends at the latest; zero when nobody has one.
func (q *Queue) Expiry(now time.Time) time.Duration {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.expire(now)
	var next time.Duration
	for _, since := range q.holders {
		if left := Deadline - now.Sub(since); next == 0 || left < next {
			next = left
		}
	}
	return next
}

// Leave ends a platform's turn, or its waiting. It returns those whose turn comes by that; they must be woken.
func (q *Queue) Leave(platform types.NamespacedName, now time.Time) []types.NamespacedName {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.expire(now)
	delete(q.holders, platform)
	q.waiting = slices.DeleteFunc(q.waiting, func(w types.NamespacedName) bool { return w == platform })
	next := slices.Clone(q.waiting[:min(len(q.waiting), q.room())])
	for _, h := range next {
		q.admit(h, now)
	}
	return next
}

func (q *Queue) room() int { return max(0, q.limit-len(q.holders)) }

func (q *Queue) admit(platform types.NamespacedName, now time.Time) {
	q.holders[platform] = now
	q.waiting = slices.DeleteFunc(q.waiting, func(w types.NamespacedName) bool { return w == platform })
}

// expire ends the turns that have passed their deadline.
func (q *Queue) expire(now time.Time) {
	for h, since := range q.holders {
		if now.Sub(since) >= Deadline {
			delete(q.holders, h)
		}
	}
}
