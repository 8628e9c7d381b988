package rabbitmq_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestLogin runs the script of the Job with a stand-in for rabbitmqctl that writes down what it is asked; the
// end-to-end tests run it with the real one.
func TestLogin(t *testing.T) {
	const stub = `#!/bin/sh
shift 4
case $broker in away*) exit 1 ;; esac
echo "$broker $*" >>"$LOG"
echo "/ .* .* .*"
`
	tests := []struct {
		name, brokers, former string
		want                  []string
	}{
		{"beside the former", "one two", "", []string{"one import_definitions definitions.json", "one list_user_permissions new"}},
		{
			"in place of the former", "away-one two", "old",
			[]string{"two import_definitions definitions.json", "two list_user_permissions new", "two delete_user old"},
		},
		{"all are away", "away-one away-two", "", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			log := filepath.Join(dir, "log")
			for name, content := range map[string]string{"rabbitmqctl": strings.Replace(stub, "shift 4", `broker=${4#rabbit@}; shift 4`, 1), "cookie": "secret"} {
				if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o700); err != nil { //nolint:gosec // one is a program
					t.Fatal(err)
				}
			}
			text, err := os.ReadFile("file/login.sh")
			if err != nil {
				t.Fatal(err)
			}
			replaced := strings.NewReplacer("/etc/erlang-cookie", dir, "/etc/definitions/", "").Replace(string(text))
			script := exec.CommandContext(t.Context(), "sh", "-c", replaced, "login.sh", tt.former)
			script.Env = []string{"PATH=" + dir + ":" + os.Getenv("PATH"), "HOME=" + dir, "LOG=" + log, "NEW=new", "BROKERS=" + tt.brokers}
			out, err := script.CombinedOutput()
			if (err == nil) != (tt.want != nil) {
				t.Errorf("ended with %v: %s", err, out)
			}
			asked, _ := os.ReadFile(log)
			if got := strings.TrimSpace(string(asked)); got != strings.Join(tt.want, "\n") {
				t.Errorf("asked %q, want %q", got, tt.want)
			}
			info, err := os.Stat(filepath.Join(dir, ".erlang.cookie"))
			if err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("the cookie is not its owner's alone: %v %v", info, fmt.Sprint(err))
			}
		})
	}
}
