package turn

import (
	"errors"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/types"
)

func key(name string) types.NamespacedName {
	return types.NamespacedName{Namespace: "default", Name: name}
}

// now is when most of it happens.
var now = time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)

// since then the named have their turn.
func since(at time.Time, names ...string) func() (map[types.NamespacedName]time.Time, error) {
	return func() (map[types.NamespacedName]time.Time, error) {
		out := map[types.NamespacedName]time.Time{}
		for _, n := range names {
			out[key(n)] = at
		}
		return out, nil
	}
}

// none had their turn before.
func none() (map[types.NamespacedName]time.Time, error) { return nil, nil }

func resumed(t *testing.T, limit int, find func() (map[types.NamespacedName]time.Time, error)) *Queue {
	t.Helper()
	q := NewQueue(limit)
	if err := q.Resume(find); err != nil {
		t.Fatal(err)
	}
	return q
}

func has(q *Queue, name string) bool {
	_, has := q.Since(key(name), now)
	return has
}

func expectTurn(t *testing.T, q *Queue, name string, want bool) {
	t.Helper()
	if got := q.Take(key(name), now); got != want {
		t.Errorf("the turn of %s: %t, want %t", name, got, want)
	}
}

func TestTurnsComeInTheOrderOfAsking(t *testing.T) {
	q := resumed(t, 1, none)
	expectTurn(t, q, "a", true)
	expectTurn(t, q, "b", false)
	expectTurn(t, q, "c", false)
	expectTurn(t, q, "a", true)
	if next := q.Leave(key("a"), now); len(next) != 1 || next[0] != key("b") {
		t.Errorf("after a comes %v, want b", next)
	}
	expectTurn(t, q, "c", false)
	expectTurn(t, q, "b", true)
}

func TestOneThatLeavesTheQueueDoesNotHoldItUp(t *testing.T) {
	q := resumed(t, 1, none)
	for _, name := range []string{"a", "b", "c"} {
		q.Take(key(name), now)
	}
	if next := q.Leave(key("b"), now); len(next) != 0 {
		t.Errorf("the departure of one that waited woke %v", next)
	}
	if next := q.Leave(key("a"), now); len(next) != 1 || next[0] != key("c") {
		t.Errorf("after a comes %v, want c", next)
	}
	if next := q.Leave(key("c"), now); len(next) != 0 || has(q, "c") {
		t.Errorf("after the last comes %v", next)
	}
}

func TestTheLimitHolds(t *testing.T) {
	q := resumed(t, 2, none)
	expectTurn(t, q, "a", true)
	expectTurn(t, q, "b", true)
	expectTurn(t, q, "c", false)
	expectTurn(t, resumed(t, 0, none), "a", true)
}

func TestASuccessorKnowsWhoHadTheirTurn(t *testing.T) {
	q := NewQueue(1)
	if err := q.Resume(func() (map[types.NamespacedName]time.Time, error) { return nil, errors.New("no answer") }); err == nil {
		t.Fatal("the failure is hidden")
	}
	if err := q.Resume(since(now, "a", "b")); err != nil {
		t.Fatal(err)
	}
	if err := q.Resume(since(now, "z")); err != nil || has(q, "z") {
		t.Errorf("told twice: %v", err)
	}
	expectTurn(t, q, "c", false)
	// Two are more than the limit: the first departure makes no room.
	if next := q.Leave(key("a"), now); len(next) != 0 {
		t.Errorf("%v come while b has its turn", next)
	}
	if next := q.Leave(key("b"), now); len(next) != 1 || next[0] != key("c") {
		t.Errorf("after both comes %v, want c", next)
	}
}

// A9: a platform that never rests must not hold the turn for ever, also when the operator was restarted meanwhile.
func TestATurnEndsAtItsDeadline(t *testing.T) {
	q := NewQueue(1)
	if err := q.Resume(since(now.Add(time.Minute-Deadline), "a")); err != nil {
		t.Fatal(err)
	}
	expectTurn(t, q, "b", false)
	expectTurn(t, q, "c", false)
	if left := q.Expiry(now); left != time.Minute {
		t.Errorf("those who wait ask again in %v, want a minute", left)
	}
	later := now.Add(time.Minute)
	if _, holds := q.Since(key("a"), later); holds {
		t.Error("a still has its turn at its deadline")
	}
	if q.Take(key("c"), later) {
		t.Error("c comes before b, which has waited longer")
	}
	if !q.Take(key("b"), later) {
		t.Error("b does not come when the turn of a has ended")
	}
	if left := q.Expiry(later); left != Deadline {
		t.Errorf("the turn of b ends in %v, want %v", left, Deadline)
	}
	// a asks again, behind the others.
	if q.Take(key("a"), later) {
		t.Error("a comes before c")
	}
	if next := q.Leave(key("b"), later); len(next) != 1 || next[0] != key("c") {
		t.Errorf("after b comes %v, want c", next)
	}
}

func TestNobodyWaitsForAnEmptyQueue(t *testing.T) {
	q := resumed(t, 1, none)
	if left := q.Expiry(now); left != 0 {
		t.Errorf("a turn that nobody has ends in %v", left)
	}
}
