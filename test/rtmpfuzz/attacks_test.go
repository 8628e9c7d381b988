package rtmpfuzz_test

import (
	"bytes"
	"testing"

	"github.com/xatube/xatube-operator/internal/rtmp"
)

// media that an attacker sends at once, before anybody has said yes.
func media() []rtmp.Message {
	out := []rtmp.Message{begin()}
	for at := range 20 {
		out = append(out, picture("attack ", uint32(at)*1000))
	}
	return out
}

// nested are metadata of objects within objects.
func nested(levels int) rtmp.Message {
	payload := append(rtmp.Encode("@setDataFrame", "onMetaData"), bytes.Repeat([]byte{3, 0, 1, 'a'}, levels)...)
	return rtmp.Message{Type: rtmp.TypeData, Stream: 1, Payload: payload}
}

func session(name string, rest ...rtmp.Message) []byte {
	return serialized(append(opening(name), rest...)...)
}

// TestAttacks by hand, each of which disturbs a victim where publishers reach the rtmp module itself.
func TestAttacks(t *testing.T) {
	const smuggled = " HTTP/1.1\r\nHost: a\r\n\r\n"
	for _, a := range []struct {
		name    string
		payload []byte
	}{
		{"a request in the arguments drops all publishers", session("bad?x" + smuggled + "GET /_control/drop/publisher?app=live" + smuggled)},
		{"a request in the arguments ends a stream", session("bad?x" + smuggled + "GET /_hook/unpublish?app=live&name=" + victim + smuggled)},
		{"a request in the arguments of connect", serialized(
			command("connect", 1, 0, rtmp.Object{"app": "live?x" + smuggled + "GET /_control/drop/publisher?app=live" + smuggled}),
			command("publish", 2, 1, nil, "ok-1", "live"))},
		{"media under the name of a stream that is on air", session(victim, media()...)},
		{"media under its name with the key of another", session(victim+"?name=ok-2", media()...)},
		{"a second publish, of a stream that is on air", session("ok-3", append([]rtmp.Message{command("publish", 6, 1, nil, victim, "live")}, media()...)...)},
		{"play, of a stream that is on air", session("ok-4", command("play", 6, 1, nil, victim))},
		{"play before publish", serialized(append(opening("ok-5")[:4], command("play", 5, 1, nil, victim), command("publish", 6, 1, nil, victim, "live"))...)},
		{"publish in a message of data", serialized(append(opening("ok-6")[:4], rtmp.Message{
			Type: rtmp.TypeData, Stream: 1, Payload: command("publish", 5, 1, nil, victim, "live").Payload,
		}, begin(), picture("attack ", 0))...)},
		{"metadata that nest deeper than a stack is", session("ok-7", begin(), nested(64<<10), picture("attack ", 0))},
		{"publish, and away", session(victim)},
		{"a path for a name", session("../live/hls/"+victim, media()...)},
	} {
		t.Run(a.name, func(t *testing.T) {
			i := startIngest(t)
			s := publishVictim(t, i)
			w := watch(t, i)
			for range 20 {
				run(i.entry, attack{payload: a.payload, listens: true})
				run(i.entry, attack{payload: a.payload})
			}
			w.stop()
			expectUndisturbed(t, i, s, w)
			expectPlainFiles(t, i)
		})
	}
}

// TestNginxAddsNoRequest, even for somebody who got past the gate: a hook is one request, and no other location is where
// hooks arrive. A1.
func TestNginxAddsNoRequest(t *testing.T) {
	const smuggled = " HTTP/1.1\r\nHost: a\r\n\r\n"
	i := startIngest(t)
	s := publishVictim(t, i)
	w := watch(t, i)
	for _, request := range []string{"/_control/drop/publisher?app=live", "/_hook/unpublish?app=live&name=" + victim, "/_hook/streams", "/stat"} {
		nginxDirectly(t, i, session("bad?x"+smuggled+"GET "+request+smuggled))
		nginxDirectly(t, i, session("bad?x HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET "+request+" HTTP/1.0\r\n\r\n"))
	}
	w.stop()
	expectUndisturbed(t, i, s, w)
}
