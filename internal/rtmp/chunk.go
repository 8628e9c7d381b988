package rtmp

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
)

const (
	// firstChunkSize is that of a connection until somebody says otherwise.
	firstChunkSize = 128
	// maxChunkStreams that one connection may use at a time; encoders use three or four.
	maxChunkStreams = 32
	// maxStep is how much is made room for before it has come.
	maxStep = 32 << 10
	// extendedTime in the place of a time says that four bytes follow with the real one.
	extendedTime = 0xffffff
)

// Reasons for which a connection cannot be read any further.
var (
	ErrTooLarge = errors.New("a message is larger than allowed")
	errProtocol = errors.New("the bytes are no chunks of RTMP")
)

// Reader puts the messages of a connection together.
type Reader struct {
	r     *bufio.Reader
	limit int
	size  int
	// held are the bytes of messages that are not complete, lent those of the message that was returned last.
	held, lent int
	total      int64
	streams    map[uint32]*chunkStream
	budget     *Budget
}

// chunkStream is the last header of a chunk stream, on which the next one builds, and what has come of its message.
type chunkStream struct {
	Message
	length   int
	delta    uint32
	extended bool
	begun    bool
}

// NewReader reads messages of at most limit bytes, and holds no more than that of messages that are not complete. A
// message that is neither sound nor pictures has at most MaxControl bytes.
func NewReader(r io.Reader, limit int) *Reader {
	return &Reader{r: bufio.NewReaderSize(r, 8<<10), limit: limit, size: firstChunkSize, streams: map[uint32]*chunkStream{}}
}

// SetLimit changes the size that a message may have, in bytes.
func (r *Reader) SetLimit(limit int) { r.limit = limit }

// Total is how many bytes were read.
func (r *Reader) Total() int64 { return r.total }

// Buffered reports whether more has come than was asked for.
func (r *Reader) Buffered() bool { return r.r.Buffered() > 0 }

// Next returns the next message. What concerns the chunks themselves is obeyed, and returned like everything else.
func (r *Reader) Next() (Message, error) {
	r.returnLent()
	for {
		s, err := r.chunk()
		if err != nil {
			return Message{}, fmt.Errorf("reading a message: %w", err)
		}
		if len(s.Payload) < s.length {
			continue
		}
		m := s.Message
		r.held -= len(m.Payload)
		r.lent += len(m.Payload)
		s.Payload, s.begun = nil, false
		if err := r.obey(m); err != nil {
			return Message{}, fmt.Errorf("reading a message: %w", err)
		}
		return m, nil
	}
}

// obey a message about the chunks that follow.
func (r *Reader) obey(m Message) error {
	if m.Type != TypeChunkSize && m.Type != TypeAbort {
		return nil
	}
	if len(m.Payload) != 4 {
		return errProtocol
	}
	n := binary.BigEndian.Uint32(m.Payload)
	if m.Type == TypeAbort {
		if s := r.streams[n]; s != nil {
			r.held -= len(s.Payload)
			r.budget.give(len(s.Payload))
			s.Payload, s.begun = nil, false
		}
		return nil
	}
	if n < 1 || n > math.MaxInt32 {
		return errProtocol
	}
	r.size = int(n)
	return nil
}

// chunk reads one chunk, and returns the stream that it belongs to.
func (r *Reader) chunk() (*chunkStream, error) {
	format, s, err := r.basicHeader()
	if err != nil {
		return nil, err
	}
	if err := r.header(format, s); err != nil {
		return nil, err
	}
	n := min(r.size, s.length-len(s.Payload))
	if r.held+n > r.limit {
		return nil, ErrTooLarge
	}
	// Memory follows the bytes that come, not the length that is announced.
	for n > 0 {
		step := min(n, maxStep)
		if !r.budget.take(step, r.held) {
			return nil, ErrMemory
		}
		r.held += step
		at := len(s.Payload)
		s.Payload = append(s.Payload, make([]byte, step)...)
		if err := r.full(s.Payload[at:]); err != nil {
			return nil, err
		}
		n -= step
	}
	return s, nil
}

