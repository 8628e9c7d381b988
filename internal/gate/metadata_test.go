package gate_test

import (
	"bytes"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/xatube/xatube-operator/internal/rtmp"
)

// object opens an object of AMF0 within a property; nobody says that it must be closed.
var object = []byte{3, 0, 1, 'a'}

// TestMetadataInTheGatesOwnWords: nginx gets known numbers and short words, and never a byte that the client nested. A1.
func TestMetadataInTheGatesOwnWords(t *testing.T) {
	entry, _, sent := start(t, nil)
	p := publish(t, entry, "key")
	if got := p.status(); got != started {
		t.Fatalf("got %q", got)
	}
	said := rtmp.Object{
		"width": 1280.0, "height": math.NaN(), "framerate": -1.0, "fps": math.Inf(1), "duration": 1e300, "videocodecid": "avc1",
		"audiocodecid": 10.0, "stereo": true, "profile": strings.Repeat("p", 300), "level": "4.1\r\n", "encoder": "an encoder",
		"nested": rtmp.Object{"width": 2.0}, strings.Repeat("n", 2000): 1.0,
	}
	known := rtmp.Object{"width": 1280.0, "videocodecid": "avc1", "audiocodecid": 10.0, "stereo": true}
	for _, payload := range [][]byte{
		append(rtmp.Encode("@setDataFrame", "onMetaData"), bytes.Repeat(object, 4000)...),
		append(rtmp.Encode("@setDataFrame", "onMetaData", nil), bytes.Repeat(object, 4000)...),
		append(rtmp.Encode("onMetaData"), bytes.Repeat([]byte{10, 0, 0, 0, 1}, 3000)...),
		rtmp.Encode("@setDataFrame", "onMetaData", "width"),
		rtmp.Encode("@setDataFrame", "onTextData", rtmp.Object{"text": "x"}),
		rtmp.Encode("onCuePoint", rtmp.Object{"name": "x"}),
		rtmp.Encode("@setDataFrame"),
		{2, 0xff},
		{},
		append(rtmp.Encode("@setDataFrame", "onMetaData", said), bytes.Repeat(object, 100)...),
		rtmp.Encode("onMetaData", said),
	} {
		if err := p.w.Write(rtmp.Message{Type: rtmp.TypeData, Stream: 1, Payload: payload}); err != nil {
			t.Fatal(err)
		}
	}
	p.say(t, "deleteStream", nil, 1.0)
	if got := p.status(); got != "" {
		t.Errorf("the stream has ended and the client hears %q", got)
	}
	var got []any
	for len(got) < 2 {
		m := <-sent
		if m.Type != rtmp.TypeData {
			continue
		}
		values, err := rtmp.Decode(m.Payload, 9)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, values)
	}
	one := []any{"@setDataFrame", "onMetaData", known}
	if diff := cmp.Diff([]any{one, one}, got); diff != "" {
		t.Error(diff)
	}
	for len(sent) > 0 {
		if m := <-sent; m.Type == rtmp.TypeData {
			t.Errorf("nginx was sent %q", m.Payload)
		}
	}
}

// TestOnlyMediaIsLarge: any other message above 16 kB ends the stream before it is read, let alone decoded. A10.
func TestOnlyMediaIsLarge(t *testing.T) {
	for kind := range uint8(24) {
		entry, _, sent := start(t, nil)
		p := publish(t, entry, "key")
		if got := p.status(); got != started {
			t.Fatalf("got %q", got)
		}
		_ = p.w.Write(rtmp.Message{Type: kind, Stream: 1, Payload: bytes.Repeat([]byte("x"), rtmp.MaxControl+1)})
		_ = p.w.Write(rtmp.Message{Type: rtmp.TypeAudio, Stream: 1, Payload: []byte("on")})
		_ = p.w.Flush()
		if kind != rtmp.TypeAudio && kind != rtmp.TypeVideo {
			if got := p.status(); got != "" {
				t.Errorf("type %d: the client hears %q", kind, got)
			}
			continue
		}
		for m := range sent {
			if string(m.Payload) == "on" {
				break
			}
		}
	}
}
