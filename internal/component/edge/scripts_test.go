package edge_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"
)

// podSpec of a case.
func podSpec(t *testing.T, dir string) *corev1ac.PodSpecApplyConfiguration {
	t.Helper()
	return deployment(t, input(t, dir)).Spec.Template.Spec
}

// script is the shell script that a container runs, at the paths of the test.
func script(t *testing.T, command []string, folder string) *exec.Cmd {
	t.Helper()
	if len(command) != 3 || command[0] != "/bin/sh" || command[1] != "-c" {
		t.Fatalf("command is %q", command)
	}
	nginx := nginxCommand(t)
	bin := filepath.Join(folder, "bin")
	if err := os.MkdirAll(bin, 0o700); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(bin, "nginx"), "#!/bin/sh\nexec "+strings.Join(nginx, " ")+` "$@"`+"\n")
	if err := os.Chmod(filepath.Join(bin, "nginx"), 0o700); err != nil {
		t.Fatal(err)
	}
	text := strings.NewReplacer("/config/", folder+"/source/", "/etc/nginx/xatube", folder,
		"/etc/resolv.conf", folder+"/resolv.conf", "/proc/net/if_inet6", folder+"/if_inet6",
		"/run/nginx", folder,
		// Some nginx run under a loader here, and then they have no title.
		": worker process", "nginx").Replace(command[2])
	cmd := exec.Command(command[0], "-c", text)
	cmd.Env = append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH"))
	return cmd
}

func TestPrepare(t *testing.T) {
	for name, c := range map[string]struct {
		resolv, conf string // conf: a line added to nginx.conf
		ipv6         bool
		want         string // of resolver.conf; empty: it fails
	}{
		"one server": {
			resolv: "search tube.svc.cluster.local svc.cluster.local\nnameserver 10.96.0.10\noptions ndots:5\n", ipv6: true,
			want: "resolver 10.96.0.10 valid=5s;\n",
		},
		"IPv6 and no line end": {
			resolv: "# by the kubelet\nnameserver fd00:10:96::a\nnameserver\t10.96.0.10", ipv6: true,
			want: "resolver [fd00:10:96::a] 10.96.0.10 valid=5s;\n",
		},
		"node without IPv6": {resolv: "nameserver 10.96.0.10\n", want: "resolver 10.96.0.10 valid=5s;\n"},
		"no server":         {resolv: "search example.com\n", ipv6: true},
		"bad configuration": {resolv: "nameserver 10.96.0.10\n", conf: "no_such_directive on;\n", ipv6: true},
	} {
		t.Run(name, func(t *testing.T) {
			folder := t.TempDir()
			source := filepath.Join(folder, "source")
			if err := os.Mkdir(source, 0o700); err != nil {
				t.Fatal(err)
			}
			files := configuration(t, "testdata/default")
			files["nginx.conf"] = c.conf + files["nginx.conf"]
			place(t, files, folder, nil)
			for file := range files {
				if err := os.Rename(filepath.Join(folder, file), filepath.Join(source, file)); err != nil {
					t.Fatal(err)
				}
			}
			write(t, filepath.Join(folder, "resolv.conf"), c.resolv)
			if c.ipv6 {
				write(t, filepath.Join(folder, "if_inet6"), "")
			}

			out, err := script(t, podSpec(t, "testdata/default").InitContainers[0].Command, folder).CombinedOutput()
			if failed := err != nil; failed != (c.want == "") {
				t.Fatalf("%v\n%s", err, out)
			}
			if c.want == "" {
				return
			}
			if got := read(t, filepath.Join(folder, "resolver.conf")); got != c.want {
				t.Errorf("resolver.conf is %q, want %q", got, c.want)
			}
			listen := read(t, filepath.Join(folder, "listen-ipv6.conf"))
			if got := strings.Contains(listen, "[::]:8080"); got != c.ipv6 {
				t.Errorf("listens on IPv6: %t, want %t", got, c.ipv6)
			}
		})
	}
}

// TestLeave: on the kubelet's SIGTERM the request under way is finished, a client that keeps its connection is
// answered once more, and the container ends without an error.
func TestLeave(t *testing.T) {
	for _, signal := range []syscall.Signal{syscall.SIGTERM, syscall.SIGQUIT} {
		t.Run(signal.String(), func(t *testing.T) { leave(t, signal) })
	}
}

func leave(t *testing.T, signal syscall.Signal) {
	p := newPlatform(t)
	arrived, release := make(chan struct{}), make(chan struct{})
	p.backends(t, 1, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/api/slow" {
			close(arrived)
			<-release
		}
		fmt.Fprint(w, "ok")
	})
	b := p.prepareEdge(t, nil)
	b.process = script(t, podSpec(t, "testdata/default").Containers[0].Command, b.folder)
	b.start(t)
	b.awaitPods(t, "/api/warm")

	kept := dial(t, b)
	if a := kept.get(t, "/api/first"); a.Close {
		t.Fatal("the connection is not kept")
	}
	slow := make(chan int, 1)
	go func() { slow <- b.do(t, http.MethodPost, "/api/slow", nil).StatusCode }()
	<-arrived
	if err := b.process.Process.Signal(signal); err != nil {
		t.Fatal(err)
	}
	eventually(t, func() error {
		c, err := net.Dial("tcp", strings.TrimPrefix(b.url, "http://"))
		if err != nil {
			return nil //nolint:nilerr // That is what is awaited.
		}
		_ = c.Close()
		return fmt.Errorf("nginx still takes connections")
	})

	if a := kept.get(t, "/api/again"); a.StatusCode != http.StatusOK || !a.Close {
		t.Errorf("kept connection: %s, closed after it: %t", a.Status, a.Close)
	}
	close(release)
	if status := <-slow; status != http.StatusOK {
		t.Errorf("the request under way ended with %d", status)
	}
	if err := <-b.ended; err != nil {
		t.Errorf("the container ended with %v", err)
	}
}

// TestCrashIsSeen: the shell in front ends with what nginx ended with.
func TestCrashIsSeen(t *testing.T) {
	p := newPlatform(t)
	b := p.prepareEdge(t, nil)
	if err := os.Remove(filepath.Join(b.folder, "resolver.conf")); err != nil {
		t.Fatal(err)
	}
	out, err := script(t, podSpec(t, "testdata/default").Containers[0].Command, b.folder).CombinedOutput()
	exit, failed := err.(*exec.ExitError) //nolint:errorlint // Run returns it unwrapped.
	if !failed || exit.ExitCode() != 1 {
		t.Errorf("%v\n%s", err, out)
	}
}

// connection is one that a client keeps.
type connection struct {
	net.Conn
	r *bufio.Reader
}

func dial(t *testing.T, b *balancer) *connection {
	t.Helper()
	return dialFrom(t, b, nil)
}

// dialFrom an address of the loopback.
func dialFrom(t *testing.T, b *balancer, address net.IP) *connection {
	t.Helper()
	dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: address}}
	c, err := dialer.Dial("tcp", strings.TrimPrefix(b.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return &connection{Conn: c, r: bufio.NewReader(c)}
}

func (c *connection) get(t *testing.T, path string) *http.Response {
	t.Helper()
	if _, err := fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: x\r\n\r\n", path); err != nil {
		t.Fatal(err)
	}
	resp, err := http.ReadResponse(c.r, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		t.Fatal(err)
	}
	return resp
}
