// Package netns makes network namespaces and works inside them.
package netns

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"golang.org/x/sys/unix"
)

// folder is where iproute2 keeps namespaces by name.
const folder = "/run/netns"

// Path is the file that stands for a namespace.
func Path(name string) string { return filepath.Join(folder, name) }

// Exists tells whether a namespace of this name is there.
func Exists(name string) bool {
	_, err := os.Stat(Path(name))
	return err == nil
}

// List returns the namespaces whose name begins so.
func List(prefix string) ([]string, error) {
	entries, err := os.ReadDir(folder)
	if os.IsNotExist(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("listing network namespaces: %w", err)
	}
	var names []string
	for _, entry := range entries {
		if strings.HasPrefix(entry.Name(), prefix) {
			names = append(names, entry.Name())
		}
	}
	return names, nil
}

// Add makes a namespace.
func Add(ctx context.Context, name string) error {
	return run(exec.CommandContext(ctx, "ip", "netns", "add", name))
}

// Delete removes a namespace with all its links, once no process is left in it.
func Delete(ctx context.Context, name string) error {
	return run(exec.CommandContext(ctx, "ip", "netns", "delete", name))
}

// Configure carries out a batch of ip commands, one a line, inside the namespace.
func Configure(ctx context.Context, name string, batch []byte) error {
	cmd := exec.CommandContext(ctx, "ip", "-netns", name, "-batch", "-")
	cmd.Stdin = bytes.NewReader(batch)
	return run(cmd)
}

func run(cmd *exec.Cmd) error {
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s: %w: %s", strings.Join(cmd.Args, " "), err, bytes.TrimSpace(out))
	}
	return nil
}

// Do calls f on a thread inside the namespace. Sockets that f opens and processes that it starts
// belong there; goroutines that it starts do not.
func Do(name string, f func() error) error {
	return OnThread(func() error {
		if err := Enter(name); err != nil {
			return err
		}
		return f()
	})
}

// OnThread calls f on a thread of its own, which is thrown away afterwards with all that f did to it.
func OnThread(f func() error) error {
	done := make(chan error, 1)
	go func() {
		runtime.LockOSThread() // never unlocked: the runtime ends the thread with the goroutine
		done <- f()
	}()
	return <-done
}

// Enter moves the calling thread, which must be locked, into the namespace.
func Enter(name string) error {
	file, err := os.Open(Path(name))
	if err != nil {
		return fmt.Errorf("opening network namespace %s: %w", name, err)
	}
	defer func() { _ = file.Close() }()
	if err := unix.Setns(int(file.Fd()), unix.CLONE_NEWNET); err != nil {
		return fmt.Errorf("entering network namespace %s: %w", name, err)
	}
	return nil
}
