package redis_test

import (
	"cmp"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// passwords of the users of a server.
const (
	adminPassword   = "admin-password"
	monitorPassword = "monitor-password"
)

// place is where a server finds its files, with the tools that the scripts call.
type place struct{ dir, path string }

// newPlace needs a real Redis: XATUBE_REDIS is its server, with redis-cli beside it; or both are on the PATH.
func newPlace(t *testing.T) place {
	t.Helper()
	server, err := exec.LookPath(cmp.Or(os.Getenv("XATUBE_REDIS"), "redis-server"))
	if err != nil {
		t.Skip("no redis-server on PATH and XATUBE_REDIS is not set: the scripts cannot be tried")
	}
	p := place{dir: t.TempDir()}
	port := freePort(t)
	tools := filepath.Join(p.dir, "tools")
	p.path = tools + ":" + os.Getenv("PATH")
	p.write(t, "tools/redis-server", "#!/bin/sh\nexec "+server+` "$@"`)
	p.write(t, "tools/redis-cli", fmt.Sprintf("#!/bin/sh\nexec %s/redis-cli -p %d \"$@\"", filepath.Dir(server), port))
	p.write(t, "redis.conf", fmt.Sprintf("port %d\nbind 127.0.0.1\nsave \"\"\ndir %s\n", port, p.dir))
	p.write(t, "secret/server/admin", adminPassword)
	p.write(t, "secret/server/monitor", monitorPassword)
	return p
}

func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

func (p place) write(t *testing.T, name, content string) {
	t.Helper()
	path := filepath.Join(p.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o700); err != nil { //nolint:gosec // some are programs
		t.Fatal(err)
	}
}

// script of the component, with the paths of the place.
func (p place) script(t *testing.T, name string, args ...string) *exec.Cmd {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("file", name))
	if err != nil {
		t.Fatal(err)
	}
	replaced := strings.NewReplacer("/etc/redis-secret", p.dir+"/secret", "/etc/redis/redis.conf", p.dir+"/redis.conf").Replace(string(text))
	script := exec.CommandContext(t.Context(), "sh", append([]string{"-c", replaced, name}, args...)...)
	script.Env = append(os.Environ(), "PATH="+p.path, "HOST=127.0.0.1")
	return script
}

// start a server; stop ends it.
func (p place) start(t *testing.T) (stop func()) {
	t.Helper()
	script := p.script(t, "start.sh")
	var said strings.Builder
	script.Stdout, script.Stderr = &said, &said
	if err := script.Start(); err != nil {
		t.Fatal(err)
	}
	stop = func() {
		_ = script.Process.Signal(os.Interrupt)
		_ = script.Wait()
	}
	t.Cleanup(stop)
	for deadline := time.After(20 * time.Second); p.ask(t, "monitor", monitorPassword, "ping") != "PONG"; {
		select {
		case <-deadline:
			t.Fatalf("Redis does not start: %s", said.String())
		case <-time.After(100 * time.Millisecond):
		}
	}
	return stop
}

// ask a command as a user.
func (p place) ask(t *testing.T, user, password string, command ...string) string {
	t.Helper()
	cli := exec.CommandContext(t.Context(), filepath.Join(p.dir, "tools/redis-cli"), append([]string{"--user", user}, command...)...)
	cli.Env = append(os.Environ(), "REDISCLI_AUTH="+password)
	out, _ := cli.Output()
	return strings.TrimSpace(string(out))
}

// tell the server a password as the Job does.
func (p place) tell(t *testing.T, admin, password string, args ...string) error {
	t.Helper()
	script := p.script(t, "login.sh", args...)
	script.Env = append(script.Env, "REDISCLI_AUTH="+admin, "PASSWORD="+password)
	out, err := script.CombinedOutput()
	if err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	return nil
}

// accepts fails unless exactly those passwords let applications in.
func (p place) accepts(t *testing.T, when string, yes, no []string) {
	t.Helper()
	for _, password := range yes {
		if got := p.ask(t, "default", password, "set", "x", "1"); got != "OK" {
			t.Errorf("%s %s is answered %q", when, password, got)
		}
	}
	for _, password := range no {
		if got := p.ask(t, "default", password, "set", "x", "1"); got == "OK" {
			t.Errorf("%s %s still works", when, password)
		}
	}
}

func TestARunningServerIsToldOfLogins(t *testing.T) {
	p := newPlace(t)
	p.write(t, "secret/login/first", "one")
	stop := p.start(t)
	p.accepts(t, "at first", []string{"one"}, []string{"two", ""})

	if err := p.tell(t, adminPassword, "two"); err != nil {
		t.Fatal(err)
	}
	p.accepts(t, "when told of another", []string{"one", "two"}, nil)
	if err := p.tell(t, adminPassword, "two"); err != nil {
		t.Errorf("a second time: %v", err)
	}
	if err := p.tell(t, adminPassword, "two", "only"); err != nil {
		t.Fatal(err)
	}
	p.accepts(t, "when told to forget the first", []string{"two"}, []string{"one"})
	if err := p.tell(t, "wrong", "three"); err == nil {
		t.Error("a server that was not told counts as told")
	}
	p.accepts(t, "after a refused attempt", []string{"two"}, []string{"three"})

	// In the midst of a rotation both Secrets exist.
	stop()
	p.write(t, "secret/login/second", "two")
	p.start(t)
	p.accepts(t, "after a restart", []string{"one", "two"}, nil)
}

func TestTheServersOwnUsersReadNoData(t *testing.T) {
	p := newPlace(t)
	p.write(t, "secret/login/first", "one")
	p.start(t)
	p.accepts(t, "", []string{"one"}, nil)
	for user, password := range map[string]string{"admin": adminPassword, "monitor": monitorPassword} {
		if got := p.ask(t, user, password, "get", "x"); !strings.HasPrefix(got, "NOPERM") {
			t.Errorf("%s reads %q", user, got)
		}
	}
	if got := p.ask(t, "monitor", monitorPassword, "info", "server"); !strings.Contains(got, "redis_version") {
		t.Errorf("the exporter gets %q", got)
	}
}
