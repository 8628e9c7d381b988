package gate

import (
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/xatube/xatube-operator/internal/rtmp"
)

// pump carries media from the client to nginx until one of them ends.
func (s *session) pump(upstream net.Conn) error {
	// nginx tells nothing that matters but its end, which is the publisher's too.
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		discard(upstream)
		_ = s.client.Close()
	}()
	s.r.SetLimit(mediaBytes)
	_ = s.client.SetDeadline(time.Now().Add(stall))
	err := s.send(rtmp.Status("status", "NetStream.Publish.Start", "Start publishing"))
	to := rtmp.NewWriter(upstream)
	if err == nil {
		err = to.SetChunkSize(chunkSize)
	}
	for err == nil {
		// What came in one piece goes on in one.
		if err = s.carry(upstream, to); err == nil && !s.r.Buffered() {
			err = to.Flush()
		}
	}
	_ = to.Flush()
	if why := ending(""); errors.As(err, &why) {
		_ = s.client.SetDeadline(time.Now().Add(stall))
		_ = s.send(rtmp.Status("error", "NetStream.Publish.Denied", why.text()))
	}
	finish(upstream, ended)
	return fmt.Errorf("publishing: %w", err)
}

// carry one message.
func (s *session) carry(upstream net.Conn, to *rtmp.Writer) error {
	_ = s.client.SetReadDeadline(time.Now().Add(silence))
	m, err := s.next()
	if err != nil {
		return err
	}
	if err := s.acknowledge(); err != nil {
		return err
	}
	switch m.Type {
	case rtmp.TypeAudio, rtmp.TypeVideo:
	case rtmp.TypeData:
		described, ok := describe(m)
		if !ok {
			return nil
		}
		m = described
	case rtmp.TypeCommand:
		return s.command(m)
	default:
		return nil
	}
	// There is one stream, whatever the client called it.
	m.Stream = 1
	_ = upstream.SetWriteDeadline(time.Now().Add(stall))
	return to.Write(m)
}

// next message of a publisher that may go on.
func (s *session) next() (rtmp.Message, error) {
	// Whoever ends the session says so before it cuts the time to read.
	if why := s.ended.Load(); why != nil {
		return rtmp.Message{}, *why
	}
	m, err := s.r.Next()
	if why := s.ended.Load(); why != nil {
		return rtmp.Message{}, *why
	}
	if errors.Is(err, rtmp.ErrMemory) {
		return rtmp.Message{}, endedMemory
	}
	if err != nil {
		return rtmp.Message{}, err
	}
	now := time.Now()
	s.sent.add(len(m.Payload), now)
	if why := s.pace.observe(m, now); why != "" {
		return rtmp.Message{}, why
	}
	return m, nil
}

// acknowledge what has come, once a window.
func (s *session) acknowledge() error {
	if s.r.Total()-s.acknowledged < window {
		return nil
	}
	s.acknowledged = s.r.Total()
	_ = s.client.SetWriteDeadline(time.Now().Add(stall))
	return s.send(rtmp.Number(rtmp.TypeAck, uint32(s.acknowledged)))
}

// command of a client that publishes: the stream may end, and there is no other.
func (s *session) command(m rtmp.Message) error {
	c, err := rtmp.ParseCommand(m)
	if err != nil {
		return err
	}
	switch c.Name {
	case "closeStream", "deleteStream", "FCUnpublish":
		return errEnd
	case "publish", "play", "play2", "connect":
		return refusedProtocol
	}
	return nil
}
