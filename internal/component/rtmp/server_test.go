package rtmp

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/xatube/xatube-operator/internal/gate"
	"github.com/xatube/xatube-operator/internal/golden"
)

// nginxCommand is a real nginx with the rtmp module: XATUBE_NGINX, which may hold several words, or nginx on PATH. It
// must see the file system of the test.
func nginxCommand(t *testing.T) []string {
	t.Helper()
	words := strings.Fields(os.Getenv("XATUBE_NGINX"))
	given := len(words) > 0
	if !given {
		path, err := exec.LookPath("nginx")
		if err != nil {
			t.Skip("no nginx on PATH and XATUBE_NGINX is not set: the configuration cannot be tried")
		}
		words = []string{path}
	}
	conf := filepath.Join(t.TempDir(), "nginx.conf")
	write(t, conf, "include /etc/nginx/modules-enabled/*.conf;\npid "+conf+".pid;\nevents {}\nrtmp {}\n"+
		"http {\nupstream a {\nzone a 64k;\nresolver 127.0.0.1;\nserver a.test resolve;\n}\n}\n")
	out, err := exec.Command(words[0], append(words[1:], "-t", "-c", conf)...).CombinedOutput()
	switch {
	case err == nil:
		return words
	case given:
		t.Fatalf("XATUBE_NGINX is no nginx of at least 1.27.3 with the rtmp module: %v\n%s", err, out)
	default:
		t.Skip("nginx on PATH is older than 1.27.3 or lacks the rtmp module, and XATUBE_NGINX is not set")
	}
	return nil
}

// ffmpegCommand is XATUBE_FFMPEG, which may hold several words, or ffmpeg on PATH.
func ffmpegCommand(t *testing.T) []string {
	t.Helper()
	if words := strings.Fields(os.Getenv("XATUBE_FFMPEG")); len(words) > 0 {
		return words
	}
	path, err := exec.LookPath("ffmpeg")
	if err != nil {
		t.Skip("no ffmpeg on PATH and XATUBE_FFMPEG is not set: nothing can be published")
	}
	return []string{path}
}

// pod is what a pod of the ingest has: its files, folders and environment.
type pod struct {
	config    config
	configDir string
	log       *output
	backend   *backend
	// rtmpPort is the gate's, the others are nginx's.
	rtmpPort, httpPort, ingestPort, hookPort, controlPort int
	// full makes the gate think that the scratch space is used up; nil: it is not.
	full func() bool
	// server is the process of the container; ended is closed when it has ended.
	server *exec.Cmd
	ended  chan struct{}
}

// output collects what a process prints.
type output struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String()
}

// newPod lays out a pod for one of the cases below testdata, with paths and ports of the test's own.
func newPod(t *testing.T, name string) *pod {
	t.Helper()
	dir := t.TempDir()
	// Workers of a master that is root are not root themselves.
	if err := os.Chmod(filepath.Dir(dir), 0o755); err != nil {
		t.Fatal(err)
	}
	c, err := configOf(golden.Input(t, filepath.Join("testdata", name, "in.yaml"), New()))
	if err != nil {
		t.Fatal(err)
	}
	p := &pod{config: c, configDir: filepath.Join(dir, "etc"), log: &output{}, rtmpPort: freePort(t), httpPort: freePort(t), ingestPort: freePort(t), hookPort: freePort(t), controlPort: freePort(t)}
	p.config.Run, p.config.Live = filepath.Join(dir, "run"), filepath.Join(dir, "live")
	if c.Recordings != "" {
		p.config.Recordings = filepath.Join(dir, "recordings")
		folder(t, p.config.Recordings)
	}
	p.config.HTTPPort, p.config.IngestPort = int32(p.httpPort), int32(p.ingestPort)
	p.config.HookPort, p.config.ControlPort = int32(p.hookPort), int32(p.controlPort)
	for _, d := range []string{p.configDir, p.config.Run, filepath.Join(p.config.Run, "tmp"), filepath.Join(p.config.Live, "hls"), filepath.Join(p.config.Live, "dash")} {
		folder(t, d)
	}
	for _, s := range scripts {
		b, err := embedded.ReadFile("file/" + s)
		if err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(p.configDir, s), string(b))
	}
	return p
}

// folder makes a folder in which nginx may write, whoever its workers are.
func folder(t *testing.T, path string) {
	t.Helper()
	if err := os.MkdirAll(path, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, 0o777); err != nil {
		t.Fatal(err)
	}
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

// writeConf renders nginx.conf.
func (p *pod) writeConf(t *testing.T) {
	t.Helper()
	conf, err := p.config.render()
	if err != nil {
		t.Fatal(err)
	}
	// Another pod of the test has the same port at another address.
	conf = strings.Replace(conf, fmt.Sprintf("listen %d;", p.httpPort), fmt.Sprintf("listen 127.0.0.1:%d;", p.httpPort), 1)
	write(t, filepath.Join(p.configDir, "nginx.conf"), conf)
}

// script prepares one of the scripts with the environment that the containers have.
func (p *pod) script(t *testing.T, name string, env ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "/bin/sh", filepath.Join(p.configDir, name))
	cmd.Env = append([]string{
		"PATH=" + os.Getenv("PATH"),
		"CONFIG_DIR=" + p.configDir,
		"RUN_DIR=" + p.config.Run,
		"LIVE_DIR=" + p.config.Live,
		"CONTROL_PORT=" + strconv.Itoa(p.controlPort),
		"DRAIN_LOG=/dev/stderr",
	}, env...)
	cmd.Stdout, cmd.Stderr = p.log, p.log
	return cmd
}

