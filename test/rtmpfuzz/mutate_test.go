package rtmpfuzz_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/xatube/xatube-operator/internal/rtmp"
)

// attack is a session that means no good: what it sends, and how it ends.
type attack struct {
	payload []byte
	// listens: it waits for the answer to publish, and does not merely leave.
	listens bool
}

// nasty are texts that mean something to whoever stands behind an entry.
var nasty = []string{
	"", ".", "..", "../", "../../../../tmp/x", "/", "//", "a/b", "live/" + victim, victim, victim + "/", "/" + victim, "./" + victim,
	victim + "\x00", victim + "\x00.m3u8", victim + "?name=ok", "ok?name=" + victim, "ok&name=" + victim, "ok%26name%3d" + victim,
	victim + ".m3u8", victim + "-1", victim + "%00", strings.ToUpper(victim), " " + victim, victim + " ", "\t" + victim, victim + "#x",
	"ok HTTP/1.1\r\nHost: a\r\n\r\nGET /_control/drop/publisher?app=live HTTP/1.1\r\nHost: a\r\n\r\n",
	"ok?x HTTP/1.1\r\nHost: a\r\n\r\nGET /_control/drop/publisher?app=live HTTP/1.1\r\nHost: a\r\n\r\n",
	"ok?x HTTP/1.1\r\nHost: a\r\n\r\nGET /_hook/unpublish?app=live&name=" + victim + " HTTP/1.1\r\nHost: a\r\n\r\n",
	"ok?x HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET /_hook/streams HTTP/1.0\r\n\r\n",
	"ok?x HTTP/1.1\r\nTransfer-Encoding: chunked\r\nHost: a\r\n\r\n0\r\n\r\nGET /stat HTTP/1.1\r\nHost: a\r\n\r\n",
	"ok?x HTTP/1.1\r\nContent-Length: 5\r\nHost: b\r\n\r\nabcde", "ok?\r\n", "ok?x\r\nX-A: b", "ok\r\n", "ok\n", "ok\r",
	"http://127.0.0.1:18081/_control/drop/publisher?app=live", "rtmp://127.0.0.1/live/" + victim, "${name}", "$stream_key", "`id`", "$(id)",
	"%2e%2e%2f", "é", "\xff\xfe\x00", "live", "live/", "live?x", "live?name=" + victim, "live/_definst_", "live\r\n", "liv", "live2", "LIVE",
	strings.Repeat("a", 127), strings.Repeat("a", 128), strings.Repeat("a", 129), strings.Repeat("a", 255), strings.Repeat("a", 256),
	strings.Repeat("b", 4000), strings.Repeat("c", 70000), strings.Repeat("../", 100), "ok?" + strings.Repeat("x=y&", 900),
	"@setDataFrame", "onMetaData", "onStatus", "_result", "publish", "play", "record", "append",
}

// commands that a session may slip in.
var commands = []string{
	"connect", "createStream", "publish", "play", "play2", "closeStream", "deleteStream", "FCPublish", "FCUnpublish", "releaseStream",
	"pause", "pauseRaw", "seek", "_result", "_error", "onStatus", "getStreamLength", "_checkbw", "onFCPublish", "call", "receiveAudio",
	"@setDataFrame", "onMetaData", "|RtmpSampleAccess",
}

// mutator makes attacks. The same random numbers make the same ones.
type mutator struct{ *rand.Rand }

// attack number n. Its own key, if it has one, is its own alone.
func (m mutator) attack(n int) attack {
	key := fmt.Sprintf("ok-%d", n)
	if m.IntN(4) == 0 {
		key = m.text(key)
	}
	script := append(opening(key), command("@setDataFrame", 0, 1), begin())
	for at := range m.IntN(4) {
		script = append(script, picture("attack ", uint32(at)*1000))
		if m.IntN(3) == 0 {
			script = append(script, m.metadata(key))
		}
	}
	if m.IntN(2) == 0 {
		script = append(script, command("FCUnpublish", 6, 0, nil, key), command("deleteStream", 7, 0, nil, 1.0))
	}
	for range m.IntN(4) {
		script = m.rewrite(script, key)
	}
	out := attack{listens: m.IntN(3) > 0}
	if m.IntN(3) == 0 {
		out.payload = rawChunks(m, script)
	} else {
		out.payload = serialized(script...)
	}
	for range max(0, m.IntN(5)-2) {
		out.payload = m.damage(out.payload)
	}
	return out
}

// text is a nasty one, or one made of two, or noise.
func (m mutator) text(key string) string {
	switch m.IntN(6) {
	case 0:
		return key + nasty[m.IntN(len(nasty))]
	case 1:
		return nasty[m.IntN(len(nasty))] + nasty[m.IntN(len(nasty))]
	case 2:
		return string(m.noise(300))
	}
	return nasty[m.IntN(len(nasty))]
}

