package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"k8s.io/klog/v2"
)

// TestLogger: every line is an object of JSON, whoever writes it, and the level is the flag's.
func TestLogger(t *testing.T) {
	tests := []struct {
		level string
		want  []string
	}{
		{"debug", []string{"an act", "a detail", "a library"}},
		{"info", []string{"an act", "a library"}},
		{"warn", nil},
	}
	t.Cleanup(klog.ClearLogger)
	for _, tt := range tests {
		t.Run(tt.level, func(t *testing.T) {
			var out bytes.Buffer
			logger, err := newLogger(&out, tt.level)
			if err != nil {
				t.Fatal(err)
			}
			logger.Info("an act", "name", "demo")
			logger.V(1).Info("a detail")
			klog.Info("a library")
			var got []string
			for line := range strings.Lines(out.String()) {
				var record struct{ Msg string }
				if err := json.Unmarshal([]byte(line), &record); err != nil {
					t.Fatalf("%q: %v", line, err)
				}
				got = append(got, record.Msg)
			}
			if strings.Join(got, ", ") != strings.Join(tt.want, ", ") {
				t.Errorf("got %q", got)
			}
		})
	}
	if _, err := newLogger(&bytes.Buffer{}, "loud"); err == nil || !strings.Contains(err.Error(), "--log-level") {
		t.Errorf("a wrong level: %v", err)
	}
}
