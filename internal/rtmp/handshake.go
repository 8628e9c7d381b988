package rtmp

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
)

const (
	version = 3
	// challenge is the length of the random part of a handshake.
	challenge = 1536
)

var errVersion = errors.New("it is no RTMP of version 3")

// Accept does the server's part of the handshake.
func Accept(rw io.ReadWriter) error {
	var hello [1 + challenge]byte
	if _, err := io.ReadFull(rw, hello[:1]); err != nil {
		return fmt.Errorf("reading the handshake: %w", err)
	}
	if hello[0] != version {
		return fmt.Errorf("reading the handshake: %w", errVersion)
	}
	if _, err := io.ReadFull(rw, hello[1:]); err != nil {
		return fmt.Errorf("reading the handshake: %w", err)
	}
	// A version of zero, after the time, tells the client that nothing is signed.
	answer := append(own(), hello[1:]...)
	if _, err := rw.Write(answer); err != nil {
		return fmt.Errorf("answering the handshake: %w", err)
	}
	if _, err := io.ReadFull(rw, hello[1:]); err != nil {
		return fmt.Errorf("ending the handshake: %w", err)
	}
	return nil
}

// Greet does the client's part of the handshake.
func Greet(rw io.ReadWriter) error {
	if _, err := rw.Write(own()); err != nil {
		return fmt.Errorf("beginning the handshake: %w", err)
	}
	var answer [1 + 2*challenge]byte
	if _, err := io.ReadFull(rw, answer[:]); err != nil {
		return fmt.Errorf("reading the answer to the handshake: %w", err)
	}
	if answer[0] != version {
		return fmt.Errorf("reading the answer to the handshake: %w", errVersion)
	}
	if _, err := rw.Write(answer[1 : 1+challenge]); err != nil {
		return fmt.Errorf("ending the handshake: %w", err)
	}
	return nil
}

// own is the version and a challenge: time and version zero, then noise.
func own() []byte {
	out := make([]byte, 1+challenge)
	out[0] = version
	_, _ = rand.Read(out[9:])
	return out
}
