package gate_test

import (
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/xatube/xatube-operator/internal/gate"
	"github.com/xatube/xatube-operator/internal/rtmp"
)

func TestMain(m *testing.M) {
	slog.SetDefault(slog.New(slog.NewTextHandler(io.Discard, nil)))
	os.Exit(m.Run())
}

// start a gate whose nginx takes each stream but those called denied, and keeps what it is sent.
func start(t *testing.T, change func(*gate.Config)) (entry string, g *gate.Gate, sent chan rtmp.Message) {
	t.Helper()
	sent = make(chan rtmp.Message, 1000)
	c := gate.Defaults()
	c.Upstream = listen(t, func(c net.Conn) { playNginx(c, sent) })
	c.Answer, c.Hold = 5*time.Second, 50*time.Millisecond
	if change != nil {
		change(&c)
	}
	g = gate.New(c)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = g.Serve(l) }()
	t.Cleanup(func() { _ = l.Close() })
	return l.Addr().String(), g, sent
}

func listen(t *testing.T, serve func(net.Conn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go serve(c)
		}
	}()
	return l.Addr().String()
}

// playNginx answers as the rtmp module does, after the line that tells whose connection it is.
func playNginx(c net.Conn, sent chan<- rtmp.Message) {
	defer c.Close()
	line := make([]byte, 1)
	for line[0] != '\n' {
		if _, err := c.Read(line); err != nil {
			return
		}
	}
	if rtmp.Accept(c) != nil {
		return
	}
	r, w := rtmp.NewReader(c, 1<<20), rtmp.NewWriter(c)
	for {
		m, err := r.Next()
		if err != nil {
			return
		}
		sent <- m
		command, err := rtmp.ParseCommand(m)
		if m.Type != rtmp.TypeCommand || err != nil {
			continue
		}
		answer := rtmp.Command{Name: "_result", Transaction: command.Transaction, Arguments: []any{nil, 1.0}}.Message(0)
		if command.Name == "publish" {
			if command.Text(1) == "denied" {
				return
			}
			answer = rtmp.Status("status", "NetStream.Publish.Start", "")
		}
		_ = w.Write(answer)
		_ = w.Flush()
	}
}

// publisher is a client that has asked for a stream.
type publisher struct {
	net.Conn
	r *rtmp.Reader
	w *rtmp.Writer
}

func publish(t *testing.T, entry, name string) *publisher {
	t.Helper()
	c, err := net.Dial("tcp", entry)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	_ = c.SetDeadline(time.Now().Add(20 * time.Second))
	if err := rtmp.Greet(c); err != nil {
		t.Fatal(err)
	}
	p := &publisher{c, rtmp.NewReader(c, 1<<20), rtmp.NewWriter(c)}
	p.say(t, "connect", rtmp.Object{"app": "live/"})
	p.say(t, "createStream", nil)
	p.say(t, "publish", nil, name, "live")
	return p
}

func (p *publisher) say(t *testing.T, name string, arguments ...any) {
	t.Helper()
	if err := p.w.Write(rtmp.Command{Name: name, Transaction: 1, Arguments: arguments}.Message(1)); err != nil {
		t.Fatal(err)
	}
	if err := p.w.Flush(); err != nil {
		t.Fatal(err)
	}
}

// status is what became of the stream; empty when the connection has ended.
func (p *publisher) status() string {
	for {
		m, err := p.r.Next()
		if err != nil {
			return ""
		}
		if c, err := rtmp.ParseCommand(m); m.Type == rtmp.TypeCommand && err == nil && c.Name == "onStatus" {
			code, _ := c.Object(1)["code"].(string)
			return code
		}
	}
}

const started = "NetStream.Publish.Start"

