package door

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// database is the beginning of a server of PostgreSQL: it takes sessions, or refuses them with a code, and echoes what
// comes after the startup.
type database struct {
	address string
	refusal atomic.Pointer[string]
	asked   atomic.Int32

	mu       sync.Mutex
	listener net.Listener
	sessions []net.Conn
}

func startDatabase(t *testing.T) *database {
	t.Helper()
	d := &database{address: "127.0.0.1:0"}
	d.open(t)
	d.address = d.listener.Addr().String()
	t.Cleanup(d.close)
	return d
}

func (d *database) open(t *testing.T) {
	t.Helper()
	listener, err := net.Listen("tcp", d.address)
	if err != nil {
		t.Fatal(err)
	}
	d.mu.Lock()
	d.listener = listener
	d.mu.Unlock()
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			d.mu.Lock()
			d.sessions = append(d.sessions, conn)
			d.mu.Unlock()
			go d.serve(conn)
		}
	}()
}

// close refuses connections and ends all sessions, as a server that dies.
func (d *database) close() {
	d.mu.Lock()
	_ = d.listener.Close()
	d.mu.Unlock()
	d.end()
}

// end all sessions.
func (d *database) end() {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, conn := range d.sessions {
		_ = conn.Close()
	}
	d.sessions = nil
}

func (d *database) serve(conn net.Conn) {
	defer conn.Close()
	head := make([]byte, 8)
	if _, err := io.ReadFull(conn, head); err != nil {
		return
	}
	if _, err := io.CopyN(io.Discard, conn, int64(binary.BigEndian.Uint32(head))-8); err != nil {
		return
	}
	d.asked.Add(1)
	if code := d.refusal.Load(); code != nil {
		fields := "SFATAL\x00C" + *code + "\x00Mthe database system is shutting down\x00\x00"
		message := binary.BigEndian.AppendUint32([]byte{'E'}, uint32(4+len(fields)))
		_, _ = conn.Write(append(message, fields...))
		return
	}
	if _, err := conn.Write([]byte("R")); err == nil {
		_, _ = io.Copy(conn, conn)
	}
}

