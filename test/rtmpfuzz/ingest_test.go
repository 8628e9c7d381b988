package rtmpfuzz_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/xatube/xatube-operator/internal/component/rtmp"
	"github.com/xatube/xatube-operator/internal/gate"
	"github.com/xatube/xatube-operator/internal/golden"
)

// ingest is a pod of the ingest without Kubernetes: nginx, the gate, and a backend that is played.
type ingest struct {
	backend *backend
	// entry is where publishers come, inner what nginx listens at behind the gate.
	entry, inner string
	live         string
	http         int
	log          string
}

// startIngest runs until the test ends.
func startIngest(t *testing.T) *ingest {
	t.Helper()
	nginx := strings.Fields(os.Getenv("XATUBE_NGINX"))
	if len(nginx) == 0 {
		t.Skip("XATUBE_NGINX names no nginx with the rtmp module")
	}
	dir := t.TempDir()
	// Workers of a master that is root are not root themselves.
	if err := os.Chmod(filepath.Dir(dir), 0o755); err != nil {
		t.Fatal(err)
	}
	i := &ingest{backend: startBackend(t), live: filepath.Join(dir, "live"), http: freePort(t), log: filepath.Join(dir, "log")}
	run, inner := filepath.Join(dir, "run"), freePort(t)
	i.inner = net.JoinHostPort("127.0.0.1", strconv.Itoa(inner))
	for _, d := range []string{run, filepath.Join(run, "tmp"), filepath.Join(i.live, "hls"), filepath.Join(i.live, "dash")} {
		if err := errorsOf(os.MkdirAll(d, 0o755), os.Chmod(d, 0o777)); err != nil {
			t.Fatal(err)
		}
	}
	conf := rendered(t)
	for _, r := range []struct{ old, now string }{
		{`/run/rtmp`, run},
		{`/var/lib/rtmp/live`, i.live},
		{`127\.0\.0\.1:19350`, i.inner},
		{`127\.0\.0\.1:18080`, net.JoinHostPort("127.0.0.1", strconv.Itoa(freePort(t)))},
		{`127\.0\.0\.1:18081`, net.JoinHostPort("127.0.0.1", strconv.Itoa(freePort(t)))},
		{`listen 8080;`, fmt.Sprintf("listen 127.0.0.1:%d;", i.http)},
		{`server [a-z.-]+:8000 resolve`, fmt.Sprintf("server 127.0.0.1:%d", i.backend.port)},
		{`_fragment [0-9]+ms`, "_fragment 500ms"},
		{`_playlist_length [0-9]+ms`, "_playlist_length 5s"},
	} {
		pattern := regexp.MustCompile(r.old)
		if !pattern.MatchString(conf) {
			t.Fatalf("the rendered configuration has no %s", r.old)
		}
		conf = pattern.ReplaceAllString(conf, r.now)
	}
	write(t, filepath.Join(run, "resolver.conf"), "resolver 127.0.0.1;\n")
	write(t, filepath.Join(run, "listen-http.conf"), "")
	write(t, filepath.Join(dir, "nginx.conf"), conf)
	i.startNginx(t, append(nginx, "-c", filepath.Join(dir, "nginx.conf")))
	i.startGate(t)
	return i
}

// rendered is the nginx.conf of a platform without a word of its own.
func rendered(t *testing.T) string {
	t.Helper()
	c := rtmp.New()
	objects, err := c.Render(golden.Input(t, "testdata/in.yaml", c))
	if err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(objects[0])
	if err != nil {
		t.Fatal(err)
	}
	var configMap struct{ Data map[string]string }
	if err := json.Unmarshal(b, &configMap); err != nil {
		t.Fatal(err)
	}
	return configMap.Data["nginx.conf"]
}

func (i *ingest) startNginx(t *testing.T, command []string) {
	t.Helper()
	log, err := os.Create(i.log)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		_ = cmd.Wait()
		_ = log.Close()
	})
	eventually(t, "nginx answers", func() bool { _, err := i.get("/healthz"); return err == nil })
}

func (i *ingest) startGate(t *testing.T) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	i.entry = listener.Addr().String()
	c := gate.Defaults()
	c.Upstream = i.inner
	go func() { _ = gate.New(c).Serve(listener) }()
	t.Cleanup(func() { _ = listener.Close() })
}

// get a path of nginx's HTTP server.
func (i *ingest) get(path string) (string, error) {
	client := http.Client{Timeout: 5 * time.Second}
	response, err := client.Get(fmt.Sprintf("http://127.0.0.1:%d%s", i.http, path))
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	body, err := readAll(response.Body)
	if response.StatusCode != http.StatusOK {
		return "", fmt.Errorf("%s answers %s", path, response.Status)
	}
	return body, err
}

// crashed is what the log tells of workers that ended.
func (i *ingest) crashed(t *testing.T) bool {
	t.Helper()
	b, err := os.ReadFile(i.log)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Contains(string(b), "exited on signal") || strings.Contains(string(b), "exited with")
}

// backend answers hooks, and keeps what no hook of a publisher can be.
type backend struct {
	port int

	mu        sync.Mutex
	published map[string]int
	ended     map[string]int
	strange   []string
}

var (
	hookBody  = regexp.MustCompile(`^name=([A-Za-z0-9._~-]+)&app=live$`)
	heartbeat = regexp.MustCompile(`^/api/streams/by-key/[A-Za-z0-9._~-]+$`)
)

func startBackend(t *testing.T) *backend {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	b := &backend{port: listener.Addr().(*net.TCPAddr).Port, published: map[string]int{}, ended: map[string]int{}}
	server := &http.Server{Handler: b, ReadHeaderTimeout: 5 * time.Second}
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() { _ = server.Close() })
	return b
}

// ServeHTTP says yes to the victim and to keys that begin with ok.
func (b *backend) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := readAll(r.Body)
	b.mu.Lock()
	defer b.mu.Unlock()
	call := r.Method + " " + r.URL.RequestURI()
	key := ""
	if found := hookBody.FindStringSubmatch(body); found != nil {
		key = found[1]
	}
	switch {
	case call == "POST /api/rtmp/publish" && key != "":
		b.published[key]++
		if key != victim && !strings.HasPrefix(key, "ok") {
			w.WriteHeader(http.StatusForbidden)
		}
	case call == "POST /api/rtmp/unpublish" && key != "":
		b.ended[key]++
	case r.Method == http.MethodGet && heartbeat.MatchString(r.URL.Path) && r.URL.RawQuery == "":
	default:
		b.strange = append(b.strange, call+" "+body)
	}
}

// heard are how often a stream was said to begin and to end, and what else was said.
func (b *backend) heard(key string) (published, ended int, strange []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.published[key], b.ended[key], append([]string(nil), b.strange...)
}

// total is how often any stream was said to begin.
func (b *backend) total() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := 0
	for _, times := range b.published {
		n += times
	}
	return n
}

func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-ctx.Done():
			t.Fatalf("not within 30 s: %s", what)
		case <-tick.C:
		}
	}
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

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}
