package rtmp

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

func TestPrepareWritesTheResolver(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, resolvConf, want string }{
		{"IPv4", "search a.svc b.svc\nnameserver 10.96.0.10\noptions ndots:5\n", "resolver 10.96.0.10 valid=5s;"},
		{"IPv6", "nameserver fd00::a\n", "resolver [fd00::a] valid=5s;"},
		{"zone index", "nameserver fe80::1%eth0\n", "resolver [fe80::1] valid=5s;"},
		{"several, no line end", "nameserver 10.96.0.10\nnameserver fd00::a", "resolver 10.96.0.10 [fd00::a] valid=5s;"},
		{"none", "search a.svc\n", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newPod(t, "minimal")
			bin := t.TempDir()
			program(t, bin, "nginx", `echo "$@" >"$RUN_DIR/arguments"`)
			write(t, filepath.Join(p.configDir, "resolv.conf"), c.resolvConf)
			err := p.prepare(t, bin).Run()
			if c.want == "" {
				if err == nil || !strings.Contains(p.log.String(), "names no nameserver") {
					t.Errorf("it should have failed with the cause: %v: %s", err, p.log)
				}
				return
			}
			if err != nil {
				t.Fatalf("%v: %s", err, p.log)
			}
			line, _, _ := strings.Cut(content(t, filepath.Join(p.config.Run, "resolver.conf")), "\n")
			if line != c.want {
				t.Errorf("got %q, want %q", line, c.want)
			}
			if got, want := strings.TrimSpace(content(t, filepath.Join(p.config.Run, "arguments"))), "-t -c "+p.configDir+"/nginx.conf"; got != want {
				t.Errorf("nginx was called with %q, want %q", got, want)
			}
		})
	}
}

func TestPrepareAcceptsWhatIsRendered(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"minimal", "full", "gateway"} {
		t.Run(name, func(t *testing.T) {
			p, prepare := realPrepare(t, name)
			if out, err := prepare.CombinedOutput(); err != nil {
				t.Errorf("nginx refuses the configuration of case %s: %v\n%s", p.config.Cluster, err, out)
			}
		})
	}
}

func TestPrepareRefusesABrokenConfiguration(t *testing.T) {
	t.Parallel()
	p, prepare := realPrepare(t, "minimal")
	conf := filepath.Join(p.configDir, "nginx.conf")
	write(t, conf, strings.Replace(content(t, conf), "hls on;", "hls perhaps;", 1))
	if out, err := prepare.CombinedOutput(); err == nil {
		t.Errorf("nginx accepts a broken configuration:\n%s", out)
	}
}

// realPrepare is prepare.sh with a real nginx.
func realPrepare(t *testing.T, name string) (*pod, *exec.Cmd) {
	t.Helper()
	nginx := nginxCommand(t)
	p := newPod(t, name)
	p.writeConf(t)
	bin := t.TempDir()
	program(t, bin, "nginx", "exec "+strings.Join(nginx, " ")+` "$@"`)
	write(t, filepath.Join(p.configDir, "resolv.conf"), "nameserver 127.0.0.1\nnameserver ::1\n")
	cmd := p.prepare(t, bin)
	cmd.Stdout, cmd.Stderr = nil, nil
	return p, cmd
}

// prepare is prepare.sh, with programs of the test's own before all others.
func (p *pod) prepare(t *testing.T, bin string) *exec.Cmd {
	t.Helper()
	return p.script(t, "prepare.sh",
		"PATH="+bin+":"+os.Getenv("PATH"),
		"HTTP_PORT="+strconv.Itoa(p.httpPort),
		"RESOLV_CONF="+filepath.Join(p.configDir, "resolv.conf"))
}

// program writes a shell script into a folder of the PATH.
func program(t *testing.T, dir, name, line string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\n"+line+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
}

