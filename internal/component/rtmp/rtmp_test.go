package rtmp

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/xatube/xatube-operator/internal/component"
	"github.com/xatube/xatube-operator/internal/golden"
)

func TestRender(t *testing.T) {
	golden.Run(t, New(), nil)
}

func TestNginxConf(t *testing.T) {
	for _, name := range []string{"minimal", "full", "gateway"} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join("testdata", name)
			c, err := configOf(golden.Input(t, filepath.Join(dir, "in.yaml"), New()))
			if err != nil {
				t.Fatal(err)
			}
			conf, err := c.render()
			if err != nil {
				t.Fatal(err)
			}
			golden.Compare(t, filepath.Join(dir, "nginx.conf"), []byte(conf))
		})
	}
}

// TestScalingRollsNoPod: a roll costs the publishers of a pod.
func TestScalingRollsNoPod(t *testing.T) {
	in := golden.Input(t, filepath.Join("testdata", "minimal", "in.yaml"), New())
	template := func(replicas int32) string {
		in.Cluster.Spec.RTMP.Replicas = replicas
		f, err := files(in)
		if err != nil {
			t.Fatal(err)
		}
		set, err := statefulSet(in, f, recordings{})
		if err != nil {
			t.Fatal(err)
		}
		set.Spec.Replicas = nil
		return string(golden.Documents(t, []component.Object{set}))
	}
	if one, three := template(1), template(3); one != three {
		t.Errorf("the pod template differs between one and three replicas:\n%s", cmp.Diff(one, three))
	}
}

func TestTail(t *testing.T) {
	for _, c := range []struct{ fragment, playlist, want time.Duration }{
		{3 * time.Second, 20 * time.Second, 10 * time.Second},
		{6 * time.Second, 60 * time.Second, 18 * time.Second},
		{time.Second, 5 * time.Second, 5 * time.Second},
	} {
		if got := (hls{c.fragment, c.playlist}).tail(); got != c.want {
			t.Errorf("fragment %s, playlist %s: tail %s, want %s", c.fragment, c.playlist, got, c.want)
		}
	}
}
