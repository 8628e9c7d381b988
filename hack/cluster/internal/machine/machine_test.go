package machine

import (
	"os"
	"path/filepath"
	"reflect"
	"testing"
)

func TestSpecSurvivesItsFile(t *testing.T) {
	want := Spec{
		Name: "node-1", Dir: t.TempDir(), Namespace: "xatube.dev.node-1", Cgroup: "xatube.dev/node-1",
		Mounts:    []Mount{{Source: "/a", Target: "/var/b"}},
		Processes: []Process{{Name: "kubelet", Args: []string{"/kubelet", "--v=0"}, After: "/run/x.sock"}},
	}
	if err := want.Save(); err != nil {
		t.Fatal(err)
	}
	got, err := Load(want.Dir)
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestInitRefusesToRunByHand(t *testing.T) {
	if err := Init(t.TempDir()); err == nil {
		t.Error("the init ran outside a machine")
	}
}

func TestMachineThatNeverRan(t *testing.T) {
	dir := t.TempDir()
	if _, running := Running(dir); running {
		t.Error("it runs")
	}
	if err := Kill(t.Context(), dir); err != nil {
		t.Errorf("killing it: %v", err)
	}
	if _, err := Path(dir, "/run"); err == nil {
		t.Error("it has files")
	}
}

func TestMakeVar(t *testing.T) {
	root := t.TempDir()
	for range 2 { // a machine boots more than once
		if err := makeVar(root); err != nil {
			t.Fatal(err)
		}
	}
	info, err := os.Stat(filepath.Join(root, "tmp"))
	if err != nil || info.Mode() != os.ModeDir|os.ModeSticky|0o777 {
		t.Errorf("/var/tmp is %v, %v", info, err)
	}
	if target, err := os.Readlink(filepath.Join(root, "run")); err != nil || target != "/run" {
		t.Errorf("/var/run leads to %q, %v", target, err)
	}
}

func TestLastWords(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, logFile), []byte("first\nlast\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if got := LastWords(dir); got != "last" {
		t.Errorf("got %q", got)
	}
}