func content(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// statServer stands for nginx where the scripts ask it: /stat with the streams that have a publisher, and /_control.
type statServer struct {
	mu      sync.Mutex
	streams []string
	asked   int
	dropped bool
}

func startStat(t *testing.T, p *pod, streams ...string) *statServer {
	t.Helper()
	s := &statServer{streams: streams}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	p.controlPort = server.Listener.Addr().(*net.TCPAddr).Port
	return s
}

// ServeHTTP writes the XML as the module does: a stream without a publisher comes first.
func (s *statServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked++
	if r.URL.RequestURI() == "/_control/drop/publisher?app=live" {
		s.dropped, s.streams = true, nil
		return
	}
	answer := "<rtmp>\r\n<server>\r\n<application>\r\n<name>live</name>\r\n<live>\r\n" +
		"<stream>\r\n<name>idle</name>\r\n<time>1</time><client><id>7</id></client>\r\n<nclients>1</nclients>\r\n</stream>\r\n"
	for _, name := range s.streams {
		answer += "<stream>\r\n<name>" + name + "</name>\r\n<time>1</time><client><id>1</id><publishing/><active/></client>\r\n" +
			"<nclients>1</nclients>\r\n<publishing/>\r\n<active/>\r\n</stream>\r\n"
	}
	_, _ = io.WriteString(w, answer+"<nclients>2</nclients>\r\n</live>\r\n</application>\r\n</server>\r\n</rtmp>\r\n")
}

func (s *statServer) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.streams = nil
}

func TestPublishers(t *testing.T) {
	t.Parallel()
	for _, tool := range []string{"curl", "wget"} {
		t.Run(tool, func(t *testing.T) {
			if _, err := exec.LookPath(tool); err != nil {
				t.Skipf("no %s on PATH", tool)
			}
			p := newPod(t, "minimal")
			stat := startStat(t, p, "key-1", "key-2")
			bin := t.TempDir()
			for _, name := range []string{tool, "tr", "sed"} {
				path, err := exec.LookPath(name)
				if err != nil {
					t.Fatal(err)
				}
				if err := os.Symlink(path, filepath.Join(bin, name)); err != nil {
					t.Fatal(err)
				}
			}
			publishers := func() string {
				cmd := exec.CommandContext(t.Context(), "/bin/sh", "-c", `. "$CONFIG_DIR/publishers.sh"; publishers`)
				cmd.Env = append(p.script(t, "drain.sh").Env, "PATH="+bin, "CONTROL_PORT="+strconv.Itoa(p.controlPort))
				out, err := cmd.CombinedOutput()
				if err != nil {
					t.Fatalf("%v: %s", err, out)
				}
				return string(out)
			}
			if got, want := publishers(), "key-1\nkey-2\n"; got != want {
				t.Errorf("got %q, want %q", got, want)
			}
			stat.end()
			if got := publishers(); got != "" {
				t.Errorf("got %q without a publisher", got)
			}
		})
	}
}

// drain starts drain.sh.
func (p *pod) drain(t *testing.T, seconds, linger int) chan error {
	t.Helper()
	cmd := p.script(t, "drain.sh", "DRAIN_SECONDS="+strconv.Itoa(seconds), "LINGER_SECONDS="+strconv.Itoa(linger))
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	drained := make(chan error, 1)
	go func() { drained <- cmd.Wait() }()
	return drained
}

func within(t *testing.T, what string, timeout time.Duration, done chan error) error {
	t.Helper()
	select {
	case err := <-done:
		return err
	case <-time.After(timeout):
		t.Fatalf("not within %s: %s", timeout, what)
		return nil
	}
}

func TestDrainEndsAtOnceWithoutPublishers(t *testing.T) {
	t.Parallel()
	p := newPod(t, "minimal")
	startStat(t, p)
	if err := within(t, "the drain ends", 120*time.Second, p.drain(t, 600, 600)); err != nil {
		t.Errorf("the drain failed: %v: %s", err, p.log)
	}
}

func TestDrainWaitsForPublishersAndLingers(t *testing.T) {
	t.Parallel()
	p := newPod(t, "minimal")
	stat := startStat(t, p, "key-1")
	playlist := filepath.Join(p.config.Live, "hls", "key-1.m3u8")
	write(t, playlist, "#EXTM3U")
	drained := p.drain(t, 600, 600)

	eventually(t, "it says that it waits", 20*time.Second, func() bool {
		return strings.Contains(p.log.String(), "waiting at most 600 s for 1 publishers")
	})
	if exists(p.config.Run + "/refuse") {
		t.Error("publishers are refused although no other pod may be there")
	}
	stat.end()
	eventually(t, "publishers are refused", 20*time.Second, func() bool { return exists(p.config.Run + "/refuse") })
	select {
	case err := <-drained:
		t.Fatalf("the drain ended while viewers could see the end of a stream: %v", err)
	default:
	}
	if err := os.Remove(playlist); err != nil {
		t.Fatal(err)
	}
	_ = within(t, "the drain ends", 20*time.Second, drained)
	if stat.dropped {
		t.Error("publishers were dropped before the deadline")
	}
}

