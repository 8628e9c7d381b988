package rtmp

import (
	"fmt"
	"net"
	"net/http"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

const liveStreams = "/api/streams?is_live=true&limit=100&skip="

// asListed is a stream as the backend lists it.
func asListed(key string) string {
	// A title may say anything.
	return fmt.Sprintf(`{"id": 1, "title": "a, {\"stream_key\": \"good-key\", ", "channel": {"id":2, "stream_key": "%s", "is_live": true}}`, key)
}

func listedPage(keys ...string) string {
	var streams []string
	for _, key := range keys {
		streams = append(streams, asListed(key))
	}
	return "[" + strings.Join(streams, ", ") + "]"
}

// startPeer stands for another pod of the ingest: it has one stream on air.
func startPeer(t *testing.T, p *pod, stream string) {
	t.Helper()
	listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.2:%d", p.httpPort))
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: &statServer{streams: []string{stream}}, ReadHeaderTimeout: 5 * time.Second}
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() { _ = server.Close() })
}

// reapAfterStart runs the reaper of a pod whose nginx has just started.
func reapAfterStart(t *testing.T, p *pod, env ...string) {
	t.Helper()
	write(t, filepath.Join(p.config.Run, "started"), "")
	cmd := p.script(t, "reap.sh", append([]string{"TAIL_SECONDS=10", "SWEEP_SECONDS=1", "MAX_PODS=4", "HOSTNAME=pod-0"}, env...)...)
	start(t, cmd)
}

func start(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
}

func unpublish(key string) string { return "POST /api/rtmp/unpublish name=" + key + "&app=live" }

// TestSweepEndsTheStreamsOfADeadPod: streams that are on air here or on another pod go on.
func TestSweepEndsTheStreamsOfADeadPod(t *testing.T) {
	t.Parallel()
	p := serve(t, "minimal", quick)
	startPeer(t, p, "peer-key")
	p.publish(t, "good-key")
	eventually(t, "the stream is on air", 20*time.Second, func() bool {
		_, stat, _ := p.get("/stat")
		return strings.Contains(stat, "<publishing/>")
	})
	first := []string{"good-key", "peer-key"}
	for i := range 98 {
		first = append(first, fmt.Sprintf("dead-key-%d", i))
	}
	p.backend.tells(liveStreams+"0", listedPage(first...))
	p.backend.tells(liveStreams+"100", listedPage("-dead.key_~"))
	reapAfterStart(t, p)
	eventually(t, "the sweep ends", 60*time.Second, func() bool { return !exists(filepath.Join(p.config.Run, "started")) })
	calls := p.backend.told()
	for _, key := range append(first[2:], "-dead.key_~") {
		if !slices.Contains(calls, unpublish(key)) {
			t.Errorf("the backend did not hear of the end of %s", key)
		}
	}
	for _, key := range first[:2] {
		if slices.Contains(calls, unpublish(key)) {
			t.Errorf("%s is on air and was marked as ended", key)
		}
	}
	if !strings.Contains(p.log.String(), "marked 99 streams as ended") {
		t.Error("the log does not tell of the sweep")
	}
	if strings.Contains(p.log.String(), "-key") {
		t.Error("the log shows a stream key")
	}
}

// TestSweepEndsNothingThatMayBeOnAir: it looks again instead.
func TestSweepEndsNothingThatMayBeOnAir(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		peer bool
		env  string
	}{
		{"a pod does not answer", false, "HOSTNAME=pod-0"},
		{"the DNS does not know this pod", true, "HOSTNAME=pod-3"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := serve(t, "minimal", nil)
			if c.peer {
				startPeer(t, p, "peer-key")
			}
			p.backend.tells(liveStreams+"0", listedPage("dead-key"))
			reapAfterStart(t, p, c.env)
			for look := 1; look <= 3; look++ {
				eventually(t, fmt.Sprintf("look %d", look), 20*time.Second, func() bool { return p.backend.heard("GET " + liveStreams + "0") })
				if calls := p.backend.told(); slices.Contains(calls, unpublish("dead-key")) {
					t.Fatalf("a stream was ended at look %d", look)
				}
			}
		})
	}
}

// TestSweepLetsAPublisherComeBack: a stream that is on air at the second look goes on.
func TestSweepLetsAPublisherComeBack(t *testing.T) {
	t.Parallel()
	p := serve(t, "minimal", quick)
	startPeer(t, p, "peer-key")
	p.backend.tells(liveStreams+"0", listedPage("good-key"))
	reapAfterStart(t, p, "SWEEP_SECONDS=8")
	eventually(t, "the first look", 20*time.Second, func() bool { return p.backend.heard("GET " + liveStreams + "0") })
	p.publish(t, "good-key")
	eventually(t, "the sweep ends", 30*time.Second, func() bool { return !exists(filepath.Join(p.config.Run, "started")) })
	if p.backend.heard(unpublish("good-key")) {
		t.Error("the stream was ended although its publisher came back")
	}
}

// TestPeer: a pod that is not there has no streams; one that does not answer may have some.
func TestPeer(t *testing.T) {
	t.Parallel()
	p := serve(t, "minimal", nil)
	for path, want := range map[string]int{
		"/_hook/peer/0": http.StatusOK,
		"/_hook/peer/1": http.StatusBadGateway,
		"/_hook/peer/2": http.StatusNoContent,
		"/_hook/peer/x": http.StatusNotFound,
	} {
		if got := p.control(path); got != want {
			t.Errorf("%s answered %d, want %d", path, got, want)
		}
	}
}
