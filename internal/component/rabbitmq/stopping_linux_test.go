package rabbitmq_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestStopping runs the preStop hook with stand-ins for RabbitMQ's tools that write down how they are called.
func TestStopping(t *testing.T) {
	const mark, ask, wait, drain = "mark", "ask", "wait", "drain"
	tests := []struct {
		name string
		// others tells how often the brokers that stay are more than none.
		others int
		// awaited is the end of each wait for the majority.
		awaited int
		want    []string
	}{
		{"one broker, or all of them leave", 0, 1, []string{mark, ask, drain}},
		{"the others keep the queues", 99, 0, []string{mark, ask, wait, drain}},
		{"the last of the others decides to leave too", 2, 1, []string{mark, ask, wait, ask, wait, ask, drain}},
		{"the others never keep them", 99, 1, append(append([]string{mark}, repeat(12, ask, wait)...), drain)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tools := t.TempDir()
			executable(t, tools, "rabbitmqctl", fmt.Sprintf(`case $* in
*set_env*) echo mark >>calls ;;
*list_running*) echo ask >>calls; [ "$(grep -c ask calls)" -gt %d ] && echo true || echo false ;;
esac`, tt.others))
			executable(t, tools, "rabbitmq-upgrade", fmt.Sprintf(`case $* in
*await*) echo wait >>calls; exit %d ;;
*drain*) echo drain >>calls ;;
esac`, tt.awaited))
			script, err := filepath.Abs("file/stopping.sh")
			if err != nil {
				t.Fatal(err)
			}
			run := exec.CommandContext(t.Context(), "sh", script)
			run.Dir, run.Env = tools, []string{"PATH=" + tools + ":" + os.Getenv("PATH")}
			if out, err := run.CombinedOutput(); err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			calls, err := os.ReadFile(filepath.Join(tools, "calls"))
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.Fields(string(calls)); strings.Join(got, " ") != strings.Join(tt.want, " ") {
				t.Errorf("called %v, want %v", got, tt.want)
			}
		})
	}
}

func repeat(n int, calls ...string) []string {
	var out []string
	for range n {
		out = append(out, calls...)
	}
	return out
}

func executable(t *testing.T, folder, name, body string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(folder, name), []byte("#!/bin/sh\n"+body+"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
}
