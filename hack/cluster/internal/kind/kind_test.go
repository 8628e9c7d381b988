package kind

import (
	"io"
	"log"
	"testing"

	"github.com/xatube/xatube-operator/hack/cluster/internal/cache"
)

func TestNodeNames(t *testing.T) {
	t.Setenv("XATUBE_CACHE", t.TempDir())
	c, err := cache.Open(log.New(io.Discard, "", 0))
	if err != nil {
		t.Fatal(err)
	}
	p := New("dev", c, log.New(io.Discard, "", 0))
	for name, want := range map[string]string{
		"node-1":  "xatube-dev-worker",
		"node-2":  "xatube-dev-worker2",
		"control": "xatube-dev-control-plane",
	} {
		if got := p.node(name); got != want {
			t.Errorf("%s is %s, want %s", name, got, want)
		}
	}
	if _, err := p.Kubeconfig(); err == nil {
		t.Error("a cluster that is down has a kubeconfig")
	}
}
