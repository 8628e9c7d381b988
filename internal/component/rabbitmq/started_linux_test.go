package rabbitmq_test

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestStarted runs the startup probe with stand-ins for RabbitMQ's tools that only end with a code.
func TestStarted(t *testing.T) {
	// Whoever holds the port, somebody listens on it, which is all that the script looks for.
	if l, err := net.Listen("tcp", "127.0.0.1:5672"); err == nil {
		defer l.Close()
	}
	tests := []struct {
		name         string
		size, flags  int
		wantsSuccess bool
	}{
		{"complete", 0, 0, true},
		{"members are missing", 1, 0, false},
		{"a release that does not know the check", 64, 0, true},
		{"an older broker in the cluster", 0, 69, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tools := t.TempDir()
			tool(t, filepath.Join(tools, "rabbitmq-diagnostics"), tt.size)
			tool(t, filepath.Join(tools, "rabbitmqctl"), tt.flags)
			script := exec.CommandContext(t.Context(), "sh", "file/started.sh")
			script.Env = []string{"PATH=" + tools + ":" + os.Getenv("PATH")}
			out, err := script.CombinedOutput()
			if (err == nil) != tt.wantsSuccess {
				t.Errorf("ended with %v: %s", err, out)
			}
		})
	}
}

func tool(t *testing.T, path string, code int) {
	t.Helper()
	if err := os.WriteFile(path, fmt.Appendf(nil, "#!/bin/sh\nexit %d\n", code), 0o700); err != nil {
		t.Fatal(err)
	}
}
