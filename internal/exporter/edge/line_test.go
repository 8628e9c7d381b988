package edge

import (
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	for _, tt := range []struct {
		text string
		want request
	}{
		{"api_streams GET 200 0.012", request{"api_streams", "read", "200", 0.012, true}},
		{"api_auth POST 500 1.5", request{"api_auth", "write", "500", 1.5, true}},
		{"api_auth DELETE 499 0.000", request{"api_auth", "write", "499", 0, true}},
		{"chat GET 101 3600.001", request{"chat", "read", "101", 3600.001, false}},
		{"uploads HEAD 206 9.000", request{"uploads", "read", "206", 9, false}},
		{"paused OPTIONS 503 0.000", request{"paused", "read", "503", 0, false}},
		// A client may write any method, and an upstream any status.
		{"page BREW 405 0.000", request{"page", "other", "405", 0, true}},
		{"invalid - 400 0.000", request{"invalid", "other", "400", 0, false}},
		{"page GET 299 0.000", request{"page", "read", "2xx", 0, true}},
		{"page GET 599 0.000", request{"page", "read", "5xx", 0, true}},
		{"page GET 009 0.000", request{"page", "read", "other", 0, true}},
		{"page GET 000 0.000", request{"page", "read", "other", 0, true}},
	} {
		if got, err := parse([]byte(tt.text)); err != nil || got != tt.want {
			t.Errorf("%q: got %+v, %v, want %+v", tt.text, got, err, tt.want)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for _, line := range []string{
		"", "\x00\x00", "api_streams GET 200", "api_streams GET 200 0.1 more",
		"/api/streams/by-key/secret GET 200 0.1", "api_streams GET ok 0.1", "api_streams GET -1 0.1",
		"api_streams GET 1000 0.1", "api_streams GET 200 fast", "api_streams GET 200 NaN",
		"api_streams GET 200 -0.1", strings.Repeat("x ", 4000),
	} {
		if got, err := parse([]byte(line)); err == nil {
			t.Errorf("%.60q: got %+v", line, got)
		}
	}
}

// FuzzParse: whatever arrives, the number of series is bounded.
func FuzzParse(f *testing.F) {
	f.Add([]byte("api_streams GET 200 0.012"))
	methods := map[string]bool{"read": true, "write": true, "other": true}
	f.Fuzz(func(t *testing.T, line []byte) {
		r, err := parse(line)
		if err != nil {
			return
		}
		if !methods[r.method] || len(r.code) > len("other") || r.seconds < 0 {
			t.Errorf("%q: %+v", line, r)
		}
	})
}