func (r *Reader) basicHeader() (format byte, s *chunkStream, err error) {
	var b [3]byte
	if err := r.full(b[:1]); err != nil {
		return 0, nil, err
	}
	format, id := b[0]>>6, uint32(b[0]&0x3f)
	switch id {
	case 0:
		err = r.full(b[1:2])
		id = 64 + uint32(b[1])
	case 1:
		err = r.full(b[1:3])
		id = 64 + uint32(b[1]) + uint32(b[2])<<8
	}
	if err != nil {
		return 0, nil, err
	}
	s = r.streams[id]
	if s == nil {
		if format != 0 && format != 1 || len(r.streams) == maxChunkStreams {
			return 0, nil, errProtocol
		}
		s = &chunkStream{}
		r.streams[id] = s
	}
	// Only the last format says nothing of its own, and so may go on with a message.
	if s.begun && format != 3 {
		return 0, nil, errProtocol
	}
	return format, s, nil
}

// header reads what a format holds: time, length and type, and the message stream, each less than the one before.
func (r *Reader) header(format byte, s *chunkStream) error {
	var b [11]byte
	if err := r.full(b[:[4]int{11, 7, 3, 0}[format]]); err != nil {
		return err
	}
	time := s.delta
	if format < 3 {
		time = uint24(b[:])
		s.extended = time == extendedTime
	}
	if format < 2 {
		s.length, s.Type = int(uint24(b[3:])), b[6]
		if s.length > r.limitOf(s.Type) {
			return ErrTooLarge
		}
	}
	if format == 0 {
		s.Stream = binary.LittleEndian.Uint32(b[7:])
	}
	if s.extended {
		if err := r.full(b[:4]); err != nil {
			return err
		}
		time = binary.BigEndian.Uint32(b[:])
	}
	if s.begun {
		return nil
	}
	s.begun = true
	if format == 0 {
		s.Timestamp, s.delta = time, 0
		return nil
	}
	s.delta = time
	s.Timestamp += time
	return nil
}

func (r *Reader) full(b []byte) error {
	n, err := io.ReadFull(r.r, b)
	r.total += int64(n)
	return err
}

func uint24(b []byte) uint32 { return uint32(b[0])<<16 | uint32(b[1])<<8 | uint32(b[2]) }

// Writer cuts messages into chunks. It keeps what it is given until Flush.
type Writer struct {
	w    *bufio.Writer
	size int
}

// NewWriter writes to a connection.
func NewWriter(w io.Writer) *Writer {
	return &Writer{w: bufio.NewWriterSize(w, 16<<10), size: firstChunkSize}
}

// SetChunkSize tells the other side the size of the chunks that follow.
func (w *Writer) SetChunkSize(size int) error {
	if err := w.Write(Number(TypeChunkSize, uint32(size))); err != nil {
		return err
	}
	w.size = size
	return nil
}

// Number is a message about the connection that holds one number.
func Number(kind uint8, n uint32) Message {
	return Message{Type: kind, Payload: binary.BigEndian.AppendUint32(nil, n)}
}

// Write a message, each with a whole header: nothing in it depends on an earlier one.
func (w *Writer) Write(m Message) error {
	short := min(m.Timestamp, extendedTime)
	n := len(m.Payload)
	header := []byte{m.chunkStream(), byte(short >> 16), byte(short >> 8), byte(short), byte(n >> 16), byte(n >> 8), byte(n), m.Type}
	header = binary.LittleEndian.AppendUint32(header, m.Stream)
	var extension []byte
	if short == extendedTime {
		extension = binary.BigEndian.AppendUint32(nil, m.Timestamp)
	}
	for rest := m.Payload; ; header = []byte{0xc0 | m.chunkStream()} {
		chunk := rest[:min(len(rest), w.size)]
		rest = rest[len(chunk):]
		for _, part := range [][]byte{header, extension, chunk} {
			if _, err := w.w.Write(part); err != nil {
				return fmt.Errorf("writing a message: %w", err)
			}
		}
		if len(rest) == 0 {
			return nil
		}
	}
}

// Flush sends what was written.
func (w *Writer) Flush() error {
	if err := w.w.Flush(); err != nil {
		return fmt.Errorf("sending messages: %w", err)
	}
	return nil
}
