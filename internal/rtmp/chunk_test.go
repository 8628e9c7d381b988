package rtmp_test

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/xatube/xatube-operator/internal/rtmp"
)

// TestWhatIsWrittenIsRead, in chunks of any size.
func TestWhatIsWrittenIsRead(t *testing.T) {
	long := bytes.Repeat([]byte("media "), 800)
	want := []rtmp.Message{
		{Type: rtmp.TypeCommand, Payload: []byte("a")},
		{Type: rtmp.TypeVideo, Stream: 1, Timestamp: 0xfffffe, Payload: long},
		{Type: rtmp.TypeVideo, Stream: 1, Timestamp: 0xffffff, Payload: long},
		{Type: rtmp.TypeAudio, Stream: 1, Timestamp: 0xfffffffe, Payload: long[:129]},
		{Type: rtmp.TypeAudio, Stream: 1, Timestamp: 3},
	}
	for _, size := range []int{0, 1, 128, 4096, 1 << 20} {
		var wire bytes.Buffer
		w := rtmp.NewWriter(&wire)
		if size > 0 {
			if err := w.SetChunkSize(size); err != nil {
				t.Fatal(err)
			}
		}
		for _, m := range want {
			if err := w.Write(m); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
		n := int64(wire.Len())
		r := rtmp.NewReader(&wire, 1<<20)
		var got []rtmp.Message
		for len(got) < len(want) {
			m, err := r.Next()
			if err != nil {
				t.Fatalf("chunks of %d: %v", size, err)
			}
			if m.Type != rtmp.TypeChunkSize {
				got = append(got, m)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("chunks of %d: %s", size, diff)
		}
		if r.Total() != n {
			t.Errorf("chunks of %d: %d bytes were read, and counted %d", size, n, r.Total())
		}
	}
}

// TestShortHeaders build on the ones before, as encoders do.
func TestShortHeaders(t *testing.T) {
	wire := "\x04\x00\x00\x0a\x00\x00\x01\x08\x01\x00\x00\x00a" + // at 10
		"\x44\x00\x00\x05\x00\x00\x02\x09bc" + // 5 later, another length and type
		"\x84\x00\x00\x07de" + // 7 later, the same length
		"\xc4fg" + // as much later again
		"\x06\xff\xff\xff\x00\x00\x01\x08\x01\x00\x00\x00\x01\x00\x00\x00h" // a time of four bytes
	r := rtmp.NewReader(strings.NewReader(wire), 100)
	for _, want := range []rtmp.Message{
		{Type: 8, Stream: 1, Timestamp: 10, Payload: []byte("a")},
		{Type: 9, Stream: 1, Timestamp: 15, Payload: []byte("bc")},
		{Type: 9, Stream: 1, Timestamp: 22, Payload: []byte("de")},
		{Type: 9, Stream: 1, Timestamp: 29, Payload: []byte("fg")},
		{Type: 8, Stream: 1, Timestamp: 1 << 24, Payload: []byte("h")},
	} {
		got, err := r.Next()
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	}
}

// TestReaderHoldsNoMoreThanItsLimit: neither one message nor many half ones take more memory.
func TestReaderHoldsNoMoreThanItsLimit(t *testing.T) {
	var halves strings.Builder
	for id := byte(2); id < 20; id++ {
		halves.WriteString(string([]byte{id, 0, 0, 0, 0, 3, 232, 9, 1, 0, 0, 0}) + strings.Repeat("x", 128))
	}
	for name, wire := range map[string]string{
		"a message": "\x04\x00\x00\x00\x00\x03\xe9\x09\x01\x00\x00\x00", "half messages": halves.String(),
	} {
		if _, err := rtmp.NewReader(strings.NewReader(wire), 1000).Next(); !errors.Is(err, rtmp.ErrTooLarge) {
			t.Errorf("%s: %v, want %v", name, err, rtmp.ErrTooLarge)
		}
	}
}

// TestReaderRefuses what cannot be told apart in one way only.
func TestReaderRefuses(t *testing.T) {
	for name, wire := range map[string]string{
		"a short header without one before":  "\xc4a",
		"a header within a message":          "\x04\x00\x00\x00\x00\x01\x00\x09\x01\x00\x00\x00" + strings.Repeat("x", 128) + "\x04\x00\x00\x00\x00\x00\x01\x09\x01\x00\x00\x00a",
		"chunks of no size":                  "\x02\x00\x00\x00\x00\x00\x04\x01\x00\x00\x00\x00\x00\x00\x00\x00",
		"a size of chunks that is no number": "\x02\x00\x00\x00\x00\x00\x01\x01\x00\x00\x00\x00\x01",
	} {
		if m, err := rtmp.NewReader(strings.NewReader(wire), 1000).Next(); err == nil {
			t.Errorf("%s: it was read as %v", name, m)
		}
	}
}

// TestNoBytesBreakTheReader, or what reads commands.
func TestNoBytesBreakTheReader(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 20000 {
		b := make([]byte, random.IntN(400))
		for i := range b {
			b[i] = byte(random.IntN(256))
		}
		r := rtmp.NewReader(bytes.NewReader(b), 1000)
		for err := error(nil); err == nil; {
			_, err = r.Next()
		}
		if r.Total() > int64(len(b)) {
			t.Fatalf("%d bytes were read of %d", r.Total(), len(b))
		}
		_, _ = rtmp.ParseCommand(rtmp.Message{Payload: append([]byte{2, 0, 1, 'a', 0, 0, 0, 0, 0, 0, 0, 0, 0}, b...)})
	}
}

func TestCommand(t *testing.T) {
	want := rtmp.Command{Name: "publish", Transaction: 5, Arguments: []any{
		nil, "key", true, rtmp.Object{"a": "b", "c": rtmp.Object{"d": 1.5}}, strings.Repeat("x", 70000),
	}}
	got, err := rtmp.ParseCommand(want.Message(1))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if got.Text(1) != "key" || got.Text(0) != "" || got.Text(9) != "" || got.Object(3)["a"] != "b" || got.Object(1) != nil {
		t.Error("an argument is not what it was")
	}
}
