package drive

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/coder/websocket"
)

// Room is the chat of one stream, as one viewer has it open.
type Room struct {
	// ServedBy is the backend that holds the room.
	ServedBy string

	conn  *websocket.Conn
	heard chan Message
	// ended is closed when nothing more will be heard, for the reason err.
	ended chan struct{}
	err   error
}

// Message in a chat.
type Message struct {
	Text     string `json:"text"`
	Username string `json:"username"`
}

// unheard messages may wait for Hear.
const unheard = 64

// Chat opens the chat of a stream.
func (s *Site) Chat(ctx context.Context, key string) (*Room, error) {
	conn, response, err := websocket.Dial(ctx, "ws://"+s.addr+"/api/streams/ws/"+key+"/chat", nil)
	if err != nil {
		return nil, fmt.Errorf("opening the chat: %w", err)
	}
	r := &Room{
		conn: conn, ServedBy: response.Header.Get("X-Served-By"),
		heard: make(chan Message, unheard), ended: make(chan struct{}),
	}
	go r.listen(context.WithoutCancel(ctx))
	return r, nil
}

// listen reads all the time, as a browser does: the server takes a viewer that does not answer its pings for gone.
func (r *Room) listen(ctx context.Context) {
	defer close(r.ended)
	for {
		_, content, err := r.conn.Read(ctx)
		if err != nil {
			r.err = fmt.Errorf("reading from the chat: %w", err)
			return
		}
		var m Message
		if err := json.Unmarshal(content, &m); err != nil {
			r.err = fmt.Errorf("reading from the chat: %w", err)
			return
		}
		select {
		case r.heard <- m:
		default:
			r.err = errors.New("nobody listens to the chat")
			return
		}
	}
}

// Say sends a message to all viewers of the stream.
func (r *Room) Say(ctx context.Context, m Message) error {
	content, err := json.Marshal(m)
	if err != nil {
		return fmt.Errorf("writing to the chat: %w", err)
	}
	if err := r.conn.Write(ctx, websocket.MessageText, content); err != nil {
		return fmt.Errorf("writing to the chat: %w", err)
	}
	return nil
}

// Hear waits for the next message.
func (r *Room) Hear(ctx context.Context) (Message, error) {
	select {
	case m := <-r.heard:
		return m, nil
	case <-r.ended:
		return Message{}, r.err
	case <-ctx.Done():
		return Message{}, fmt.Errorf("reading from the chat: %w", ctx.Err())
	}
}

// WaitClosed waits until the server says goodbye: that it goes away, and that viewers should come again.
func (r *Room) WaitClosed(ctx context.Context) error {
	select {
	case <-r.ended:
		if websocket.CloseStatus(r.err) != websocket.StatusGoingAway {
			return fmt.Errorf("the chat ended without a goodbye: %w", r.err)
		}
		return nil
	case <-ctx.Done():
		return fmt.Errorf("waiting for the end of the chat: %w", ctx.Err())
	}
}

// Leave closes the chat.
func (r *Room) Leave() error {
	err := r.conn.Close(websocket.StatusNormalClosure, "")
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}
