package process

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

func TestParseStat(t *testing.T) {
	const rest = " S 1 2 3 0 -1 4 5 6 7 8 9 10 11 12 20 0 1 0 777 99 98"
	tests := []struct {
		name, stat   string
		state, start string
		wantErr      bool
	}{
		{"plain", "12 (cat)" + rest, "S", "777", false},
		{"name with brackets and blanks", "12 (a) b (c) )" + rest, "S", "777", false},
		{"cut off", "12 (cat) S 1 2", "", "", true},
		{"empty", "", "", "", true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			state, start, err := parseStat([]byte(test.stat))
			if (err != nil) != test.wantErr || state != test.state || start != test.start {
				t.Errorf("got %q, %q, %v", state, start, err)
			}
		})
	}
}

func TestKillEndsTheVeryProcess(t *testing.T) {
	cmd := exec.Command("sleep", "600")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	ref, err := Of(cmd.Process.Pid)
	if err != nil {
		t.Fatal(err)
	}
	record := filepath.Join(t.TempDir(), "record")
	if err := ref.Save(record); err != nil {
		t.Fatal(err)
	}

	other := ref
	other.Boot = "an earlier one"
	if other.Alive() {
		t.Error("the process of an earlier boot is alive")
	}
	if err := other.Kill(t.Context()); err != nil || !ref.Alive() {
		t.Errorf("killing another process with the same id: %v, alive %t", err, ref.Alive())
	}

	loaded, err := Load(record)
	if err != nil || loaded != ref {
		t.Fatalf("loaded %+v, %v", loaded, err)
	}
	if err := loaded.Kill(t.Context()); err != nil || ref.Alive() {
		t.Errorf("kill: %v, alive %t", err, ref.Alive())
	}
	if err := <-ended; err == nil {
		t.Error("the process ended by itself")
	}
}

func TestLoadOfNothing(t *testing.T) {
	if _, err := Load(filepath.Join(t.TempDir(), "none")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}
