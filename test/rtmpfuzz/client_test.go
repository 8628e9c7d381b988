package rtmpfuzz_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"testing"
	"time"

	"github.com/xatube/xatube-operator/internal/rtmp"
)

const victim = "victim-key"

func errorsOf(errs ...error) error { return errors.Join(errs...) }

func readAll(r io.Reader) (string, error) {
	b, err := io.ReadAll(io.LimitReader(r, 16<<20))
	return string(b), err
}

func command(name string, transaction float64, stream uint32, arguments ...any) rtmp.Message {
	return rtmp.Command{Name: name, Transaction: transaction, Arguments: arguments}.Message(stream)
}

// opening is what an encoder says until it publishes.
func opening(name string) []rtmp.Message {
	return []rtmp.Message{
		command("connect", 1, 0, rtmp.Object{
			"app": "live", "type": "nonprivate", "flashVer": "FMLE/3.0", "tcUrl": "rtmp://127.0.0.1/live",
			"swfUrl": "", "pageUrl": "", "audioCodecs": 3575.0,
		}),
		command("releaseStream", 2, 0, nil, name),
		command("FCPublish", 3, 0, nil, name),
		command("createStream", 4, 0, nil),
		command("publish", 5, 1, nil, name, "live"),
	}
}

// picture is a key frame of H.264 that shows nothing and holds a mark, and begin what a decoder is told before.
func picture(mark string, at uint32) rtmp.Message {
	nal := append([]byte{0x65, 0x88}, bytes.Repeat([]byte(mark), 20)...)
	payload := binary.BigEndian.AppendUint32([]byte{0x17, 1, 0, 0, 0}, uint32(len(nal)))
	return rtmp.Message{Type: rtmp.TypeVideo, Stream: 1, Timestamp: at, Payload: append(payload, nal...)}
}

func begin() rtmp.Message {
	sps := []byte{0x67, 0x42, 0xc0, 0x0a, 0xda, 0x7c, 0x44, 0x00}
	pps := []byte{0x68, 0xce, 0x3c, 0x80}
	payload := []byte{0x17, 0, 0, 0, 0, 1, 0x42, 0xc0, 0x0a, 0xff, 0xe1, 0, byte(len(sps))}
	payload = append(append(payload, sps...), 1, 0, byte(len(pps)))
	return rtmp.Message{Type: rtmp.TypeVideo, Stream: 1, Payload: append(payload, pps...)}
}

// serialized are messages in chunks.
func serialized(messages ...rtmp.Message) []byte {
	var out bytes.Buffer
	w := rtmp.NewWriter(&out)
	for _, m := range messages {
		_ = w.Write(m)
	}
	_ = w.Flush()
	return out.Bytes()
}

// dial connects and does the handshake.
func dial(address, before string) (net.Conn, error) {
	return dialFrom(net.IPv4(127, 0, 0, 1), address, before)
}

// dialFrom an address of this machine's own.
func dialFrom(from net.IP, address, before string) (net.Conn, error) {
	d := net.Dialer{Timeout: 10 * time.Second, LocalAddr: &net.TCPAddr{IP: from}}
	c, err := d.Dial("tcp", address)
	if err != nil {
		return nil, err
	}
	_ = c.SetDeadline(time.Now().Add(30 * time.Second))
	if _, err := io.WriteString(c, before); err != nil {
		return nil, errorsOf(err, c.Close())
	}
	if err := rtmp.Greet(c); err != nil {
		return nil, errorsOf(err, c.Close())
	}
	return c, nil
}

// status reads until the server tells what became of the stream.
func status(c net.Conn) (string, error) {
	r := rtmp.NewReader(c, 1<<20)
	for {
		m, err := r.Next()
		if err != nil {
			return "", err
		}
		if m.Type != rtmp.TypeCommand {
			continue
		}
		answer, err := rtmp.ParseCommand(m)
		if err != nil {
			return "", err
		}
		if answer.Name == "onStatus" {
			code, _ := answer.Object(1)["code"].(string)
			return code, nil
		}
	}
}

// star is the publisher whom nobody may disturb.
type star struct {
	ended chan error
	stop  chan struct{}
}

// publishVictim until the test ends.
func publishVictim(t *testing.T, i *ingest) *star {
	t.Helper()
	c, err := dial(i.entry, "")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Write(serialized(opening(victim)...)); err != nil {
		t.Fatal(err)
	}
	if code, err := status(c); err != nil || code != "NetStream.Publish.Start" {
		t.Fatalf("the victim cannot publish: %q, %v", code, err)
	}
	s := &star{ended: make(chan error, 1), stop: make(chan struct{})}
	go func() {
		defer c.Close()
		s.ended <- s.play(c)
	}()
	t.Cleanup(func() { close(s.stop) })
	eventually(t, "the victim can be watched", func() bool { _, err := i.get("/hls/" + victim + ".m3u8"); return err == nil })
	return s
}

// play ten pictures a second.
func (s *star) play(c net.Conn) error {
	_ = c.SetDeadline(time.Time{})
	go func() { _, _ = io.Copy(io.Discard, c) }()
	began := time.Now()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	next := begin()
	for {
		if _, err := c.Write(serialized(next)); err != nil {
			return fmt.Errorf("the victim's connection ended: %w", err)
		}
		select {
		case <-s.stop:
			return nil
		case <-tick.C:
			next = picture(victim+" ", uint32(time.Since(began).Milliseconds()))
		}
	}
}