// metadata of what is published: nested, cut off, of strange types, or sound but for their values.
func (m mutator) metadata(key string) rtmp.Message {
	out := rtmp.Message{Type: rtmp.TypeData, Stream: 1, Payload: rtmp.Encode("@setDataFrame", "onMetaData")}
	if m.IntN(3) == 0 {
		out.Payload = rtmp.Encode("onMetaData")
	}
	switch m.IntN(5) {
	case 0: // nested
		opens := [][]byte{{3, 0, 1, 'a'}, {8, 0, 0, 0, 1, 0, 1, 'a'}, {10, 0, 0, 0, 1}, {3, 0, 5, 'w', 'i', 'd', 't', 'h'}}
		depth := []int{1, 7, 8, 9, 100, 1000, 3000, 65536}[m.IntN(8)]
		out.Payload = append(out.Payload, bytes.Repeat(opens[m.IntN(len(opens))], depth)...)
	case 1: // noise of markers
		noise := m.noise(400)
		for i := range noise {
			noise[i] %= 18
		}
		out.Payload = append(out.Payload, noise...)
	case 2: // noise
		out.Payload = append(out.Payload, m.noise(400)...)
	default:
		object := rtmp.Object{}
		for _, name := range []string{"width", "height", "duration", "framerate", "videocodecid", "audiocodecid", "profile", "level"} {
			object[name] = []any{m.value(key), m.text(key), m.NormFloat64() * 1e12, 1280.0}[m.IntN(4)]
		}
		out.Payload = append(out.Payload, rtmp.Encode(object)...)
		out.Payload = out.Payload[:len(out.Payload)-m.IntN(3)*m.IntN(4)]
	}
	return out
}

// noise of less than so many bytes.
func (m mutator) noise(most int) []byte {
	b := make([]byte, m.IntN(most))
	for i := range b {
		b[i] = byte(m.IntN(256))
	}
	return b
}

// value of any type.
func (m mutator) value(key string) any {
	switch m.IntN(7) {
	case 0:
		return nil
	case 1:
		return float64(m.IntN(5)) - 1
	case 2:
		return m.IntN(2) == 0
	case 3:
		return rtmp.Object{"app": m.text(key), m.text(key): m.text(key), "code": "NetStream.Publish.Start", "streamName": victim}
	}
	return m.text(key)
}

// rewrite one thing in a script.
func (m mutator) rewrite(script []rtmp.Message, key string) []rtmp.Message {
	if len(script) == 0 {
		return script
	}
	at := m.IntN(len(script))
	switch m.IntN(7) {
	case 0: // a field of a command
		if c, err := rtmp.ParseCommand(script[at]); err == nil && len(c.Arguments) > 0 {
			m.field(c.Arguments, key)
			script[at] = c.Message(script[at].Stream)
		}
	case 1: // a command that nobody asked for
		arguments := []any{nil, m.text(key), m.value(key), m.value(key)}[:m.IntN(5)]
		return insert(script, at, command(commands[m.IntN(len(commands))], float64(m.IntN(9)), uint32(m.IntN(2)), arguments...))
	case 2: // the same again
		return insert(script, at, script[m.IntN(len(script))])
	case 3: // one less
		return append(script[:at:at], script[at+1:]...)
	case 4: // another order
		to := m.IntN(len(script))
		script[at], script[to] = script[to], script[at]
	case 5: // another type, another stream, another time
		script[at].Type, script[at].Stream, script[at].Timestamp = byte(m.IntN(26)), uint32(m.IntN(4)), m.Uint32()
	case 6: // a message about the connection
		return insert(script, at, rtmp.Message{Type: byte(1 + m.IntN(7)), Payload: m.noise(12)})
	}
	return script
}

// field replaces an argument, or a property of the object that connect has.
func (m mutator) field(arguments []any, key string) {
	at := m.IntN(len(arguments))
	object, found := arguments[at].(rtmp.Object)
	if !found {
		arguments[at] = m.value(key)
		return
	}
	names := []string{"app", "flashVer", "swfUrl", "tcUrl", "pageUrl", "type", "audioCodecs", "objectEncoding"}
	object[names[m.IntN(len(names))]] = m.value(key)
}

func insert(script []rtmp.Message, at int, m rtmp.Message) []rtmp.Message {
	return append(script[:at:at], append([]rtmp.Message{m}, script[at:]...)...)
}

// damage bytes: flipped, cut off, put in, said again.
func (m mutator) damage(b []byte) []byte {
	if len(b) == 0 {
		return b
	}
	at := m.IntN(len(b))
	switch m.IntN(4) {
	case 0:
		b[at] ^= 1 << m.IntN(8)
		return b
	case 1:
		return b[:at]
	case 2:
		return append(b[:at:at], append([]byte(m.text("")), b[at:]...)...)
	}
	return append(b[:at:at], b[m.IntN(at+1):]...)
}

// rawChunks are messages in chunks of every format and size, also of such as nobody may use.
func rawChunks(m mutator, script []rtmp.Message) []byte {
	var out bytes.Buffer
	for _, message := range script {
		size := 128
		payload := message.Payload
		format, id := byte(m.IntN(4)), byte(2+m.IntN(12))
		header := []byte{format<<6 | id}
		if format < 3 {
			header = append(header, 0, 0, byte(m.IntN(256)))
		}
		if format < 2 {
			header = append(header, byte(len(payload)>>16), byte(len(payload)>>8), byte(len(payload)), message.Type)
		}
		if format == 0 {
			header = append(header, byte(message.Stream), 0, 0, 0)
		}
		out.Write(header)
		for len(payload) > size {
			out.Write(payload[:size])
			payload = payload[size:]
			out.WriteByte(0xc0 | id)
		}
		out.Write(payload)
	}
	return out.Bytes()
}
