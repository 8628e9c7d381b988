package edge_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component/edge"
)

const (
	backendService  = "demo-backend-pods.default.svc.cluster.local"
	frontendService = "demo-frontend-pods.default.svc.cluster.local"
	rtmpService     = "demo-rtmp-pods.default.svc.cluster.local"
	anyBackend      = "demo-backend.default.svc.cluster.local"
	anyFrontend     = "demo-frontend.default.svc.cluster.local"

	// rtmpHTTP stands for the ingest's port, which has the same number as the edge's own.
	rtmpHTTP = -8080
)

// nginxCommand is a real nginx that knows all directives of the configuration: XATUBE_NGINX, which may hold several
// words, or nginx on PATH.
func nginxCommand(t *testing.T) []string {
	t.Helper()
	command := strings.Fields(os.Getenv("XATUBE_NGINX"))
	if len(command) == 0 {
		path, err := exec.LookPath("nginx")
		if err != nil {
			t.Skip("no nginx on PATH and XATUBE_NGINX is not set: the configuration cannot be tried")
		}
		command = []string{path}
	}
	out, err := exec.Command(command[0], append(command[1:], "-v")...).CombinedOutput()
	if err != nil {
		t.Fatalf("%v -v: %v: %s", command, err, out)
	}
	var major, minor, patch int
	_, version, _ := strings.Cut(string(out), "nginx/")
	if _, err := fmt.Sscanf(version, "%d.%d.%d", &major, &minor, &patch); err != nil {
		t.Fatalf("cannot read the version in %q: %v", out, err)
	}
	if major*1_000_000+minor*1_000+patch < 1_027_004 {
		t.Skipf("nginx %d.%d.%d is older than 1.27.4, which the edge needs", major, minor, patch)
	}
	return command
}

// balancer is one running nginx with the rendered configuration.
type balancer struct {
	url     string
	tlsURL  string
	status  string
	folder  string
	process *exec.Cmd
	ended   chan error
	log     *logBuffer
}

type logBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// place moves the configuration from the paths and ports of the container to those of the test.
func place(t *testing.T, files map[string]string, folder string, ports map[int]int) {
	t.Helper()
	replacements := []string{
		"/etc/nginx/xatube", folder, "/etc/nginx/tls", folder, "/var/cache/nginx", folder + "/cache",
		"/run/nginx", folder, "/run/requests", folder, "/dev/stdout", folder + "/access.log",
		rtmpService + ":8080", fmt.Sprintf("%s:%d", rtmpService, ports[rtmpHTTP]),
	}
	for from, to := range ports {
		if from == rtmpHTTP {
			continue
		}
		replacements = append(replacements,
			fmt.Sprintf("listen %d", from), fmt.Sprintf("listen 127.0.0.1:%d", to),
			fmt.Sprintf("listen 127.0.0.1:%d", from), fmt.Sprintf("listen 127.0.0.1:%d", to),
			fmt.Sprintf(".local:%d", from), fmt.Sprintf(".local:%d", to))
	}
	r := strings.NewReplacer(replacements...)
	if os.Getuid() == 0 {
		// As root nginx would give its workers to another user, who cannot enter the test's folder.
		files["nginx.conf"] = "user root;\n" + files["nginx.conf"]
	}
	for name, content := range files {
		write(t, filepath.Join(folder, name), r.Replace(content))
	}
	for name, content := range certificateSecret().Data {
		write(t, filepath.Join(folder, name), string(content))
	}
	if err := os.MkdirAll(filepath.Join(folder, "cache"), 0o700); err != nil {
		t.Fatal(err)
	}
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// taken are the ports that this run has given away.
var taken sync.Map

// freePort lies below the range from which outgoing connections take theirs: one of those would be in the way.
func freePort(t *testing.T) int {
	t.Helper()
	for range 100 {
		port := 10_000 + rand.IntN(20_000)
		if _, used := taken.LoadOrStore(port, true); used {
			continue
		}
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err == nil {
			_ = l.Close()
			return port
		}
	}
	t.Fatal("no free port")
	return 0
}

// platform is a world around edges: a DNS server and the pods behind.
type platform struct {
	dns                       *zone
	backendPort, frontendPort int
	rtmpPort                  int
}

func newPlatform(t *testing.T) *platform {
	t.Helper()
	return &platform{dns: startDNS(t), backendPort: freePort(t), frontendPort: freePort(t), rtmpPort: freePort(t)}
}

// startEdge runs the configuration of the default case, changed by mutate, with texts replaced in pairs where a test
// cannot wait as long as a user.
func (p *platform) startEdge(t *testing.T, mutate func(*v1alpha1.XaTubeCluster), edits ...string) *balancer {
	t.Helper()
	b := p.prepareEdge(t, mutate, edits...)
	b.run(t)
	return b
}

// run nginx with the configuration that is in place.
func (b *balancer) run(t *testing.T) {
	t.Helper()
	command := nginxCommand(t)
	b.process = exec.Command(command[0], append(command[1:],
		"-e", "stderr", "-c", filepath.Join(b.folder, "nginx.conf"), "-g", "daemon off;")...)
	b.start(t)
}

// prepareEdge puts the configuration in place without starting anything.
func (p *platform) prepareEdge(t *testing.T, mutate func(*v1alpha1.XaTubeCluster), edits ...string) *balancer {
	t.Helper()
	in := input(t, "testdata/default")
	// Enough for a test; those of the limits set their own.
	burst := int32(1000)
	in.Cluster.Spec.Edge.RateLimit.API = v1alpha1.RateLimit{RequestsPerSecond: 100000, Burst: &burst}
	in.Cluster.Spec.Edge.RateLimit.Web = v1alpha1.RateLimit{RequestsPerSecond: 100000, Burst: &burst}
	if mutate != nil {
		mutate(in.Cluster)
	}
	addCertificate("", &in)
	objects, err := edge.New().Render(in)
	if err != nil {
		t.Fatal(err)
	}
	plain, tls, status := freePort(t), freePort(t), freePort(t)
	b := &balancer{
		url:    fmt.Sprintf("http://127.0.0.1:%d", plain),
		tlsURL: fmt.Sprintf("https://127.0.0.1:%d", tls),
		status: fmt.Sprintf("http://127.0.0.1:%d", status),
		folder: t.TempDir(), log: &logBuffer{},
	}
	files := configMap(t, objects)
	files["resolver.conf"] = fmt.Sprintf("resolver %s valid=1s;", p.dns.addr)
	files["listen-ipv6.conf"] = ""
	files["nginx.conf"] = strings.NewReplacer(edits...).Replace(files["nginx.conf"])
	place(t, files, b.folder, map[int]int{
		8080: plain, 8443: tls, 8081: status, 8000: p.backendPort, 3000: p.frontendPort, rtmpHTTP: p.rtmpPort,
	})
	return b
}

func (b *balancer) start(t *testing.T) {
	t.Helper()
	b.process.Stderr = b.log
	if err := b.process.Start(); err != nil {
		t.Fatal(err)
	}
	b.ended = make(chan error, 1)
	go func() { b.ended <- b.process.Wait(); close(b.ended) }()
	t.Cleanup(func() {
		_ = b.process.Process.Signal(syscall.SIGTERM)
		if err := <-b.ended; err != nil {
			t.Errorf("nginx ended with %v", err)
		}
		if t.Failed() {
			t.Logf("nginx says:\n%s", b.log)
		}
	})
	eventually(t, func() error {
		select {
		case err := <-b.ended:
			t.Fatalf("nginx ended: %v", err)
		default:
		}
		resp, err := http.Get(b.url + "/health")
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			return fmt.Errorf("status %d", resp.StatusCode)
		}
		return nil
	})
}

// eventually repeats an observation until it holds.
func eventually(t *testing.T, observe func() error) {
	t.Helper()
	deadline := time.After(15 * time.Second)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		err := observe()
		if err == nil {
			return
		}
		select {
		case <-deadline:
			t.Fatalf("did not come true: %v", err)
		case <-tick.C:
		}
	}
}

// logged waits for the first line with a value: nginx writes it after it has answered.
func (b *balancer) logged(t *testing.T, key, value string) map[string]any {
	t.Helper()
	var found map[string]any
	eventually(t, func() error {
		for line := range strings.Lines(read(t, filepath.Join(b.folder, "access.log"))) {
			var entry map[string]any
			if err := json.Unmarshal([]byte(line), &entry); err != nil {
				return fmt.Errorf("%q is no JSON: %w", line, err)
			}
			if entry[key] == value {
				found = entry
				return nil
			}
		}
		return fmt.Errorf("no line with %s %s", key, value)
	})
	return found
}

// answer is a response with its body read.
type answer struct {
	*http.Response
	body string
}

func (b *balancer) get(t *testing.T, path string, headers ...string) answer {
	t.Helper()
	return b.do(t, http.MethodGet, path, nil, headers...)
}

// do sends one request on a connection of its own; headers are names and values in turn.
func (b *balancer) do(t *testing.T, method, path string, body io.Reader, headers ...string) answer {
	t.Helper()
	req, err := http.NewRequest(method, b.url+path, body)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		if headers[i] == "Host" {
			req.Host = headers[i+1]
		}
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	content, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{Response: resp, body: string(content)}
}

var client = &http.Client{
	Transport:     &http.Transport{DisableKeepAlives: true, DisableCompression: true},
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}
