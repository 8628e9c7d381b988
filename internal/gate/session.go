package gate

import (
	"log/slog"
	"net"
	"regexp"
	"strings"
	"sync/atomic"
	"time"

	"github.com/xatube/xatube-operator/internal/rtmp"
)

// application is the only one.
const application = "live"

const (
	// entryBytes bounds a message before a stream is published: commands are some hundred bytes.
	entryBytes = rtmp.MaxControl
	// entryMessages bounds how many of them there are; an encoder sends about ten.
	entryMessages = 64
	// mediaBytes bounds sound and pictures of a stream: a key frame of a high bitrate. All else stays below
	// rtmp.MaxControl.
	mediaBytes = 10 << 20
	// window is after how many bytes each side says that they have come.
	window = 2500000
	// chunkSize of what is sent.
	chunkSize = 4096
	// silence is how long a publisher may send nothing at all. nginx ends one without media earlier.
	silence = time.Minute
	// stall is how long the other side may take to read.
	stall = 15 * time.Second
)

// plainName is what the key of a stream may be: it becomes a file's name, and a part of URLs.
var plainName = regexp.MustCompile(`^[A-Za-z0-9_~-][A-Za-z0-9._~-]{0,127}$`)

// refusal is why somebody may not publish, for logs and metrics.
type refusal string

func (r refusal) Error() string { return string(r) }

// level of its line in the log: whoever scans the port must not fill it.
func (r refusal) level() slog.Level {
	switch r {
	case refusedProtocol, refusedCrowd, refusedRate, refusedAgain:
		return slog.LevelDebug
	}
	return slog.LevelInfo
}

const (
	// refusedProtocol: the bytes are no RTMP of a publisher, or take too long.
	refusedProtocol refusal = "protocol"
	// refusedApplication: the path of the URL is not that of the ingest.
	refusedApplication refusal = "application"
	// refusedName: the name cannot be a key.
	refusedName refusal = "name"
	// refusedTaken: the stream has a publisher.
	refusedTaken refusal = "taken"
	// refusedBusy: the pod has as many publishers as it takes, or as many wait for nginx to say yes.
	refusedBusy refusal = "busy"
	// refusedFull: the space for live fragments is nearly used up.
	refusedFull refusal = "full"
	// refusedByNginx: nginx, and so mostly the backend, did not say yes.
	refusedByNginx refusal = "denied"
	// refusedAgain: nginx has denied the name a few seconds ago, and is not asked again.
	refusedAgain refusal = "repeated"
	// refusedRate: the client's address has asked for too many names that were denied, or too many at a time.
	refusedRate refusal = "rate"
	// refusedCrowd: newer connections took the place of one that asked for nothing.
	refusedCrowd refusal = "crowd"
)

// session is the connection of a client.
type session struct {
	gate      *Gate
	client    net.Conn
	r         *rtmp.Reader
	w         *rtmp.Writer
	connected bool
	// acknowledged are the bytes that the client knows to have come.
	acknowledged int64
	// pace and sent are how, and how much, it sends when it publishes. ended is why it must not go on.
	pace  pace
	sent  meter
	ended atomic.Pointer[ending]
}

// release the memory of the session.
func (s *session) release() {
	if s.r != nil {
		s.r.Close()
	}
}

// enter speaks with a client until it asks to publish, and returns the name.
func (s *session) enter(until time.Time) (key string, err error) {
	_ = s.client.SetDeadline(until)
	if err := rtmp.Accept(s.client); err != nil {
		return "", refusedProtocol
	}
	s.r, s.w = rtmp.NewReader(s.client, entryBytes), rtmp.NewWriter(s.client)
	s.r.Share(s.gate.memory)
	for range entryMessages {
		m, err := s.r.Next()
		if err != nil {
			return "", refusedProtocol
		}
		if m.Type != rtmp.TypeCommand {
			continue
		}
		c, err := rtmp.ParseCommand(m)
		if err != nil {
			return "", refusedProtocol
		}
		if c.Name == "publish" && s.connected {
			return s.name(c)
		}
		if err := s.answer(c); err != nil {
			return "", err
		}
	}
	return "", refusedProtocol
}

// answer a command that comes before publish.
func (s *session) answer(c rtmp.Command) error {
	switch c.Name {
	case "connect":
		if s.connected {
			return refusedProtocol
		}
		s.connected = true
		return s.connect(c)
	case "createStream":
		return s.send(rtmp.Command{Name: "_result", Transaction: c.Transaction, Arguments: []any{nil, 1.0}}.Message(0))
	case "publish", "play", "play2":
		// Before connect; and viewers come by HLS and DASH through the edge.
		return refusedProtocol
	}
	return nil
}

// connect answers what opens each session.
func (s *session) connect(c rtmp.Command) error {
	app, _ := c.Object(0)["app"].(string)
	app, _, _ = strings.Cut(app, "?")
	app = strings.TrimSuffix(strings.TrimSuffix(app, "/_definst_"), "/")
	if app != application {
		return refusedApplication
	}
	for _, m := range []rtmp.Message{
		rtmp.Number(rtmp.TypeWindowSize, window),
		// The last byte leaves it to the client what it makes of the limit.
		{Type: rtmp.TypeBandwidth, Payload: append(rtmp.Number(0, window).Payload, 2)},
	} {
		if err := s.w.Write(m); err != nil {
			return err
		}
	}
	if err := s.w.SetChunkSize(chunkSize); err != nil {
		return err
	}
	return s.send(rtmp.Command{Name: "_result", Transaction: c.Transaction, Arguments: []any{
		rtmp.Object{"fmsVer": "FMS/3,0,1,123", "capabilities": 31.0},
		rtmp.Object{
			"level": "status", "code": "NetConnection.Connect.Success", "description": "Connection succeeded.",
			"objectEncoding": 0.0,
		},
	}}.Message(0))
}

// name is what a client wants to publish. Whatever it appends is for nobody here.
func (s *session) name(c rtmp.Command) (string, error) {
	name, _, _ := strings.Cut(c.Text(1), "?")
	if !plainName.MatchString(name) {
		return "", s.refuse(refusedName)
	}
	return name, nil
}

// refuse tells the client so.
func (s *session) refuse(why refusal) error {
	code, text := "NetStream.Publish.Denied", "Publishing is denied"
	switch why {
	case refusedTaken:
		code, text = "NetStream.Publish.BadName", "Already publishing"
	case refusedName:
		code, text = "NetStream.Publish.BadName", "The stream key may have letters, digits and ._~-"
	case refusedFull, refusedBusy:
		text = "The server has no room for another stream"
	}
	_ = s.client.SetDeadline(time.Now().Add(stall))
	_ = s.send(rtmp.Status("error", code, text))
	return why
}

func (s *session) send(m rtmp.Message) error {
	if err := s.w.Write(m); err != nil {
		return err
	}
	return s.w.Flush()
}
