package edge_test

import (
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/xatube/xatube-operator/test/runbook"
)

// C15. What runbooks look for in the log of the edge is there when requests fail.
func TestRunbooksFindWhatFailed(t *testing.T) {
	commands, err := runbook.All("../../..")
	if err != nil {
		t.Fatal(err)
	}
	p := newPlatform(t)
	p.backends(t, 1, func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/broken") {
			w.WriteHeader(http.StatusInternalServerError)
		}
	})
	b := p.startEdge(t, nil)
	b.awaitPods(t, "/api/warm")
	b.get(t, "/api/streams/500")
	b.get(t, "/api/broken")
	b.logged(t, "path", "/api/broken")
	tried := 0
	for _, c := range commands {
		at := strings.Index(c.Text, "| grep '\"status\"")
		if at < 0 || !strings.Contains(c.Text, "component=edge") {
			continue
		}
		tried++
		search := exec.Command("sh", "-c", strings.TrimPrefix(c.Text[at:], "| ")+" "+filepath.Join(b.folder, "access.log"))
		out, err := search.CombinedOutput()
		if err != nil || !strings.Contains(string(out), `"path":"/api/broken"`) || strings.Contains(string(out), "/api/streams/500") {
			t.Errorf("%s finds %s, %v", c, out, err)
		}
	}
	if tried == 0 {
		t.Error("no runbook looks for failed requests")
	}
}
