package turn

import (
	"errors"
	"testing"

	"k8s.io/apimachinery/pkg/types"
)

func key(name string) types.NamespacedName {
	return types.NamespacedName{Namespace: "default", Name: name}
}

func keys(names ...string) []types.NamespacedName {
	out := make([]types.NamespacedName, len(names))
	for i, n := range names {
		out[i] = key(n)
	}
	return out
}

// none had their turn before.
func none() ([]types.NamespacedName, error) { return nil, nil }

func resumed(t *testing.T, limit int, find func() ([]types.NamespacedName, error)) *Queue {
	t.Helper()
	q := NewQueue(limit)
	if err := q.Resume(find); err != nil {
		t.Fatal(err)
	}
	return q
}

func expectTurn(t *testing.T, q *Queue, name string, want bool) {
	t.Helper()
	if got := q.Take(key(name)); got != want {
		t.Errorf("the turn of %s: %t, want %t", name, got, want)
	}
}

func TestTurnsComeInTheOrderOfAsking(t *testing.T) {
	q := resumed(t, 1, none)
	expectTurn(t, q, "a", true)
	expectTurn(t, q, "b", false)
	expectTurn(t, q, "c", false)
	expectTurn(t, q, "a", true)
	if next := q.Leave(key("a")); len(next) != 1 || next[0] != key("b") {
		t.Errorf("after a comes %v, want b", next)
	}
	expectTurn(t, q, "c", false)
	expectTurn(t, q, "b", true)
}

func TestOneThatLeavesTheQueueDoesNotHoldItUp(t *testing.T) {
	q := resumed(t, 1, none)
	for _, name := range []string{"a", "b", "c"} {
		q.Take(key(name))
	}
	if next := q.Leave(key("b")); len(next) != 0 {
		t.Errorf("the departure of one that waited woke %v", next)
	}
	if next := q.Leave(key("a")); len(next) != 1 || next[0] != key("c") {
		t.Errorf("after a comes %v, want c", next)
	}
	if next := q.Leave(key("c")); len(next) != 0 || q.Has(key("c")) {
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
	if err := q.Resume(func() ([]types.NamespacedName, error) { return nil, errors.New("no answer") }); err == nil {
		t.Fatal("the failure is hidden")
	}
	if err := q.Resume(func() ([]types.NamespacedName, error) { return keys("a", "b"), nil }); err != nil {
		t.Fatal(err)
	}
	if err := q.Resume(func() ([]types.NamespacedName, error) { return keys("z"), nil }); err != nil || q.Has(key("z")) {
		t.Errorf("told twice: %v", err)
	}
	expectTurn(t, q, "c", false)
	// Two are more than the limit: the first departure makes no room.
	if next := q.Leave(key("a")); len(next) != 0 {
		t.Errorf("%v come while b has its turn", next)
	}
	if next := q.Leave(key("b")); len(next) != 1 || next[0] != key("c") {
		t.Errorf("after both comes %v, want c", next)
	}
}
