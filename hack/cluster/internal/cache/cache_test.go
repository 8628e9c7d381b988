package cache

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log"
	"os"
	"path/filepath"
	"testing"
)

func newCache(t *testing.T) (*Cache, *bytes.Buffer) {
	t.Helper()
	t.Setenv("XATUBE_CACHE", t.TempDir())
	var out bytes.Buffer
	c, err := Open(log.New(&out, "", 0))
	if err != nil {
		t.Fatal(err)
	}
	return c, &out
}

// job makes the files a and b, and counts how often it is asked to.
func job(made *[]string) Job {
	return Job{
		Title: "letters", Folder: "letters-1", Files: []string{"a", "b"},
		Make: func(_ context.Context, missing []string, dir string, _ io.Writer) error {
			*made = append(*made, missing...)
			for _, name := range missing {
				if err := os.WriteFile(filepath.Join(dir, name), []byte(name), 0o644); err != nil {
					return err
				}
			}
			return nil
		},
	}
}

func TestFillMakesOnce(t *testing.T) {
	c, _ := newCache(t)
	var made []string
	for range 2 {
		folder, err := c.Fill(t.Context(), job(&made))
		if err != nil {
			t.Fatal(err)
		}
		raw, err := os.ReadFile(filepath.Join(folder, "b"))
		if err != nil || string(raw) != "b" {
			t.Fatalf("b holds %q, %v", raw, err)
		}
	}
	if len(made) != 2 {
		t.Errorf("made %q, want a and b once", made)
	}
}

func TestFillMakesOnlyWhatIsMissing(t *testing.T) {
	c, _ := newCache(t)
	var made []string
	folder, err := c.Fill(t.Context(), job(&made))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(folder, "a")); err != nil {
		t.Fatal(err)
	}
	made = nil
	if _, err := c.Fill(t.Context(), job(&made)); err != nil {
		t.Fatal(err)
	}
	if len(made) != 1 || made[0] != "a" {
		t.Errorf("made %q, want a", made)
	}
}

func TestFillKeepsNothingOfAFailure(t *testing.T) {
	c, out := newCache(t)
	broken := errors.New("broken")
	_, err := c.Fill(t.Context(), Job{
		Title: "letters", Folder: "letters-1", Files: []string{"a"},
		Make: func(_ context.Context, _ []string, dir string, output io.Writer) error {
			_, _ = io.WriteString(output, "what went wrong\n")
			return errors.Join(os.WriteFile(filepath.Join(dir, "a"), nil, 0o644), broken)
		},
	})
	if !errors.Is(err, broken) {
		t.Fatalf("got %v", err)
	}
	if !bytes.Contains(out.Bytes(), []byte("what went wrong")) {
		t.Errorf("the log is not shown: %s", out)
	}
	if _, err := os.Stat(c.Path("letters-1")); !os.IsNotExist(err) {
		t.Errorf("the folder exists: %v", err)
	}
	left, err := os.ReadDir(c.Path("tmp"))
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestLockWaits(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	unlock, err := Lock(t.Context(), path, func() { t.Error("the first has nothing to wait for") })
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	waited := false
	if _, err := Lock(ctx, path, func() { waited = true; cancel() }); !errors.Is(err, context.Canceled) || !waited {
		t.Fatalf("second lock: %v, waited %t", err, waited)
	}
	unlock()
	if _, err := Lock(t.Context(), path, func() { t.Error("the lock is free") }); err != nil {
		t.Fatal(err)
	}
}

func TestKey(t *testing.T) {
	type recipe struct{ Version string }
	const known = "d239f7b62b" // another one would build everything anew
	if got := Key(recipe{"1"}, 1); got != known {
		t.Errorf("got %s, want %s", got, known)
	}
	if Key(recipe{"1"}, 1) == Key(recipe{"2"}, 1) || Key("a", "b") == Key("ab") {
		t.Error("different parts give the same key")
	}
}
