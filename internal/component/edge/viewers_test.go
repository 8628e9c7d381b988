package edge_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/xatube/xatube-operator/internal/component/rtmp"
)

const (
	// eachStep is how long a number of viewers watches.
	eachStep = 20 * time.Second
	// joining is how long it takes until all are there.
	joining = 5 * time.Second
	// glance is how often a viewer looks at the playlist: players do once a fragment, which is 3 s.
	glance = time.Second
	// behind is how many segments a viewer holds before the picture starts.
	behind = 3
	// mostRequests a second at the ingest, for a stream and an edge pod.
	mostRequests = 2.0
	// leastRatio is the throughput of the edge next to plain nginx.
	leastRatio = 0.7
	// connections and trial are those of the comparison with plain nginx, which is made rounds times.
	connections = 32
	trial       = 3 * time.Second
	rounds      = 5
)

var viewerSteps = []int{100, 300, 1000}

// viewersResult is the line of JSON of make bench-viewers.
type viewersResult struct {
	Bench        string  `json:"bench"`
	Viewers      int     `json:"viewers"`
	EdgeRPS      float64 `json:"edge_rps"`
	IngestRPS    float64 `json:"ingest_rps"`
	LatencyS     float64 `json:"latency_s"`
	Stalls       int     `json:"stalls"`
	RatioToPlain float64 `json:"ratio_to_plain_nginx"`
}

// TestViewers is make bench-viewers: one live stream, from a real publisher by a real ingest through a real edge, watched
// by more and more viewers. It writes its result to XATUBE_BENCH_VIEWERS.
func TestViewers(t *testing.T) {
	file := os.Getenv("XATUBE_BENCH_VIEWERS")
	if file == "" {
		t.Skip("a benchmark: XATUBE_BENCH_VIEWERS names no file for its result")
	}
	p := newPlatform(t)
	live := p.startIngest(t)
	// All viewers have the same address.
	b := p.startEdge(t, nil, "visitor_requests 200", "visitor_requests 65535")
	b.awaitPods(t, "/hls/warm.m3u8")
	live.publish(t)
	eventually(t, func() error {
		if n := len(listed(b.get(t, "/live/key.m3u8").body)); n <= behind {
			return fmt.Errorf("%d segments are listed", n)
		}
		return nil
	})
	result := viewersResult{Bench: "viewers"}
	for _, n := range viewerSteps {
		s := b.watchLive(t, live, n)
		t.Logf("%d viewers: %.1f requests/s at the edge, %.2f at the ingest, %d stalls, %d failures; a segment is there after %.2f s (median), %.2f s (p99)",
			n, s.edge, s.ingest, s.stalls, s.failures, s.median, s.p99)
		if s.ingest > mostRequests || s.stalls > 0 || s.failures > 0 {
			t.Errorf("%d viewers: %+v", n, s)
		}
		result.Viewers, result.EdgeRPS, result.IngestRPS, result.LatencyS = n, round(s.edge), round(s.ingest), round(s.p99)
		result.Stalls += s.stalls
	}
	result.RatioToPlain = round(b.compare(t))
	if result.RatioToPlain < leastRatio {
		t.Errorf("%.2f of the throughput of plain nginx", result.RatioToPlain)
	}
	line, err := json.Marshal(result)
	if err != nil {
		t.Fatal(err)
	}
	write(t, file, string(line)+"\n")
}

func round(x float64) float64 { return float64(int(x*100+0.5)) / 100 }

// liveIngest is a real ingest, which counts the requests of the edge.
type liveIngest struct {
	folder string
	port   int
}

func (p *platform) startIngest(t *testing.T) *liveIngest {
	t.Helper()
	objects, err := rtmp.New().Render(input(t, "testdata/default"))
	if err != nil {
		t.Fatal(err)
	}
	live := &liveIngest{folder: t.TempDir(), port: freePort(t)}
	for _, folder := range []string{"run/tmp", "live/hls", "live/dash"} {
		if err := os.MkdirAll(filepath.Join(live.folder, folder), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	var kept []string
	for line := range strings.Lines(configMap(t, objects)["nginx.conf"]) {
		// Nobody is asked who may publish, and no resolver is needed.
		if !strings.Contains(line, " on_publish") && !strings.Contains(line, " on_update") && !strings.Contains(line, " include /run/") {
			kept = append(kept, line)
		}
	}
	conf := strings.NewReplacer("/run/rtmp", live.folder+"/run", "/var/lib/rtmp/live", live.folder+"/live",
		"listen 8080", fmt.Sprintf("listen 127.0.%d.1:%d", groupRTMP, p.rtmpPort),
		"    access_log off;\n    sendfile", "    resolver "+p.dns.addr.String()+";\n    access_log "+live.folder+"/requests.log;\n    sendfile",
		"/dev/stdout", live.folder+"/sessions.log").Replace(strings.Join(kept, ""))
	// The publisher comes straight to the ingest, without the gate in front of it; the other ports are of the pod's own.
	conf = regexp.MustCompile(`listen 127\.0\.0\.1:[0-9]+ proxy_protocol`).ReplaceAllString(conf, fmt.Sprintf("listen 127.0.0.1:%d", live.port))
	conf = regexp.MustCompile(`listen 127\.0\.0\.1:[0-9]{4};`).ReplaceAllStringFunc(conf, func(string) string {
		return fmt.Sprintf("listen 127.0.0.1:%d;", freePort(t))
	})
	if os.Getuid() == 0 {
		conf = "user root;\n" + conf
	}
	write(t, filepath.Join(live.folder, "nginx.conf"), conf)
	command := nginxCommand(t)
	run(t, exec.Command(command[0], append(command[1:], "-e", "stderr", "-c", filepath.Join(live.folder, "nginx.conf"))...))
	p.dns.set(rtmpService, pod{name: "ingest-0", addr: netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, groupRTMP, 1}), uint16(p.rtmpPort))})
	return live
}

