// Package rtmp speaks the part of RTMP that publishing a stream takes: the plain handshake, chunks, and commands in AMF0.
package rtmp

// Types of messages.
const (
	TypeChunkSize  = 1
	TypeAbort      = 2
	TypeAck        = 3
	TypeControl    = 4
	TypeWindowSize = 5
	TypeBandwidth  = 6
	TypeAudio      = 8
	TypeVideo      = 9
	TypeDataAMF3   = 15
	TypeCommandAMF = 17
	TypeData       = 18
	TypeCommand    = 20
	TypeAggregate  = 22
)

// Chunk streams that both sides use by habit.
const (
	chunkControl = 2
	chunkCommand = 3
	chunkMedia   = 6
)

// Message is one message of a connection.
type Message struct {
	Type uint8
	// Stream is the message stream: 0 is the connection, 1 what is published.
	Stream uint32
	// Timestamp in milliseconds, from any beginning.
	Timestamp uint32
	Payload   []byte
}

// chunkStream is where a message goes by its type.
func (m Message) chunkStream() byte {
	switch m.Type {
	case TypeChunkSize, TypeAbort, TypeAck, TypeControl, TypeWindowSize, TypeBandwidth:
		return chunkControl
	case TypeAudio, TypeVideo:
		return chunkMedia
	}
	return chunkCommand
}
