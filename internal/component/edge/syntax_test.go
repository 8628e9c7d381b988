package edge_test

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestSyntax lets a real nginx judge every configuration, as the init container does.
func TestSyntax(t *testing.T) {
	command := nginxCommand(t)
	for _, dir := range caseFolders(t) {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			folder := t.TempDir()
			files := configuration(t, dir)
			files["resolver.conf"] = "resolver 127.0.0.1 [::1] valid=5s;"
			place(t, files, folder, nil)
			out, err := exec.Command(command[0], append(command[1:],
				"-e", "stderr", "-t", "-c", filepath.Join(folder, "nginx.conf"))...).CombinedOutput()
			if err != nil {
				t.Fatalf("nginx refuses the configuration: %v\n%s", err, out)
			}
			if strings.Contains(string(out), "[warn]") {
				t.Errorf("nginx warns:\n%s", out)
			}
		})
	}
}
