package main

import (
	"bytes"
	"encoding/json"
	"io"
	"net"
	"strings"
	"testing"
)

// What nobody listens to is told as an attempt that failed, and the end of the input ends the program.
func TestAttemptsAreTold(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	_ = listener.Close()
	t.Setenv("PROBE_URL", "postgresql://u:hidden@elsewhere:"+port+"/db?sslmode=disable")
	in, stop := io.Pipe()
	out := &stopAfter{lines: 3, stop: stop}
	if err := run(t.Context(), []string{"-host", "127.0.0.1", "-name", "a", "-every", "1ms"}, in, out); err != nil {
		t.Fatal(err)
	}
	var first attempt
	if err := json.NewDecoder(&out.text).Decode(&first); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(first.Row, "a-") || first.Error == "" || first.Refuse || first.Ended.Before(first.Sent) {
		t.Errorf("got %+v", first)
	}
}

func TestABadURLIsNotQuoted(t *testing.T) {
	t.Setenv("PROBE_URL", "postgresql://u:hidden@h:port/db")
	err := run(t.Context(), nil, strings.NewReader(""), io.Discard)
	if err == nil || strings.Contains(err.Error(), "hidden") {
		t.Errorf("got %v", err)
	}
}

// stopAfter closes the input of the program after some lines.
type stopAfter struct {
	text  bytes.Buffer
	lines int
	stop  *io.PipeWriter
}

func (s *stopAfter) Write(p []byte) (int, error) {
	if s.lines--; s.lines == 0 {
		_ = s.stop.Close()
	}
	return s.text.Write(p)
}
