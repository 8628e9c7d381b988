package rtmpfuzz_test

import (
	"context"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

var (
	sessions = flag.Int("sessions", 20000, "how many sessions attack the ingest")
	seed     = flag.Uint64("seed", 0, "what they are made of; 0: another each time")
)

const (
	// attackers are at it side by side.
	attackers = 48
	// patience of an attacker with the server.
	patience = 500 * time.Millisecond
)

// TestFuzz: whatever is sent, the victim goes on, and the backend hears of nothing but keys that were published. A1.
func TestFuzz(t *testing.T) {
	if *seed == 0 {
		*seed = uint64(time.Now().UnixNano())
	}
	t.Logf("seed %d", *seed)
	i := startIngest(t)
	s := publishVictim(t, i)
	w := watch(t, i)

	var next atomic.Int64
	var all sync.WaitGroup
	for range attackers {
		all.Go(func() {
			for n := next.Add(1); n <= int64(*sessions); n = next.Add(1) {
				m := mutator{rand.New(rand.NewPCG(*seed, uint64(n)))}
				run(i.entry, m.attack(int(n)))
			}
		})
	}
	all.Wait()
	w.stop()

	disturbed := expectUndisturbed(t, i, s, w)
	if told := i.backend.total(); told < *sessions/20 || told > *sessions+1 {
		t.Errorf("the backend was asked for %d streams in %d sessions: the attacks do not get as far as they should, or further", told, *sessions)
	}
	expectPlainFiles(t, i)
	fmt.Printf("{\"bench\":\"rtmp-fuzz\",\"sessions\":%d,\"disturbed\":%d,\"seed\":%d}\n", *sessions, disturbed, *seed)
}

// attackersSoFar is how many attacks there were. Each comes from an address of its own, or the gate would let few of them
// as far as nginx.
var attackersSoFar atomic.Uint32

// run an attack.
func run(entry string, a attack) {
	n := attackersSoFar.Add(1)
	c, err := dialFrom(net.IPv4(127, 1+byte(n>>16), byte(n>>8), byte(n)), entry, "")
	if err != nil {
		return
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(patience))
	go func() { _, _ = c.Write(a.payload) }()
	if a.listens {
		_, _ = status(c)
		return
	}
	_, _ = io.CopyN(io.Discard, c, 64)
}

// watcher sees what viewers of the victim see.
type watcher struct {
	cancel context.CancelFunc
	done   chan struct{}
	faults []string
}

// stale is how long the playlist of the victim may stay the same, and its fragment is half a second.
const stale = 8 * time.Second

var segmentName = regexp.MustCompile(`(?m)^[^#\s]+\.ts$`)

// watch the victim's playlist and its segments.
func watch(t *testing.T, i *ingest) *watcher {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	w := &watcher{cancel: cancel, done: make(chan struct{})}
	go func() {
		defer close(w.done)
		seen := map[string]bool{}
		moved := time.Now()
		tick := time.NewTicker(250 * time.Millisecond)
		defer tick.Stop()
		for ctx.Err() == nil {
			if w.look(i, seen) {
				moved = time.Now()
			}
			if time.Since(moved) > stale {
				w.faults = append(w.faults, "the victim's playlist stands still")
				moved = time.Now()
			}
			select {
			case <-ctx.Done():
			case <-tick.C:
			}
		}
	}()
	return w
}

// look reports whether there is a new segment, which must be the victim's own.
func (w *watcher) look(i *ingest, seen map[string]bool) bool {
	playlist, err := i.get("/hls/" + victim + ".m3u8")
	if err != nil {
		return false
	}
	moved := false
	for _, name := range segmentName.FindAllString(playlist, -1) {
		if seen[name] {
			continue
		}
		segment, err := i.get("/hls/" + name)
		if err != nil {
			continue
		}
		seen[name], moved = true, true
		if strings.Contains(segment, "attack") || !strings.Contains(segment, victim) {
			w.faults = append(w.faults, "a segment of the victim is not its own: "+name)
		}
	}
	return moved
}

func (w *watcher) stop() {
	w.cancel()
	<-w.done
}

// expectUndisturbed returns how often the victim was disturbed.
func expectUndisturbed(t *testing.T, i *ingest, s *star, w *watcher) int {
	t.Helper()
	faults := w.faults
	select {
	case err := <-s.ended:
		faults = append(faults, fmt.Sprint(err))
	default:
	}
	published, ended, strange := i.backend.heard(victim)
	if published != 1 || ended != 0 {
		faults = append(faults, fmt.Sprintf("the backend heard %d times that the victim begins and %d times that it ends", published, ended))
	}
	for _, call := range strange {
		faults = append(faults, "the backend was asked "+call)
	}
	if stat, err := i.get("/stat"); err != nil || !strings.Contains(stat, "<name>"+victim+"</name>") {
		faults = append(faults, "nginx does not know the victim any more")
	}
	if i.crashed(t) {
		faults = append(faults, "a worker of nginx crashed")
	}
	for _, fault := range faults {
		t.Error(fault)
	}
	return len(faults)
}

// expectPlainFiles: nothing was written but the fragments of streams that the backend said yes to.
func expectPlainFiles(t *testing.T, i *ingest) {
	t.Helper()
	plain := regexp.MustCompile(`^(ok[A-Za-z0-9._~-]*|` + victim + `)(-[0-9a-z]+)?\.(ts|m3u8|m3u8\.bak|mpd|mpd\.bak|m4v|m4a)$`)
	err := filepath.WalkDir(filepath.Dir(i.live), func(path string, entry os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() || !strings.HasPrefix(path, i.live) {
			return nil
		}
		if !plain.MatchString(entry.Name()) {
			t.Errorf("an attack wrote the file %q", entry.Name())
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// nginxDirectly says an opening and media to nginx itself, as somebody would who got past the gate.
func nginxDirectly(t *testing.T, i *ingest, script []byte) {
	t.Helper()
	c, err := dial(i.inner, "PROXY UNKNOWN\r\n")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(5 * time.Second))
	if _, err := c.Write(script); err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, c)
}
