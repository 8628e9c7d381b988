package backend

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"
	"k8s.io/utils/ptr"

	"github.com/xatube/xatube-operator/api/v1alpha1"
)

// C1. Six connections of each process are left to everybody who does not chat.
func TestMaxChats(t *testing.T) {
	tests := []struct {
		name string
		in   v1alpha1.BackendSpec
		want int32
	}{
		{"one worker", v1alpha1.BackendSpec{Workers: 1}, 24},
		{"absent workers", v1alpha1.BackendSpec{}, 24},
		{"four workers", v1alpha1.BackendSpec{Workers: 4}, 96},
		{"given", v1alpha1.BackendSpec{Workers: 4, Chat: v1alpha1.ChatSpec{MaxConnections: ptr.To[int32](1000)}}, 1000},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			conf, err := chatConfiguration(tt.in)
			if err != nil {
				t.Fatal(err)
			}
			if got := maxChats(tt.in); got != tt.want || !strings.Contains(conf, fmt.Sprintf("limit_conn chats %d;", got)) {
				t.Errorf("%d chats, want %d, in\n%s", got, tt.want, conf)
			}
		})
	}
}

// chatServer is an application that opens every chat that reaches it, and answers what it hears.
func chatServer(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Upgrade") != "websocket" || r.Host != "tube.example.com" || r.Header.Get("X-Forwarded-For") != "192.0.2.1" {
		http.Error(w, fmt.Sprint(r.Host, r.Header), http.StatusBadRequest)
		return
	}
	c, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	defer c.Close()
	_, _ = io.WriteString(c, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n")
	_, _ = io.Copy(c, c)
}

// startDoor runs the real server with the pod's configuration in front of an application.
func startDoor(t *testing.T, spec v1alpha1.BackendSpec, application string) (address string) {
	t.Helper()
	command := os.Getenv("XATUBE_NGINX")
	if command == "" {
		t.Skip("XATUBE_NGINX is not set: this test needs the real server")
	}
	conf, err := chatConfiguration(spec)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address = l.Addr().String()
	_ = l.Close()
	folder := t.TempDir()
	conf = strings.NewReplacer("127.0.0.1:8000", application, "listen 8001", "listen "+address, chatFolder, folder).Replace(conf)
	if os.Getuid() == 0 {
		conf = "user root;\n" + conf
	}
	file := filepath.Join(folder, fileChat)
	if err := os.WriteFile(file, []byte(conf), 0o600); err != nil {
		t.Fatal(err)
	}
	words := append(strings.Fields(command), "-c", file, "-e", "stderr", "-g", "daemon off;")
	process := exec.Command(words[0], words[1:]...)
	var said strings.Builder
	process.Stderr = &said
	if err := process.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = process.Process.Signal(syscall.SIGTERM)
		if err := process.Wait(); err != nil {
			t.Errorf("nginx ended with %v: %s", err, &said)
		}
	})
	return address
}

// enter asks for a chat, and answers what it was told.
func enter(t *testing.T, address, key string) (net.Conn, *http.Response) {
	t.Helper()
	var c net.Conn
	deadline := time.Now().Add(10 * time.Second)
	for {
		var err error
		if c, err = net.Dial("tcp", address); err == nil {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
		<-time.After(20 * time.Millisecond)
	}
	t.Cleanup(func() { _ = c.Close() })
	_ = c.SetDeadline(time.Now().Add(10 * time.Second))
	_, _ = fmt.Fprintf(c, "GET /api/streams/ws/%s/chat HTTP/1.1\r\nHost: tube.example.com\r\nX-Forwarded-For: 192.0.2.1\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n", key)
	response, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatal(err)
	}
	return c, response
}

func expectPoliteRefusal(t *testing.T, response *http.Response) {
	t.Helper()
	body, _ := io.ReadAll(response.Body)
	if response.Header.Get("Retry-After") == "" || response.Header.Get("Content-Type") != "application/json" || !strings.Contains(string(body), `"detail"`) {
		t.Errorf("refused with %v: %s", response.Header, body)
	}
}

// C1. A pod takes 24 chats whatever their rooms are, refuses more politely, and takes another when one has left.
func TestDoorBoundsTheChatsOfItsPod(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(chatServer))
	t.Cleanup(server.Close)
	address := startDoor(t, v1alpha1.BackendSpec{}, server.Listener.Addr().String())
	var viewers []net.Conn
	refused := 0
	for i := range 40 {
		c, response := enter(t, address, fmt.Sprint("room-", i%3))
		switch response.StatusCode {
		case http.StatusSwitchingProtocols:
			viewers = append(viewers, c)
		case http.StatusServiceUnavailable:
			refused++
			expectPoliteRefusal(t, response)
		default:
			t.Fatalf("status %d", response.StatusCode)
		}
	}
	if len(viewers) != 24 || refused != 16 {
		t.Errorf("%d viewers and %d refused, want 24 and 16", len(viewers), refused)
	}
	for i, c := range viewers {
		line := make([]byte, 6)
		_, _ = io.WriteString(c, "hello\n")
		if _, err := io.ReadFull(c, line); err != nil || string(line) != "hello\n" {
			t.Errorf("viewer %d heard %q, %v", i, line, err)
		}
	}
	_ = viewers[0].Close()
	awaitSeat(t, address)
}

// awaitSeat waits until the pod takes another chat.
func awaitSeat(t *testing.T, address string) {
	t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for {
		_, response := enter(t, address, "room-0")
		if response.StatusCode == http.StatusSwitchingProtocols {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("still %d after one has left", response.StatusCode)
		}
	}
}

// C1. A frozen event loop thaws after 30 s: a restart would send its rooms to the next pod.
func TestLivenessOutlastsThreeFreezes(t *testing.T) {
	c := corev1ac.Container()
	addProbes(c)
	const freeze = 30
	if patience := *c.LivenessProbe.PeriodSeconds * *c.LivenessProbe.FailureThreshold; patience < 3*freeze {
		t.Errorf("the liveness probe kills after %d s, want at least %d", patience, 3*freeze)
	}
}
