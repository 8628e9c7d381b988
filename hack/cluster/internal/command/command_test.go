package command

import (
	"io"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

// run executes the command line in an empty cache and an empty state.
func run(t *testing.T, args ...string) (string, error) {
	t.Helper()
	t.Setenv("XATUBE_CACHE", t.TempDir())
	t.Setenv("XATUBE_CLUSTER_STATE", t.TempDir())
	var out strings.Builder
	root := Root()
	root.SetArgs(args)
	root.SetOut(&out)
	root.SetErr(io.Discard)
	err := root.ExecuteContext(t.Context())
	return out.String(), err
}

func TestRefusals(t *testing.T) {
	tests := []struct {
		name string
		args []string
		want string
	}{
		{"unknown provider", []string{"status", "--provider", "other"}, `provider "other"`},
		{"unsupported Kubernetes", []string{"up", "--provider", "local", "--kubernetes", "1.33"}, "want one of 1.34, 1.35"},
		{"assets of unsupported Kubernetes", []string{"assets", "--kubernetes", "1.33"}, "want one of 1.34, 1.35"},
		{"another Kubernetes in kind", []string{"up", "--provider", "kind", "--kubernetes", "1.34"}, "use --provider local"},
		{"cluster that is down", []string{"kubeconfig", "--provider", "local"}, "run cluster up"},
		{"log of a cluster that is down", []string{"audit-log", "--provider", "local"}, "run cluster up"},
		{"fault on a cluster that is down", []string{"cut", "node-1", "--provider", "local"}, "run cluster up"},
		{"cut from nothing known", []string{"cut", "node-1", "--from", "sun", "--provider", "local"}, `"sun": want all, api or nodes`},
		{"unknown signal", []string{"signal", "WINK", "a/b", "c", "--provider", "local"}, `signal "WINK"`},
		{"signal to a pod of no namespace", []string{"signal", "STOP", "b", "c", "--provider", "local"}, "NAMESPACE/NAME"},
		{"signal on a cluster that is down", []string{"signal", "STOP", "a/b", "c", "--provider", "local"}, "run cluster up"},
		{"archives and all", []string{"load", "a.tar", "--all"}, "either archives or --all"},
		{"nothing to load", []string{"load"}, "either archives or --all"},
		{"unknown addon", []string{"addon", "other"}, "invalid argument"},
		{"unknown program", []string{"bin", "other"}, `no program "other"`},
		{"image of nothing", []string{"build-image", "--ref", "docker.io/a/b:1", "-o", "x.tar"}, "binary package"},
		{"bad name", []string{"down", "--name", "../x", "--provider", "local"}, "cluster name"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if _, err := run(t, test.args...); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %s", err, test.want)
			}
		})
	}
}

func TestBuildImage(t *testing.T) {
	archive := filepath.Join(t.TempDir(), "dist", "image.tar")
	_, err := run(t, "build-image", "--package", "../image/pause", "--path", "/pause",
		"--ref", "docker.io/xatube/test:1", "--output", archive)
	if err != nil {
		t.Fatal(err)
	}
	img, err := tarball.ImageFromPath(archive, nil)
	if err != nil {
		t.Fatal(err)
	}
	config, err := img.ConfigFile()
	if err != nil || config.Config.User != "65532:65532" || config.Config.Entrypoint[0] != "/pause" {
		t.Errorf("config is %+v, %v", config, err)
	}
}
