// Package turn bounds how many platforms replace pods at the same time because a new version of the operator changes
// them. Turns live in the memory of the leader; its successor is told who had one.
package turn

import (
	"slices"
	"sync"

	"k8s.io/apimachinery/pkg/types"
)

// Queue of platforms, first come, first served. The zero value is not ready for use.
type Queue struct {
	limit int

	mu      sync.Mutex
	told    bool
	holders map[types.NamespacedName]bool
	waiting []types.NamespacedName
}

// NewQueue gives so many platforms their turn at the same time.
func NewQueue(limit int) *Queue {
	return &Queue{limit: max(1, limit), holders: map[types.NamespacedName]bool{}}
}

// Resume is told once, before anything else, who had their turn under the former leader: they keep it, be they more than
// the limit. find is asked on the first call alone, and again if it failed.
func (q *Queue) Resume(find func() ([]types.NamespacedName, error)) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.told {
		return nil
	}
	holders, err := find()
	if err != nil {
		return err
	}
	for _, h := range holders {
		q.holders[h] = true
	}
	q.told = true
	return nil
}

// Take says whether it is a platform's turn, and lets it wait otherwise.
func (q *Queue) Take(platform types.NamespacedName) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	switch {
	case q.holders[platform]:
		return true
	case len(q.holders) < q.limit:
		q.holders[platform] = true
		return true
	case !slices.Contains(q.waiting, platform):
		q.waiting = append(q.waiting, platform)
	}
	return false
}

// Has says whether it is a platform's turn.
func (q *Queue) Has(platform types.NamespacedName) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.holders[platform]
}

// Leave ends a platform's turn, or its waiting. It returns those whose turn comes by that; they must be woken.
func (q *Queue) Leave(platform types.NamespacedName) []types.NamespacedName {
	q.mu.Lock()
	defer q.mu.Unlock()
	delete(q.holders, platform)
	q.waiting = slices.DeleteFunc(q.waiting, func(w types.NamespacedName) bool { return w == platform })
	n := min(len(q.waiting), max(0, q.limit-len(q.holders)))
	next := slices.Clone(q.waiting[:n])
	q.waiting = slices.Delete(q.waiting, 0, n)
	for _, h := range next {
		q.holders[h] = true
	}
	return next
}
