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
	conn *websocket.Conn
}

// Message in a chat.
type Message struct {
	Text     string `json:"text"`
	Username string `json:"username"`
}

// Chat opens the chat of a stream.
func (s *Site) Chat(ctx context.Context, key string) (*Room, error) {
	conn, _, err := websocket.Dial(ctx, "ws://"+s.addr+"/api/streams/ws/"+key+"/chat", nil)
	if err != nil {
		return nil, fmt.Errorf("opening the chat: %w", err)
	}
	return &Room{conn: conn}, nil
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
	var m Message
	_, content, err := r.conn.Read(ctx)
	if err != nil {
		return m, fmt.Errorf("reading from the chat: %w", err)
	}
	if err := json.Unmarshal(content, &m); err != nil {
		return m, fmt.Errorf("reading from the chat: %w", err)
	}
	return m, nil
}

// Leave closes the chat.
func (r *Room) Leave() error {
	err := r.conn.Close(websocket.StatusNormalClosure, "")
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}
