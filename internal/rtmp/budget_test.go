package rtmp_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/xatube/xatube-operator/internal/rtmp"
)

// TestOnlySoundAndPicturesAreLarge, whatever a message of that type is good for. A10.
func TestOnlySoundAndPicturesAreLarge(t *testing.T) {
	for kind := range 256 {
		var wire bytes.Buffer
		w := rtmp.NewWriter(&wire)
		_ = w.Write(rtmp.Message{Type: uint8(kind), Payload: make([]byte, rtmp.MaxControl+1)})
		_ = w.Flush()
		_, err := rtmp.NewReader(&wire, 10<<20).Next()
		if large := kind == rtmp.TypeAudio || kind == rtmp.TypeVideo; large != (err == nil) || !large && !errors.Is(err, rtmp.ErrTooLarge) {
			t.Errorf("type %d: %v", kind, err)
		}
	}
}

// TestBudgetBoundsAllReaders: half messages of many connections are no more than the budget and what each may always
// hold. All of it comes back. A10.
func TestBudgetBoundsAllReaders(t *testing.T) {
	const limit, each, readers = 8 << 20, 3 << 20, 20
	budget := rtmp.NewBudget(limit)
	var all []*rtmp.Reader
	refused := 0
	for range readers {
		var wire bytes.Buffer
		w := rtmp.NewWriter(&wire)
		_ = w.SetChunkSize(each)
		_ = w.Write(rtmp.Message{Type: rtmp.TypeVideo, Payload: make([]byte, each)})
		_ = w.Flush()
		r := rtmp.NewReader(io.LimitReader(&wire, int64(wire.Len()-1)), 10<<20)
		r.Share(budget)
		all = append(all, r)
		for err := error(nil); err == nil; {
			if _, err = r.Next(); errors.Is(err, rtmp.ErrMemory) {
				refused++
			}
		}
	}
	if held := budget.Held(); held > limit+readers<<20 || refused < readers-3 {
		t.Errorf("%d bytes are held and %d of %d readers refused", held, refused, readers)
	}
	little := rtmp.NewReader(strings.NewReader("\x04\x00\x00\x00\x00\x00\x01\x09\x01\x00\x00\x00a"), 10<<20)
	little.Share(budget)
	if _, err := little.Next(); err != nil {
		t.Errorf("a small message is refused: %v", err)
	}
	for _, r := range append(all, little) {
		r.Close()
		r.Close()
	}
	if held := budget.Held(); held != 0 {
		t.Errorf("%d bytes did not come back", held)
	}
}
