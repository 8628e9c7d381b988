package program

import (
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/mod/modfile"
)

var modules = []Module{Kubernetes(Newest), Etcd, CoreDNS, LocalPathProvisioner, VolumeResizer, CloudNativePG, PrometheusOperator, GatewayAPI}

// go build -o FOLDER names the programs itself, so the table must name them the same.
func TestNamesOfSeveralCommands(t *testing.T) {
	for _, m := range modules {
		if len(m.Commands) < 2 {
			continue
		}
		for name, pkg := range m.Commands {
			if path.Base(pkg) != name {
				t.Errorf("%s: program %s of package %s", m.Name, name, pkg)
			}
		}
	}
}

func TestAssetsAreBuilt(t *testing.T) {
	for _, asset := range Assets {
		found := false
		for _, m := range Host(Newest) {
			_, ok := m.Commands[asset]
			found = found || ok
		}
		if !found {
			t.Errorf("no module of the host has %s", asset)
		}
	}
}

func TestPlainModule(t *testing.T) {
	raw, err := plainModule(CloudNativePG, "1.26.8")
	if err != nil {
		t.Fatal(err)
	}
	file, err := modfile.Parse("go.mod", raw, nil)
	if err != nil {
		t.Fatal(err)
	}
	if file.Go.Version != "1.26.8" || len(file.Require) != 1 || file.Require[0].Mod.Version != CloudNativePG.Version {
		t.Errorf("got:\n%s", raw)
	}
	// What is amended is a folder beside the go.mod, what is not is taken as it is.
	for _, r := range file.Replace {
		if r.Old.Path == "github.com/cloudnative-pg/machinery" && r.New.Path != "./machinery" {
			t.Errorf("machinery is replaced by %v", r.New)
		}
	}
}

func TestFindRelease(t *testing.T) {
	for asked, want := range map[string]Release{"": Newest, "1.34": Releases[0], string(Releases[0]): Releases[0], "1.37": Newest} {
		if got, err := FindRelease(asked); err != nil || got != want {
			t.Errorf("%q is %s, %v, want %s", asked, got, err, want)
		}
	}
	for _, asked := range []string{"1.33", "1.3", "v1.34.0", "new"} {
		if got, err := FindRelease(asked); err == nil || !strings.Contains(err.Error(), "want one of 1.34, ") {
			t.Errorf("%q is %s, %v", asked, got, err)
		}
	}
}

// A program of one release must not be taken for that of another, nor call itself so.
func TestAReleaseIsBuiltFromItsOwnModules(t *testing.T) {
	m := Kubernetes("v1.34.12")
	if m.Version != "v1.34.12" || m.Staging != "v0.34.12" ||
		!strings.Contains(m.LDFlags, "gitVersion=v1.34.12 ") || !strings.HasSuffix(m.LDFlags, "gitMinor=34") {
		t.Errorf("got %+v", m)
	}
	last := ""
	for _, r := range Releases {
		if r.Minor() <= last {
			t.Errorf("%s follows %s", r, last)
		}
		last = r.Minor()
	}
	if Releases[len(Releases)-1] != Newest {
		t.Errorf("%s is not the newest", Newest)
	}
}

// The library with which the program is tested is the one with which it is built.
func TestTheResizerHasOneVersion(t *testing.T) {
	raw, err := os.ReadFile("../../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	file, err := modfile.Parse("go.mod", raw, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, require := range file.Require {
		if require.Mod.Path == VolumeResizer.Path && require.Mod.Version == VolumeResizer.Version {
			return
		}
	}
	t.Errorf("go.mod does not require %s %s", VolumeResizer.Path, VolumeResizer.Version)
}

func TestStagedModule(t *testing.T) {
	const upstream = `module k8s.io/kubernetes

go 1.26.0

godebug default=go1.26

require (
	k8s.io/api v0.0.0
	k8s.io/utils v0.0.1
)

replace k8s.io/api => ./staging/src/k8s.io/api
`
	const want = `module build/kubernetes

go 1.26.0

godebug default=go1.26

require (
	k8s.io/api v0.0.0
	k8s.io/utils v0.0.1
	k8s.io/kubernetes v1.37.2
)

replace k8s.io/api => k8s.io/api v0.37.2
`
	raw, err := stagedModule(Kubernetes(Newest), []byte(upstream))
	if err != nil {
		t.Fatal(err)
	}
	if string(raw) != want {
		t.Errorf("got:\n%s\nwant:\n%s", raw, want)
	}
}

func TestAmendment(t *testing.T) {
	tests := []struct {
		name      string
		amendment Amendment
		want      string // error; empty: none
		content   string
	}{
		{"replaces", Amendment{File: "f", Old: "two", New: "2"}, "", "one 2 three three"},
		{"makes", Amendment{File: "g", New: "new"}, "", "new"},
		{"refuses what is gone", Amendment{File: "f", Old: "four", New: "4"}, "occurs 0 times", ""},
		{"refuses what is ambiguous", Amendment{File: "f", Old: "three", New: "3"}, "occurs 2 times", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, "f"), []byte("one two three three"), 0o644); err != nil {
				t.Fatal(err)
			}
			err := test.amendment.apply(dir)
			if test.want != "" {
				if err == nil || !strings.Contains(err.Error(), test.want) {
					t.Fatalf("got %v, want %s", err, test.want)
				}
				return
			}
			raw, readErr := os.ReadFile(filepath.Join(dir, test.amendment.File))
			if err != nil || readErr != nil || string(raw) != test.content {
				t.Errorf("got %q, %v, %v", raw, err, readErr)
			}
		})
	}
}