// serve runs a real nginx, which has found the backend if the DNS knows it, until the test ends.
func serve(t *testing.T, name string, change func(*config)) *pod {
	t.Helper()
	nginx := nginxCommand(t)
	p := newPod(t, name)
	p.backend = startBackend(t)
	p.config.Backend, p.config.BackendPort = "backend.test", int32(p.backend.port)
	p.config.Set, p.config.Peers = "pod", "peers.test"
	if change != nil {
		change(&p.config)
	}
	p.writeConf(t)
	write(t, filepath.Join(p.config.Run, "resolver.conf"), fmt.Sprintf("resolver 127.0.0.1:%d valid=1s ipv6=off;\n", startDNS(t)))
	write(t, filepath.Join(p.config.Run, "listen-http.conf"), "")

	p.server, p.ended = p.serveWith(t, "exec "+strings.Join(nginx, " ")+` "$@"`), make(chan struct{})
	// A group of its own: whatever it starts ends with the test.
	p.server.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := p.server.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(p.ended)
		_ = p.server.Wait()
	}()
	t.Cleanup(func() {
		_ = syscall.Kill(-p.server.Process.Pid, syscall.SIGKILL)
		<-p.ended
		if t.Failed() {
			t.Logf("nginx said:\n%s", p.log)
		}
	})
	eventually(t, "nginx answers", 10*time.Second, func() bool { return p.status("/healthz") == http.StatusOK })
	if known(p.config.Backend) || known(p.config.AnyBackend) {
		eventually(t, "nginx has found the backend", 10*time.Second, func() bool {
			return p.hook("update", "any") == http.StatusOK
		})
		p.backend.told()
	}
	p.startGate(t)
	return p
}

// startGate lets publishers in.
func (p *pod) startGate(t *testing.T) {
	t.Helper()
	c := gate.Defaults()
	c.Upstream = net.JoinHostPort("127.0.0.1", strconv.Itoa(p.ingestPort))
	c.Full = p.full
	listener, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(p.rtmpPort)))
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = gate.New(c).Serve(listener) }()
	t.Cleanup(func() { _ = listener.Close() })
}

// hook is the status that a hook answers, asked as the rtmp module does.
func (p *pod) hook(name, key string) int {
	return statusOf(fmt.Sprintf("http://127.0.0.1:%d/_hook/%s?app=live&flashver=gate&swfurl=&tcurl=rtmp://gate/live&pageurl=&addr=1.2.3.4&clientid=7&call=%s&name=%s", p.hookPort, name, name, key))
}

// control is the status that the scripts of the pod are answered.
func (p *pod) control(path string) int {
	return statusOf(fmt.Sprintf("http://127.0.0.1:%d%s", p.controlPort, path))
}

// get asks the pod's HTTP server.
func (p *pod) get(path string) (*http.Response, string, error) {
	return read(http.Get(fmt.Sprintf("http://127.0.0.1:%d%s", p.httpPort, path)))
}

// read is an answer with its whole body.
func read(resp *http.Response, err error) (*http.Response, string, error) {
	if err != nil {
		return nil, "", err
	}
	body, err := io.ReadAll(resp.Body)
	return resp, string(body), errors.Join(err, resp.Body.Close())
}

// status is the status of an answer; 0 when there is none.
func (p *pod) status(path string) int {
	return statusOf(fmt.Sprintf("http://127.0.0.1:%d%s", p.httpPort, path))
}

func statusOf(url string) int {
	resp, _, err := read(http.Get(url))
	if err != nil {
		return 0
	}
	return resp.StatusCode
}

// publish starts a publisher. It is ended with the test.
func (p *pod) publish(t *testing.T, stream string) *publisher {
	t.Helper()
	ffmpeg := ffmpegCommand(t)
	pub := &publisher{ended: make(chan error, 1)}
	pub.cmd = exec.Command(ffmpeg[0], append(ffmpeg[1:],
		"-nostdin", "-loglevel", "error", "-re",
		"-f", "lavfi", "-i", "testsrc=size=160x120:rate=10", "-f", "lavfi", "-i", "sine",
		"-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-g", "5", "-c:a", "aac",
		"-f", "flv", fmt.Sprintf("rtmp://127.0.0.1:%d/live/%s", p.rtmpPort, stream))...)
	pub.cmd.Stdout, pub.cmd.Stderr = &pub.log, &pub.log
	pub.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := pub.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { pub.ended <- pub.cmd.Wait() }()
	t.Cleanup(pub.stop)
	return pub
}

type publisher struct {
	cmd   *exec.Cmd
	log   output
	ended chan error
}

// stop ends the publisher as a user does.
func (p *publisher) stop() {
	_ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGINT)
}

// refused waits until the publisher has given up.
func (p *publisher) refused(t *testing.T) {
	t.Helper()
	select {
	case err := <-p.ended:
		if err == nil {
			t.Error("the publisher ended well; it should have been refused")
		}
	case <-time.After(20 * time.Second):
		t.Errorf("the publisher still runs; it should have been refused:\n%s", p.log.String())
	}
}

var nextPort atomic.Int32

// freePort is below the range from which the system takes the ports of connections, so that none takes it before
// nginx does.
func freePort(t *testing.T) int {
	t.Helper()
	for range 1000 {
		port := 20000 + int(nextPort.Add(1))
		l, err := net.Listen("tcp", "127.0.0.1:"+strconv.Itoa(port))
		if err != nil {
			continue
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		return port
	}
	t.Fatal("no free port")
	return 0
}

func eventually(t *testing.T, what string, timeout time.Duration, holds func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), timeout)
	defer cancel()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-ctx.Done():
			t.Fatalf("not within %s: %s", timeout, what)
		case <-tick.C:
		}
	}
}
