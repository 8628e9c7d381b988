package rtmpfuzz_test

import (
	"bytes"
	"encoding/binary"
	"io"
	"io/fs"
	"path/filepath"
	"testing"
	"time"

	"github.com/xatube/xatube-operator/internal/rtmp"
)

// largePicture is a key frame of so many bytes.
func largePicture(at uint32, n int) rtmp.Message {
	nal := append([]byte{0x65, 0x88}, bytes.Repeat([]byte{7}, n)...)
	payload := binary.BigEndian.AppendUint32([]byte{0x17, 1, 0, 0, 0}, uint32(len(nal)))
	return rtmp.Message{Type: rtmp.TypeVideo, Stream: 1, Timestamp: at, Payload: append(payload, nal...)}
}

// TestNoFragmentWithoutAnEnd: a publisher whose clock stands still must end before its one fragment fills the space. A10,
// A23.
func TestNoFragmentWithoutAnEnd(t *testing.T) {
	i := startIngest(t)
	s := publishVictim(t, i)
	w := watch(t, i)
	c, err := dial(i.entry, "")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := c.Write(serialized(opening("ok-still")...)); err != nil {
		t.Fatal(err)
	}
	if code, err := status(c); err != nil || code != "NetStream.Publish.Start" {
		t.Fatalf("%q, %v", code, err)
	}
	go func() { _, _ = io.Copy(io.Discard, c) }()
	_ = c.SetDeadline(time.Now().Add(90 * time.Second))
	_, err = c.Write(serialized(begin()))
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	sent := 0
	// 80 Mbit/s.
	for ; err == nil && sent < 300e6; sent += 1e6 {
		<-tick.C
		_, err = c.Write(serialized(largePicture(0, 1e6)))
	}
	w.stop()
	if largest := largestFile(t, i.live); err == nil || largest > 160e6 {
		t.Errorf("after %d MB the publisher goes on (%v), and its fragment has %d MB", sent/1e6, err, largest/1e6)
	}
	expectUndisturbed(t, i, s, w)
}

func largestFile(t *testing.T, folder string) int64 {
	t.Helper()
	largest := int64(0)
	err := filepath.WalkDir(folder, func(_ string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		if info, err := e.Info(); err == nil {
			largest = max(largest, info.Size())
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return largest
}
