package rtmp

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// serveWith is serve.sh with something in nginx's place.
func (p *pod) serveWith(t *testing.T, nginx string) *exec.Cmd {
	t.Helper()
	bin := t.TempDir()
	program(t, bin, "nginx", nginx)
	return p.script(t, "serve.sh", "PATH="+bin+":"+os.Getenv("PATH"))
}

func TestServeForgetsAnEarlierDrain(t *testing.T) {
	t.Parallel()
	p := newPod(t, "minimal")
	write(t, filepath.Join(p.config.Run, "refuse"), "")
	if err := p.serveWith(t, `echo "$@"`).Run(); err != nil {
		t.Fatalf("%v: %s", err, p.log)
	}
	if exists(p.config.Run + "/refuse") {
		t.Error("a restarted container refuses publishers")
	}
	if got, want := strings.TrimSpace(p.log.String()), "-c "+p.configDir+"/nginx.conf"; got != want {
		t.Errorf("nginx was called with %q, want %q", got, want)
	}
}

func TestServeFailsAsNginxDoes(t *testing.T) {
	t.Parallel()
	p := newPod(t, "minimal")
	cmd := p.serveWith(t, "exit 7")
	if _ = cmd.Run(); cmd.ProcessState.ExitCode() != 7 {
		t.Errorf("the container ended with %s, nginx with 7", cmd.ProcessState)
	}
}

// TestServeEndsNginx, whichever signal the image has for it, and lets it finish the answer that it has begun. nginx, told
// to finish its work, would wait for a connection that publishes nothing as long as its client holds it.
func TestServeEndsNginx(t *testing.T) {
	t.Parallel()
	for _, signal := range []syscall.Signal{syscall.SIGTERM, syscall.SIGQUIT} {
		for _, guests := range []int{0, 1} {
			t.Run(signal.String()+" with "+strconv.Itoa(guests)+" guests", func(t *testing.T) {
				t.Parallel()
				p := serve(t, "minimal", nil)
				for range guests {
					p.visit(t)
				}
				finish := p.download(t)
				if err := p.server.Process.Signal(signal); err != nil {
					t.Fatal(err)
				}
				eventually(t, "nginx takes no more requests", 10*time.Second, func() bool { return p.status("/healthz") == 0 })
				finish()
				select {
				case <-p.ended:
				case <-time.After(20 * time.Second):
					t.Fatal("nginx still runs")
				}
				if !p.server.ProcessState.Success() {
					t.Errorf("the container ended with %s", p.server.ProcessState)
				}
			})
		}
	}
}

// download asks for more than the sockets hold, and finish for the rest of the answer.
func (p *pod) download(t *testing.T) (finish func()) {
	t.Helper()
	const size = 64 << 20
	segment := filepath.Join(p.config.Live, "hls", "large.ts")
	write(t, segment, "")
	if err := os.Truncate(segment, size); err != nil {
		t.Fatal(err)
	}
	answer, err := http.Get(fmt.Sprintf("http://127.0.0.1:%d/hls/large.ts", p.httpPort))
	if err != nil {
		t.Fatal(err)
	}
	return func() {
		if n, err := io.Copy(io.Discard, answer.Body); err != nil || n != size {
			t.Errorf("%d of %d bytes came: %v", n, size, err)
		}
		_ = answer.Body.Close()
	}
}

// visit opens a connection of RTMP to nginx that publishes nothing.
func (p *pod) visit(t *testing.T) {
	t.Helper()
	guest, err := net.Dial("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(p.ingestPort)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = guest.Close() })
	if _, err := io.WriteString(guest, "PROXY UNKNOWN\r\n"); err != nil {
		t.Fatal(err)
	}
	// The answer to the handshake says that nginx has taken the connection.
	hello := make([]byte, 1537)
	hello[0] = 3
	if _, err := guest.Write(hello); err != nil {
		t.Fatal(err)
	}
	if _, err := guest.Read(hello[:1]); err != nil {
		t.Fatal(err)
	}
}