// openDoor before a database; it is shut at the end of the test.
func openDoor(t *testing.T, d *database, patience time.Duration) (address string) {
	t.Helper()
	cfg := Defaults()
	cfg.Upstream, cfg.Patience, cfg.Pause = d.address, patience, 5*time.Millisecond
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- New(cfg).Serve(ctx, listener) }()
	t.Cleanup(func() {
		cancel()
		_ = listener.Close()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return listener.Addr().String()
}

// begin a session, and read the first byte of the answer.
func begin(t *testing.T, address string) (net.Conn, error) {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Write(startup); err != nil {
		return conn, err
	}
	answer := make([]byte, 1)
	if _, err := io.ReadFull(conn, answer); err != nil {
		return conn, err
	}
	if answer[0] != 'R' {
		return conn, errors.New("refused: " + string(answer))
	}
	return conn, nil
}

func TestEveryByteGoesThrough(t *testing.T) {
	conn, err := begin(t, openDoor(t, startDatabase(t), time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	sent := bytes.Repeat([]byte("0123456789"), 50_000)
	go func() { _, _ = conn.Write(sent) }()
	got := make([]byte, len(sent))
	if _, err := io.ReadFull(conn, got); err != nil || !bytes.Equal(got, sent) {
		t.Errorf("%v, equal: %v", err, bytes.Equal(got, sent))
	}
}

// TestSessionsWaitForTheDatabase: those that begin while it is away are taken when it is back, and those that it had are ended.
func TestSessionsWaitForTheDatabase(t *testing.T) {
	d := startDatabase(t)
	address := openDoor(t, d, time.Minute)
	former, err := begin(t, address)
	if err != nil {
		t.Fatal(err)
	}
	d.close()
	if _, err := former.Read(make([]byte, 1)); err == nil {
		t.Error("a session outlived its server")
	}
	results := make(chan error, 20)
	for range cap(results) {
		go func() {
			_, err := begin(t, address)
			results <- err
		}()
	}
	select {
	case err := <-results:
		t.Fatalf("a session did not wait: %v", err)
	case <-time.After(100 * time.Millisecond):
	}
	d.open(t)
	for range cap(results) {
		if err := <-results; err != nil {
			t.Error(err)
		}
	}
}

// TestRefusalsForNowAreNotPassedOn: a server that stops, or has just started, takes connections and refuses sessions.
func TestRefusalsForNowAreNotPassedOn(t *testing.T) {
	for _, code := range []string{"57P01", "57P02", "57P03"} {
		d := startDatabase(t)
		address := openDoor(t, d, time.Minute)
		former, err := begin(t, address)
		if err != nil {
			t.Fatal(err)
		}
		d.refusal.Store(&code)
		d.end()
		if _, err := former.Read(make([]byte, 1)); err == nil {
			t.Fatal("the session was not ended")
		}
		result := make(chan error, 1)
		go func() {
			_, err := begin(t, address)
			result <- err
		}()
		for before := d.asked.Load(); d.asked.Load() < before+3; {
			select {
			case err := <-result:
				t.Fatalf("%s was passed on: %v", code, err)
			case <-time.After(time.Millisecond):
			}
		}
		d.refusal.Store(nil)
		if err := <-result; err != nil {
			t.Errorf("%s: %v", code, err)
		}
	}
}

// TestSessionsAreRefusedBeforeTheFormerEnd: an application that learns of a shutdown from one of its sessions asks for another
// at once, while the door has seen none end.
func TestSessionsAreRefusedBeforeTheFormerEnd(t *testing.T) {
	d := startDatabase(t)
	address := openDoor(t, d, time.Minute)
	if _, err := begin(t, address); err != nil {
		t.Fatal(err)
	}
	code := "57P03"
	d.refusal.Store(&code)
	result := make(chan error, 1)
	go func() {
		_, err := begin(t, address)
		result <- err
	}()
	for before := d.asked.Load(); d.asked.Load() < before+3; {
		select {
		case err := <-result:
			t.Fatalf("the refusal was passed on: %v", err)
		case <-time.After(time.Millisecond):
		}
	}
	d.refusal.Store(nil)
	if err := <-result; err != nil {
		t.Error(err)
	}
}

// TestOtherRefusalsArePassedOn: a wrong password or too many connections do not mend by waiting.
func TestOtherRefusalsArePassedOn(t *testing.T) {
	d := startDatabase(t)
	address := openDoor(t, d, time.Minute)
	former, err := begin(t, address)
	if err != nil {
		t.Fatal(err)
	}
	code := "53300"
	d.refusal.Store(&code)
	d.end()
	_, _ = former.Read(make([]byte, 1))
	if _, err := begin(t, address); err == nil || err.Error() != "refused: E" {
		t.Errorf("got %v", err)
	}
}

// TestNobodyWaitsForEver: after the patience sessions are closed at once, until the database is back.
func TestNobodyWaitsForEver(t *testing.T) {
	d := startDatabase(t)
	const patience = 200 * time.Millisecond
	address := openDoor(t, d, patience)
	d.close()
	started := time.Now()
	if _, err := begin(t, address); err == nil || time.Since(started) < patience {
		t.Errorf("got %v after %s", err, time.Since(started))
	}
	started = time.Now()
	for range 5 {
		if _, err := begin(t, address); err == nil {
			t.Error("there is no database")
		}
	}
	if took := time.Since(started); took > 5*patience {
		t.Errorf("five more waited for %s in all", took)
	}
	d.open(t)
	if _, err := begin(t, address); err != nil {
		t.Error(err)
	}
	// The next time it is away is another time.
	d.close()
	started = time.Now()
	if _, err := begin(t, address); err == nil || time.Since(started) < patience {
		t.Errorf("the second time: %v after %s", err, time.Since(started))
	}
}