// TestRefused by name, in which nothing may mean something to those behind. A1.
func TestRefused(t *testing.T) {
	entry, g, _ := start(t, nil)
	for name, want := range map[string]string{
		"key": started, "a_b-c.~9": started, "key-2?user=a&x\r\n\r\nGET /": started, strings.Repeat("a", 128): started,
		"denied": "NetStream.Publish.Denied",
		"":       "NetStream.Publish.BadName", "..": "NetStream.Publish.BadName", ".a": "NetStream.Publish.BadName",
		"a/b": "NetStream.Publish.BadName", "a\r\nb": "NetStream.Publish.BadName", "a\n": "NetStream.Publish.BadName",
		"a\x00b": "NetStream.Publish.BadName", "a b": "NetStream.Publish.BadName", "a%2fb": "NetStream.Publish.BadName",
		"a&name=b": "NetStream.Publish.BadName", strings.Repeat("a", 129): "NetStream.Publish.BadName",
	} {
		if got := publish(t, entry, name).status(); got != want {
			t.Errorf("%q: got %q, want %q", name, got, want)
		}
	}
	if got, err := testutil.GatherAndCount(registry(t, g), "rtmp_gate_refused_total"); err != nil || got != 10 {
		t.Errorf("%d reasons are counted, %v; want 10", got, err)
	}
}

// TestADeniedNameIsNotAskedAgain at once. A10.
func TestADeniedNameIsNotAskedAgain(t *testing.T) {
	entry, _, sent := start(t, nil)
	for range 5 {
		if got := publish(t, entry, "denied").status(); got != "NetStream.Publish.Denied" {
			t.Errorf("the client hears %q", got)
		}
	}
	asked := 0
	for len(sent) > 0 {
		if c, err := rtmp.ParseCommand(<-sent); err == nil && c.Name == "publish" {
			asked++
		}
	}
	if asked != 1 {
		t.Errorf("nginx was asked %d times, want once", asked)
	}
}

// TestOnlyMediaGoesOn: nginx hears the key, and then pictures, sound, and what describes them.
func TestOnlyMediaGoesOn(t *testing.T) {
	entry, _, sent := start(t, nil)
	p := publish(t, entry, "key?token=secret")
	if got := p.status(); got != started {
		t.Fatalf("got %q", got)
	}
	for range 3 {
		if m := <-sent; strings.Contains(string(m.Payload), "secret") {
			t.Errorf("nginx was told %q", m.Payload)
		}
	}
	for _, m := range []rtmp.Message{
		{Type: rtmp.TypeVideo, Stream: 7, Timestamp: 40, Payload: []byte("picture")},
		{Type: rtmp.TypeData, Stream: 1, Payload: rtmp.Encode("publish", 0.0, nil, "victim")},
		{Type: rtmp.TypeDataAMF3, Stream: 1, Payload: []byte("\x00x")},
		{Type: rtmp.TypeAggregate, Stream: 1, Payload: []byte("x")},
		{Type: rtmp.TypeControl, Payload: []byte("\x00\x03")},
		{Type: rtmp.TypeData, Stream: 1, Payload: rtmp.Encode("@setDataFrame", "onMetaData", rtmp.Object{"width": 1.0})},
		{Type: rtmp.TypeAudio, Stream: 1, Timestamp: 41, Payload: []byte("sound")},
	} {
		if err := p.w.Write(m); err != nil {
			t.Fatal(err)
		}
	}
	p.say(t, "deleteStream", nil, 1.0)
	var got []string
	for len(got) < 3 {
		if m := <-sent; m.Type != rtmp.TypeChunkSize {
			got = append(got, string(m.Payload[:min(len(m.Payload), 16)]))
		}
	}
	if want := "picture, \x02\x00\r@setDataFrame, sound"; strings.Join(got, ", ") != want {
		t.Errorf("nginx was sent %q, want %q", strings.Join(got, ", "), want)
	}
	if got := p.status(); got != "" {
		t.Errorf("the stream has ended and the client hears %q", got)
	}
}

// TestTheFirstPublisherHasTheStream, until its end. A1.
func TestTheFirstPublisherHasTheStream(t *testing.T) {
	entry, _, _ := start(t, nil)
	first := publish(t, entry, "key")
	if got := first.status(); got != started {
		t.Fatalf("got %q", got)
	}
	if got := publish(t, entry, "key").status(); got != "NetStream.Publish.BadName" {
		t.Errorf("a second publisher hears %q", got)
	}
	_ = first.Close()
	eventually(t, "the stream is free again", func() bool { return publish(t, entry, "key").status() == started })
}

