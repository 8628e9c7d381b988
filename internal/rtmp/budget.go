package rtmp

import (
	"errors"
	"sync/atomic"
)

// MaxControl is how many bytes a message may have that is neither sound nor pictures: commands, data, shared objects and
// messages about the connection are some hundred bytes.
const MaxControl = 16 << 10

// spared is what a connection may hold even when all of them together hold too much: who sends little goes on.
const spared = 1 << 20

// ErrMemory tells that the connections together hold too much of messages that are not complete.
var ErrMemory = errors.New("too much memory is used for messages that are not complete")

// Budget bounds the bytes that the readers who share it hold.
type Budget struct {
	limit int64
	held  atomic.Int64
}

// NewBudget returns one of so many bytes.
func NewBudget(limit int64) *Budget { return &Budget{limit: limit} }

// Held is how many bytes the readers hold.
func (b *Budget) Held() int64 { return b.held.Load() }

// take bytes for a reader that has some already. Without a budget there is no bound.
func (b *Budget) take(n, has int) bool {
	if b == nil {
		return true
	}
	if b.held.Add(int64(n)) > b.limit && has+n > spared {
		b.held.Add(-int64(n))
		return false
	}
	return true
}

func (b *Budget) give(n int) {
	if b != nil {
		b.held.Add(-int64(n))
	}
}

// Share lets the reader take its memory from a budget. The reader must be closed then.
func (r *Reader) Share(b *Budget) { r.budget = b }

// Close gives the memory of the reader back to its budget.
func (r *Reader) Close() {
	r.returnLent()
	r.budget.give(r.held)
	r.held, r.streams = 0, map[uint32]*chunkStream{}
}

// returnLent gives back the memory of the message that was returned last.
func (r *Reader) returnLent() {
	r.budget.give(r.lent)
	r.lent = 0
}

// limitOf a message of a type.
func (r *Reader) limitOf(kind uint8) int {
	if kind == TypeAudio || kind == TypeVideo {
		return r.limit
	}
	return min(r.limit, MaxControl)
}
