package door

import (
	"bytes"
	"cmp"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// server is a real Postgres on the loopback.
type server struct{ dir, bin, address string }

// newServer needs a real Postgres: XATUBE_POSTGRES is its server, with initdb beside it; or both are on the PATH.
func newServer(t *testing.T) server {
	t.Helper()
	program, err := exec.LookPath(cmp.Or(os.Getenv("XATUBE_POSTGRES"), "postgres"))
	if err != nil {
		t.Skip("no postgres on PATH and XATUBE_POSTGRES is not set: a real server cannot be tried")
	}
	if program, err = filepath.EvalSymlinks(program); err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := server{dir: t.TempDir(), bin: filepath.Dir(program), address: listener.Addr().String()}
	_ = listener.Close()
	// The server does not run as root, and has to reach its folder.
	for _, dir := range []string{filepath.Dir(s.dir), s.dir} {
		if err := os.Chmod(dir, 0o777); err != nil { //nolint:gosec // of the test alone
			t.Fatal(err)
		}
	}
	if out, err := s.command("initdb", "--no-sync", "--auth-host=scram-sha-256", "--auth-local=trust", "data").CombinedOutput(); err != nil {
		t.Fatalf("initdb: %v\n%s", err, out)
	}
	return s
}

// command of the server as a user who is not root.
func (s server) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(filepath.Join(s.bin, name), args...) //nolint:gosec // of the test alone
	cmd.Dir = s.dir
	cmd.Env = []string{"PATH=" + s.bin, "LC_ALL=C", "LOGNAME=xatube"}
	if os.Getuid() == 0 {
		const other = 65534
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: other, Gid: other}}
	}
	return cmd
}

// start the server; stop ends it at once.
func (s server) start(t *testing.T) (process *os.Process, stop func()) {
	t.Helper()
	_, port, err := net.SplitHostPort(s.address)
	if err != nil {
		t.Fatal(err)
	}
	cmd := s.command("postgres", "-D", "data", "-p", port, "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=", "-c", "fsync=off")
	var log bytes.Buffer
	cmd.Stdout, cmd.Stderr = &log, &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	stopped := false
	stop = func() {
		if !stopped {
			_ = cmd.Process.Signal(syscall.SIGINT)
			_ = cmd.Wait()
		}
		stopped = true
	}
	t.Cleanup(func() {
		if stop(); t.Failed() {
			t.Logf("the server's log:\n%s", log.String())
		}
	})
	return cmd.Process, stop
}

// eventually repeats a question until it is answered as expected: with a text that an error holds, or without an error.
func eventually(t *testing.T, d *Door, failure string) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	var err error
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); <-tick.C {
		if err = d.ask(t.Context()); failure == "" && err == nil || err != nil && failure != "" && strings.Contains(err.Error(), failure) {
			return
		}
	}
	t.Fatalf("got %v, want %q", err, failure)
}

// TestRealServerStopsAndStarts: while a server of PostgreSQL waits for its sessions to end it takes connections and refuses
// new sessions; when it has stopped it takes none. Whoever comes in either time is served by the next one.
func TestRealServerStopsAndStarts(t *testing.T) {
	s := newServer(t)
	process, stop := s.start(t)
	cfg := Defaults()
	cfg.Upstream = s.address
	d := New(cfg)
	eventually(t, d, "")

	// A session that keeps the server from stopping.
	if _, err := begin(t, s.address); err != nil {
		t.Fatal(err)
	}
	if err := process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	eventually(t, d, "57P03")
	results := make(chan error, 2)
	wait := func() {
		conn, err := d.reach(t.Context())
		if err == nil {
			_ = conn.Close()
		}
		results <- err
	}
	go wait()
	stop()
	eventually(t, d, "refused")
	go wait()
	select {
	case err := <-results:
		t.Fatalf("a session did not wait: %v", err)
	default:
	}
	s.start(t)
	for range cap(results) {
		if err := <-results; err != nil {
			t.Error(err)
		}
	}
}
