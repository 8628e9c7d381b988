package machine

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/xatube/xatube-operator/hack/cluster/internal/cgroup"
	"github.com/xatube/xatube-operator/hack/cluster/internal/netns"
	"github.com/xatube/xatube-operator/hack/cluster/internal/process"
)

// InitCommand is the hidden subcommand of our own program that runs as the machine's first process.
const InitCommand = "machine-init"

// Start boots the machine of a folder. self is our own program, at a path that stays. A machine that
// already runs is left alone.
func Start(ctx context.Context, self, dir string) error {
	if _, running := Running(dir); running {
		return nil
	}
	spec, err := Load(dir)
	if err != nil {
		return err
	}
	// After a loss of power nothing is left of the groups of the pods; kubelet would look in vain for
	// the containers of each that is found.
	if err := cgroup.Remove(ctx, spec.Cgroup); err != nil {
		return err
	}
	if err := cgroup.Make(spec.Cgroup); err != nil {
		return err
	}
	daemon := process.Daemon{
		Args:       []string{self, InitCommand, dir},
		Log:        filepath.Join(dir, logFile),
		Record:     filepath.Join(dir, recordFile),
		Cgroup:     spec.Cgroup,
		Cloneflags: syscall.CLONE_NEWPID | syscall.CLONE_NEWNS | syscall.CLONE_NEWUTS,
	}
	err = netns.Do(spec.Namespace, func() error {
		_, err := daemon.Start()
		return err
	})
	if err != nil {
		return fmt.Errorf("booting machine %s: %w", spec.Name, err)
	}
	return nil
}

// Running returns the machine's init, if it runs.
func Running(dir string) (process.Ref, bool) {
	ref, err := process.Load(filepath.Join(dir, recordFile))
	return ref, err == nil && ref.Alive()
}

// LastWords is the last line that the machine's init wrote, for a message about its end.
func LastWords(dir string) string {
	raw, err := os.ReadFile(filepath.Join(dir, logFile))
	if err != nil {
		return "it left no log"
	}
	lines := strings.Split(strings.TrimSpace(string(raw)), "\n")
	return lines[len(lines)-1]
}

// Kill ends all that the machine runs, at once.
func Kill(ctx context.Context, dir string) error {
	ref, err := process.Load(filepath.Join(dir, recordFile))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("finding the init of machine %s: %w", filepath.Base(dir), err)
	}
	return ref.Kill(ctx)
}

// Path returns how the host reaches a path of a running machine, its own /run and /var included.
func Path(dir, inside string) (string, error) {
	ref, running := Running(dir)
	if !running {
		return "", fmt.Errorf("machine %s does not run", filepath.Base(dir))
	}
	return filepath.Join("/proc", strconv.Itoa(ref.PID), "root", inside), nil
}

// WaitSocket waits until a Unix socket of the machine accepts connections and returns its path as
// the host sees it.
func WaitSocket(ctx context.Context, dir, inside string) (string, error) {
	path, err := Path(dir, inside)
	if err != nil {
		return "", err
	}
	if err := waitSocket(ctx, path); err != nil {
		return "", fmt.Errorf("machine %s: %w", filepath.Base(dir), err)
	}
	return path, nil
}

func waitSocket(ctx context.Context, path string) error {
	ticker := time.NewTicker(50 * time.Millisecond)
	defer ticker.Stop()
	for {
		conn, err := net.Dial("unix", path)
		if err == nil {
			return conn.Close()
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waiting for socket %s: %w (%w)", path, ctx.Err(), err)
		case <-ticker.C:
		}
	}
}