// run starts a process that ends with the test.
func run(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	log := &logBuffer{}
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("%s says:\n%s", cmd.Path, log)
		}
	})
}

func (l *liveIngest) publish(t *testing.T) {
	t.Helper()
	ffmpeg := strings.Fields(os.Getenv("XATUBE_FFMPEG"))
	if len(ffmpeg) == 0 {
		ffmpeg = []string{"ffmpeg"}
	}
	run(t, exec.Command(ffmpeg[0], append(ffmpeg[1:], "-nostdin", "-loglevel", "error", "-re",
		"-f", "lavfi", "-i", "testsrc2=size=640x360:rate=25", "-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency",
		"-g", "25", "-b:v", "800k", "-minrate", "800k", "-maxrate", "800k", "-bufsize", "800k", "-nal-hrd", "cbr",
		"-f", "flv", fmt.Sprintf("rtmp://127.0.0.1:%d/live/key", l.port))...))
}

// requests that the ingest has answered.
func (l *liveIngest) requests(t *testing.T) int {
	t.Helper()
	return strings.Count(read(t, filepath.Join(l.folder, "requests.log")), "\n")
}

// arrivals notes when the ingest lists each segment, until the context ends.
func (l *liveIngest) arrivals(ctx context.Context) *sync.Map {
	times := &sync.Map{}
	go func() {
		for ctx.Err() == nil {
			content, _ := os.ReadFile(filepath.Join(l.folder, "live/hls/key.m3u8"))
			for _, s := range listed(string(content)) {
				times.LoadOrStore(s.name, time.Now())
			}
			<-time.After(10 * time.Millisecond)
		}
	}()
	return times
}

type segment struct {
	name   string
	length time.Duration
}

// listed are the segments of a playlist.
func listed(playlist string) []segment {
	var out []segment
	var length float64
	for line := range strings.Lines(playlist) {
		line = strings.TrimSpace(line)
		if text, found := strings.CutPrefix(line, "#EXTINF:"); found {
			length, _ = strconv.ParseFloat(strings.TrimSuffix(text, ","), 64)
		} else if strings.HasSuffix(line, ".ts") {
			out = append(out, segment{line, time.Duration(length * float64(time.Second))})
		}
	}
	return out
}

// seen by a number of viewers.
type watched struct {
	edge, ingest, median, p99 float64
	stalls, failures          int
}

// audience is what its viewers count together.
type audience struct {
	base                       string
	arrivals                   *sync.Map
	requests, stalls, failures atomic.Int64
	mu                         sync.Mutex
	delays                     []float64
}

func (b *balancer) watchLive(t *testing.T, l *liveIngest, viewers int) watched {
	t.Helper()
	ctx, stop := context.WithTimeout(t.Context(), eachStep)
	defer stop()
	a := &audience{base: b.url, arrivals: l.arrivals(ctx)}
	before, began := l.requests(t), time.Now()
	var wg sync.WaitGroup
	for i := range viewers {
		wg.Go(func() {
			// They come one after the other.
			<-time.After(joining * time.Duration(i) / time.Duration(viewers))
			a.view(ctx)
		})
	}
	wg.Wait()
	seconds := time.Since(began).Seconds()
	slices.Sort(a.delays)
	if len(a.delays) == 0 {
		t.Fatal("nobody saw a new segment")
	}
	return watched{
		edge: float64(a.requests.Load()) / seconds, ingest: float64(l.requests(t)-before) / seconds,
		median: a.delays[len(a.delays)/2], p99: a.delays[len(a.delays)*99/100],
		stalls: int(a.stalls.Load()), failures: int(a.failures.Load()),
	}
}

// view is one viewer with a connection of his own: he looks at the playlist and fetches what is new.
func (a *audience) view(ctx context.Context) {
	c := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 1}}
	defer c.CloseIdleConnections()
	seen := map[string]bool{}
	var buffered time.Duration
	var started time.Time
	stalled := false
	for ctx.Err() == nil {
		look := time.Now()
		segments := listed(string(a.fetch(c, "/live/key.m3u8")))
		if len(seen) == 0 {
			for _, s := range segments[:max(0, len(segments)-behind)] {
				seen[s.name] = true
			}
		}
		for _, s := range segments {
			if seen[s.name] {
				continue
			}
			seen[s.name] = true
			a.fetch(c, "/live/"+s.name)
			buffered += s.length
			if !started.IsZero() {
				a.note(s.name)
			}
		}
		if started.IsZero() {
			started = time.Now()
		}
		if late := time.Since(started) > buffered; late && !stalled {
			stalled = true
			a.stalls.Add(1)
		}
		select {
		case <-ctx.Done():
		case <-time.After(glance - time.Since(look)):
		}
	}
}

