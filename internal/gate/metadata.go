package gate

import (
	"regexp"

	"github.com/xatube/xatube-operator/internal/rtmp"
)

// numbers and words are what nginx reads of metadata. Whatever else there is goes nowhere.
var (
	numbers = []string{
		"width", "height", "displayWidth", "displayHeight", "duration", "framerate", "fps",
		"videocodecid", "audiocodecid", "videodatarate", "audiodatarate",
		"audiosamplerate", "audiosamplesize", "audiochannels",
	}
	words = []string{"videocodecid", "audiocodecid", "profile", "level"}
)

// plainWord is what such a word may be. nginx keeps 32 bytes of one.
var plainWord = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9 ._:+-]{0,30}$`)

// maxNumber is above all that metadata count, and below what a number in C takes.
const maxNumber = 1e9

// describe what is published in the gate's own words. It reports false for data that tell something else, or are not to
// be read as a whole: nginx, which reads what is nested by recursion without a limit, gets no byte of the client's.
func describe(m rtmp.Message) (rtmp.Message, bool) {
	values, err := rtmp.Decode(m.Payload, 3)
	if err != nil {
		return rtmp.Message{}, false
	}
	if len(values) > 0 && values[0] == "@setDataFrame" {
		values = values[1:]
	}
	if len(values) < 2 || values[0] != "onMetaData" {
		return rtmp.Message{}, false
	}
	said, isObject := values[1].(rtmp.Object)
	if !isObject {
		return rtmp.Message{}, false
	}
	m.Payload = rtmp.Encode("@setDataFrame", "onMetaData", known(said))
	return m, true
}

// known properties of metadata, as far as their values are sound.
func known(said rtmp.Object) rtmp.Object {
	out := rtmp.Object{}
	for _, name := range numbers {
		// What is no number compares as false.
		if n, is := said[name].(float64); is && n >= 0 && n <= maxNumber {
			out[name] = n
		}
	}
	for _, name := range words {
		if word, is := said[name].(string); is && plainWord.MatchString(word) {
			out[name] = word
		}
	}
	if stereo, is := said["stereo"].(bool); is {
		out["stereo"] = stereo
	}
	return out
}
