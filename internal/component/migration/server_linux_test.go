package migration

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// role is a superuser of the server, whose password holds what a URL and a shell treat specially.
const (
	role     = "owner"
	password = `p@s\n%s:/?'"$w`
)

// server is a real Postgres on the loopback.
type server struct{ dir, bin, port string }

// startServer needs a real Postgres: XATUBE_POSTGRES is its server, with initdb beside it; or both are on the PATH.
func startServer(t *testing.T) server {
	t.Helper()
	program, err := exec.LookPath(cmp.Or(os.Getenv("XATUBE_POSTGRES"), "postgres"))
	if err != nil {
		t.Skip("no postgres on PATH and XATUBE_POSTGRES is not set: the script cannot be tried")
	}
	if program, err = filepath.EvalSymlinks(program); err != nil {
		t.Fatal(err)
	}
	s := server{dir: t.TempDir(), bin: filepath.Dir(program), port: freePort(t)}
	// The server does not run as root, and has to reach its folder.
	for _, dir := range []string{filepath.Dir(s.dir), s.dir} {
		if err := os.Chmod(dir, 0o777); err != nil { //nolint:gosec // of the test alone
			t.Fatal(err)
		}
	}
	secret := filepath.Join(s.dir, "password")
	if err := os.WriteFile(secret, []byte(password), 0o644); err != nil { //nolint:gosec // of the test alone
		t.Fatal(err)
	}
	if out, err := s.command("initdb", "--no-sync", "--auth=scram-sha-256", "--encoding=UTF8", "--username="+role, "--pwfile="+secret, "data").CombinedOutput(); err != nil {
		t.Fatalf("initdb: %v\n%s", err, out)
	}
	process := s.command("postgres", "-D", "data", "-p", s.port, "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=", "-c", "fsync=off")
	var log bytes.Buffer
	process.Stdout, process.Stderr = &log, &log
	if err := process.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = process.Process.Signal(syscall.SIGINT)
		_ = process.Wait()
		if t.Failed() {
			t.Logf("the server's log:\n%s", log.String())
		}
	})
	s.await(t)
	return s
}

// command of the server as a user who is not root.
func (s server) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(filepath.Join(s.bin, name), args...) //nolint:gosec // of the test alone
	cmd.Dir = s.dir
	cmd.Env = []string{"PATH=" + s.bin, "LC_ALL=C"}
	if os.Getuid() == 0 {
		const other = 65534
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: other, Gid: other}}
	}
	return cmd
}

func (s server) await(t *testing.T) {
	t.Helper()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); <-tick.C {
		if exec.Command("pg_isready", "-q", "-h", "127.0.0.1", "-p", s.port).Run() == nil { //nolint:gosec // of the test alone
			return
		}
	}
	t.Fatal("the server does not answer")
}

func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return fmt.Sprint(l.Addr().(*net.TCPAddr).Port)
}

// database is one of a server.
type database struct {
	server server
	name   string
}

// newDatabase runs statements on a database of its own.
func (s server) newDatabase(t *testing.T, name string, statements ...string) database {
	t.Helper()
	database{s, "postgres"}.query(t, "CREATE DATABASE "+name)
	d := database{s, name}
	for _, sql := range statements {
		d.query(t, sql)
	}
	return d
}

func (d database) url() string {
	u := url.URL{
		Scheme: "postgresql", User: url.UserPassword(role, password), Host: "127.0.0.1:" + d.server.port,
		Path: d.name, RawQuery: "connect_timeout=5&target_session_attrs=read-write",
	}
	return u.String()
}

func (d database) query(t *testing.T, sql string) string {
	t.Helper()
	cmd := exec.Command("psql", "-X", "-A", "-t", "-q", "-v", "ON_ERROR_STOP=1", "-d", d.name, "-c", sql) //nolint:gosec // of the test alone
	cmd.Env = append(os.Environ(), "PGHOST=127.0.0.1", "PGPORT="+d.server.port, "PGUSER="+role, "PGPASSWORD="+password)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", sql, err, out)
	}
	return strings.TrimSpace(string(out))
}

// attempt of the Job's container, as the template starts it.
type attempt struct {
	url       string
	sql       string
	none      bool
	checksum  string
	verbosity string
	path      string
}

// run the script and return its exit code with all that it logs.
func (a attempt) run(t *testing.T) (code int, log string) {
	t.Helper()
	dir := t.TempDir()
	cmd := exec.Command("bash", "-c", sqlScript, "sql.sh", indexes)
	cmd.Dir = dir
	cmd.Env = []string{
		"PATH=" + cmp.Or(a.path, os.Getenv("PATH")), "HOME=" + dir, "DATABASE_URL=" + a.url, "INDEX_SECONDS=60",
	}
	if !a.none {
		sum := sha256.Sum256([]byte(a.sql))
		file := filepath.Join(dir, "given")
		if err := os.WriteFile(file, []byte(a.sql), 0o600); err != nil {
			t.Fatal(err)
		}
		cmd.Env = append(cmd.Env, "SQL_FILE="+file, "SQL_VERBOSITY="+cmp.Or(a.verbosity, "default"),
			"SQL_CHECKSUM="+cmp.Or(a.checksum, hex.EncodeToString(sum[:])[:checksumLength]))
	}
	out, err := cmd.CombinedOutput()
	if cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), string(out)
}