// note how long a segment took from its listing at the ingest.
func (a *audience) note(name string) {
	at, found := a.arrivals.Load(name)
	if !found {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.delays = append(a.delays, time.Since(at.(time.Time)).Seconds())
}

func (a *audience) fetch(c *http.Client, path string) []byte {
	a.requests.Add(1)
	resp, err := c.Get(a.base + path)
	if err != nil {
		a.failures.Add(1)
		return nil
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		a.failures.Add(1)
		return nil
	}
	return body
}

// compare is the throughput of the edge for the files of the stream next to that of plain nginx, the median of rounds.
func (b *balancer) compare(t *testing.T) float64 {
	t.Helper()
	folder := t.TempDir()
	if err := os.MkdirAll(filepath.Join(folder, "live"), 0o755); err != nil {
		t.Fatal(err)
	}
	// The same files, which the ingest deletes in time, and which the edge keeps.
	playlist := b.get(t, "/live/key.m3u8").body
	write(t, filepath.Join(folder, "live/key.m3u8"), playlist)
	newest := listed(playlist)[len(listed(playlist))-1].name
	write(t, filepath.Join(folder, "live", newest), b.get(t, "/live/"+newest).body)
	port := freePort(t)
	conf := fmt.Sprintf("daemon off;\nworker_processes 2;\npid %s/nginx.pid;\nerror_log stderr crit;\nevents { worker_connections 4096; }\n"+
		"http { access_log off; sendfile on; tcp_nopush on; keepalive_requests 10000; client_body_temp_path %[1]s; proxy_temp_path %[1]s;\n"+
		"fastcgi_temp_path %[1]s; uwsgi_temp_path %[1]s; scgi_temp_path %[1]s;\nserver { listen 127.0.0.1:%d; root %[1]s; } }\n", folder, port)
	if os.Getuid() == 0 {
		conf = "user root;\n" + conf
	}
	write(t, filepath.Join(folder, "nginx.conf"), conf)
	command := nginxCommand(t)
	run(t, exec.Command(command[0], append(command[1:], "-e", "stderr", "-c", filepath.Join(folder, "nginx.conf"))...))
	plain := fmt.Sprintf("127.0.0.1:%d", port)
	eventually(t, func() error {
		conn, err := net.Dial("tcp", plain)
		if err == nil {
			_ = conn.Close()
		}
		return err
	})
	var ratios []float64
	for range rounds {
		alone := throughput(t, plain, newest)
		edge := throughput(t, strings.TrimPrefix(b.url, "http://"), newest)
		t.Logf("plain nginx %.0f requests/s, the edge %.0f", alone, edge)
		ratios = append(ratios, edge/alone)
	}
	slices.Sort(ratios)
	return ratios[rounds/2]
}

// throughput is how many requests a second a server answers, two for the playlist for each for a segment.
func throughput(t *testing.T, address, newest string) float64 {
	t.Helper()
	var answered atomic.Int64
	var wg sync.WaitGroup
	began := time.Now()
	for range connections {
		wg.Go(func() {
			for time.Since(began) < trial {
				n, err := load(address, newest, began.Add(trial))
				answered.Add(n)
				if err != nil {
					t.Errorf("%s: %v", address, err)
					return
				}
			}
		})
	}
	wg.Wait()
	return float64(answered.Load()) / time.Since(began).Seconds()
}

// load asks on one connection, for as long as a server keeps one, and returns how often.
func load(address, newest string, until time.Time) (answered int64, err error) {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return 0, err
	}
	defer conn.Close()
	reader := bufio.NewReaderSize(conn, 64<<10)
	for answered < 9000 && time.Now().Before(until) {
		for _, path := range []string{"key.m3u8", newest, "key.m3u8"} {
			if err := ask(conn, reader, "/live/"+path); err != nil {
				return answered, err
			}
			answered++
		}
	}
	return answered, nil
}

// ask with as little work as possible, because clients and servers share the machine.
func ask(conn net.Conn, reader *bufio.Reader, path string) error {
	if _, err := io.WriteString(conn, "GET "+path+" HTTP/1.1\r\nHost: a\r\n\r\n"); err != nil {
		return err
	}
	length := -1
	for n := 0; ; n++ {
		line, err := reader.ReadString('\n')
		if err != nil {
			return err
		}
		if n == 0 && !strings.Contains(line, " 200 ") {
			return fmt.Errorf("%s: %s", path, line)
		}
		if text, found := strings.CutPrefix(line, "Content-Length: "); found {
			length, _ = strconv.Atoi(strings.TrimSpace(text))
		}
		if line == "\r\n" {
			break
		}
	}
	_, err := reader.Discard(length)
	return err
}