// TestPublishersAreRefusedWhenTheSpaceIsUsedUp, and those who publish go on. A23.
func TestPublishersAreRefusedWhenTheSpaceIsUsedUp(t *testing.T) {
	folder := t.TempDir()
	scratch := gate.NewScratch(folder, 1<<20)
	entry, _, sent := start(t, func(c *gate.Config) { c.Full = scratch.Full })
	early := publish(t, entry, "early")
	if got := early.status(); got != started {
		t.Fatalf("there is room, and a publisher hears %q", got)
	}
	fragment := filepath.Join(folder, "a.ts")
	if err := os.WriteFile(fragment, make([]byte, 900<<10), 0o600); err != nil {
		t.Fatal(err)
	}
	eventually(t, "publishers are refused", func() bool { return publish(t, entry, "late").status() == "NetStream.Publish.Denied" })
	if err := early.w.Write(rtmp.Message{Type: rtmp.TypeVideo, Stream: 1, Payload: []byte("picture")}); err != nil {
		t.Fatal(err)
	}
	if err := early.w.Flush(); err != nil {
		t.Fatal(err)
	}
	for m := range sent {
		if string(m.Payload) == "picture" {
			break
		}
	}
	want := `
# HELP rtmp_scratch_size_bytes Bytes that live fragments may take: spec.rtmp.scratch.
# TYPE rtmp_scratch_size_bytes gauge
rtmp_scratch_size_bytes 1.048576e+06
`
	if err := testutil.CollectAndCompare(scratch, strings.NewReader(want), "rtmp_scratch_size_bytes"); err != nil {
		t.Error(err)
	}
	if err := os.Remove(fragment); err != nil {
		t.Fatal(err)
	}
	eventually(t, "there is room again", func() bool { return publish(t, entry, "later").status() == started })
}

// TestTheOldestMakesRoom among those who publish nothing; who publishes is none of them. A10.
func TestTheOldestMakesRoom(t *testing.T) {
	entry, _, _ := start(t, func(c *gate.Config) { c.Waiting = 3 })
	on := publish(t, entry, "key")
	if got := on.status(); got != started {
		t.Fatalf("got %q", got)
	}
	var idle []net.Conn
	for range 4 {
		c, err := net.Dial("tcp", entry)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close() })
		_ = c.SetDeadline(time.Now().Add(20 * time.Second))
		idle = append(idle, c)
	}
	closed := make(chan int, len(idle))
	for n, c := range idle {
		go func() {
			_, _ = c.Read(make([]byte, 1))
			closed <- n
		}()
	}
	<-closed
	if got := publish(t, entry, "another").status(); got != started {
		t.Errorf("among idle connections a publisher hears %q", got)
	}
	if err := on.w.Write(rtmp.Message{Type: rtmp.TypeVideo, Stream: 1, Payload: []byte("picture")}); err != nil {
		t.Error(err)
	}
}

// TestPatience ends: a byte now and then keeps no place. A10.
func TestPatience(t *testing.T) {
	entry, _, _ := start(t, func(c *gate.Config) { c.Patience = 300 * time.Millisecond })
	c, err := net.Dial("tcp", entry)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(20 * time.Second))
	go func() {
		for _, err := c.Write([]byte{3}); err == nil; _, err = c.Write([]byte{0}) {
			<-time.After(20 * time.Millisecond)
		}
	}()
	if _, err := c.Read(make([]byte, 1)); err == nil || os.IsTimeout(err) {
		t.Errorf("the connection is still open: %v", err)
	}
}

func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for !holds() {
		if time.Now().After(deadline) {
			t.Fatalf("not within 20 s: %s", what)
		}
		<-time.After(20 * time.Millisecond)
	}
}

func registry(t *testing.T, g *gate.Gate) *prometheus.Registry {
	t.Helper()
	r := prometheus.NewRegistry()
	if err := r.Register(g); err != nil {
		t.Fatal(err)
	}
	return r
}