func TestDrainLingersNoLongerThanItMay(t *testing.T) {
	t.Parallel()
	p := newPod(t, "minimal")
	startStat(t, p)
	write(t, filepath.Join(p.config.Live, "dash", "key-1.mpd"), "x")
	_ = within(t, "the drain ends", 20*time.Second, p.drain(t, 600, 1))
}

func TestDrainDropsPublishersAtTheDeadline(t *testing.T) {
	t.Parallel()
	p := newPod(t, "minimal")
	stat := startStat(t, p, "key-1")
	_ = within(t, "the drain ends", 30*time.Second, p.drain(t, 1, 600))
	if !stat.dropped {
		t.Error("the publishers were not dropped through nginx: the backend does not hear of their end")
	}
	if !exists(p.config.Run + "/refuse") {
		t.Error("publishers that come back are not refused")
	}
}

func TestDrainDoesNotWaitForADeadServer(t *testing.T) {
	t.Parallel()
	_ = within(t, "the drain ends", 30*time.Second, newPod(t, "minimal").drain(t, 600, 600))
}

func TestReap(t *testing.T) {
	t.Parallel()
	p := newPod(t, "minimal")
	startStat(t, p, "on-air")
	old := time.Now().Add(-time.Minute)
	file := func(name string, written time.Time) string {
		path := filepath.Join(p.config.Live, name)
		write(t, path, "x")
		if err := os.Chtimes(path, written, written); err != nil {
			t.Fatal(err)
		}
		return path
	}
	kept := []string{
		file("hls/on-air.m3u8", old),
		file("hls/ended-just-now.m3u8", time.Now().Add(time.Minute)),
		file("hls/ended-1.ts", old),
		file("dash/on-air.mpd", old),
	}
	removed := []string{
		file("hls/ended.m3u8", old),
		file("hls/on-ai.m3u8", old),
		file("hls/it's $(odd) -n.m3u8", old),
		file("dash/ended.mpd", old),
	}
	cmd := p.script(t, "reap.sh", "TAIL_SECONDS=10")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	for _, path := range removed {
		eventually(t, path+" is removed", 20*time.Second, func() bool { return !exists(path) })
	}
	for _, path := range kept {
		if !exists(path) {
			t.Errorf("%s was removed", path)
		}
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := within(t, "the reaper ends", 5*time.Second, ended); err != nil {
		t.Errorf("the reaper failed: %v: %s", err, p.log)
	}
}

func TestReapKeepsEverythingWhileNginxIsSilent(t *testing.T) {
	t.Parallel()
	p := newPod(t, "minimal")
	path := filepath.Join(p.config.Live, "hls", "on-air.m3u8")
	write(t, path, "x")
	old := time.Now().Add(-time.Hour)
	if err := os.Chtimes(path, old, old); err != nil {
		t.Fatal(err)
	}
	p.reapOnce(t)
	if !exists(path) {
		t.Error("a playlist was removed although nobody knows whether its stream is on air")
	}
}

func TestReapAsksNothingAtRest(t *testing.T) {
	t.Parallel()
	p := newPod(t, "minimal")
	stat := startStat(t, p)
	p.reapOnce(t)
	if stat.asked > 0 {
		t.Errorf("nginx was asked %d times although there is no playlist and no start to look after", stat.asked)
	}
}

// reapOnce runs one round of reap.sh: the loop ends where it would sleep.
func (p *pod) reapOnce(t *testing.T) {
	t.Helper()
	bin := t.TempDir()
	program(t, bin, "sleep", `kill "$PPID"`)
	if err := p.script(t, "reap.sh", "TAIL_SECONDS=10", "SWEEP_SECONDS=10", "PATH="+bin+":"+os.Getenv("PATH")).Run(); err != nil {
		t.Fatalf("%v: %s", err, p.log)
	}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
