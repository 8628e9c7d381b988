package runbook_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/xatube/xatube-operator/test/runbook"
)

const root = "../.."

func all(t *testing.T) []runbook.Command {
	t.Helper()
	commands, err := runbook.All(root)
	if err != nil {
		t.Fatal(err)
	}
	return commands
}

func TestRead(t *testing.T) {
	const text = "# Title\n\n```console\nkubectl get pods   # all\n\n# not a command\nkubectl exec a -- \\\n  \"SELECT 1\"\n" +
		"kubectl create -f - <<'E'\nkind: Backup\nE\nkubectl get nodes\n```\n\n```yaml\nspec: {}\n```\n\n```console\n$ kubectl get xtc\n{\"a\": 1}\n```\n"
	want := []runbook.Command{
		{"a.md", 4, "kubectl get pods   # all"},
		{"a.md", 7, "kubectl exec a -- \\\n  \"SELECT 1\""},
		{"a.md", 9, "kubectl create -f - <<'E'\nkind: Backup\nE"},
		{"a.md", 12, "kubectl get nodes"},
		{"a.md", 20, "kubectl get xtc"},
	}
	got := runbook.Read("a.md", text)
	if len(got) != len(want) {
		t.Fatalf("got %v", got)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("got %q, want %q", got[i], want[i])
		}
	}
}

func TestDry(t *testing.T) {
	for text, want := range map[string]string{
		"kubectl patch xtc demo -p '{}'":                                       "kubectl patch --dry-run=server xtc demo -p '{}'",
		"kubectl create secret tls a --dry-run=client | kubectl apply -f -":    "kubectl create secret tls a --dry-run=client | kubectl apply -f -",
		"kubectl get xtc demo -o jsonpath='{.metadata.annotations}'":           "kubectl get xtc demo -o jsonpath='{.metadata.annotations}'",
		"kubectl delete pod demo-rtmp-1 --grace-period=60   # do not wait any": "kubectl delete --dry-run=server pod demo-rtmp-1 --grace-period=60   # do not wait any",
	} {
		if got := runbook.Dry(text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

// C15. A shell understands every command, and every exception is of a command that is there.
func TestCommandsAreWhole(t *testing.T) {
	commands := all(t)
	if len(commands) < 80 {
		t.Errorf("only %d commands were found", len(commands))
	}
	used := map[string]bool{}
	for _, c := range commands {
		if out, err := exec.Command("bash", "-n", "-c", c.Text).CombinedOutput(); err != nil {
			t.Errorf("%s: %s", c, out)
		}
		used[runbook.ExceptionOf(c).Part] = true
	}
	for _, e := range runbook.Exceptions {
		if !used[e.Part] || e.Reason == "" {
			t.Errorf("no command has %q, or nobody says why it is an exception", e.Part)
		}
	}
}

var (
	container = regexp.MustCompile(`kubectl (?:logs|exec) .*?-c ([a-z-]+)`)
	operator  = regexp.MustCompile(`deployment/(xatube-operator\S*)|serviceaccount:xatube-system:(\S+)`)
)

// The containers of CloudNativePG are its own.
var foreign = map[string]bool{"postgres": true, "plugin-barman-cloud": true}

// C15. What a command names is what the operator makes.
func TestCommandsNameWhatThereIs(t *testing.T) {
	made := rendered(t)
	for _, c := range all(t) {
		if m := container.FindStringSubmatch(c.Text); m != nil && !foreign[m[1]] && !strings.Contains(made, "name: "+m[1]+"\n") {
			t.Errorf("%s: there is no container %s", c, m[1])
		}
		if m := operator.FindStringSubmatch(c.Text); m != nil && m[1]+m[2] != "xatube-operator-controller-manager" {
			t.Errorf("%s: the operator's name is xatube-operator-controller-manager", c)
		}
	}
}

// rendered are the objects of all components, as their tests have them.
func rendered(t *testing.T) string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(root, "internal/component/*/testdata/*/want.yaml"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%d files: %v", len(files), err)
	}
	var out strings.Builder
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		out.Write(text)
	}
	return out.String()
}
