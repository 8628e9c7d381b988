package machine

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/xatube/xatube-operator/hack/cluster/internal/cgroup"
)

// Init is the machine's first process. It never returns but with an error.
func Init(dir string) error {
	if os.Getpid() != 1 {
		return fmt.Errorf("%s is started by the cluster, never by hand", InitCommand)
	}
	spec, err := Load(dir)
	if err != nil {
		return err
	}
	if err := arrange(spec); err != nil {
		return fmt.Errorf("arranging machine %s: %w", spec.Name, err)
	}
	children := newChildren()
	for _, p := range spec.Processes {
		go keep(children, p)
	}
	return children.reap()
}

// arrange gives the machine its own name, process table, control groups, /var and /run.
func arrange(spec Spec) error {
	if err := unix.Sethostname([]byte(spec.Name)); err != nil {
		return fmt.Errorf("setting the host name: %w", err)
	}
	// First cut off from the host, so that no mount leaks out; then shared, because pods may ask for
	// mounts that propagate.
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("separating the mounts: %w", err)
	}
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_SHARED, ""); err != nil {
		return fmt.Errorf("sharing the mounts: %w", err)
	}
	if err := unix.Mount("proc", "/proc", "proc", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, ""); err != nil {
		return fmt.Errorf("mounting /proc: %w", err)
	}
	if err := cgroup.Remount(); err != nil {
		return err
	}
	if err := mountVar(spec); err != nil {
		return err
	}
	if err := unix.Mount("tmpfs", "/run", "tmpfs", unix.MS_NOSUID|unix.MS_NODEV, "mode=755"); err != nil {
		return fmt.Errorf("mounting /run: %w", err)
	}
	return nil
}

// mountVar mounts below the machine's var first, then var itself with all that is in it: afterwards
// sources below the host's /var are out of sight.
func mountVar(spec Spec) error {
	root := filepath.Join(spec.Dir, "var")
	for _, m := range spec.Mounts {
		target := filepath.Join(spec.Dir, m.Target)
		if err := os.MkdirAll(target, 0o755); err != nil {
			return fmt.Errorf("making a mount point: %w", err)
		}
		if err := unix.Mount(m.Source, target, "", unix.MS_BIND, ""); err != nil {
			return fmt.Errorf("mounting %s: %w", m.Source, err)
		}
	}
	if err := makeVar(root); err != nil {
		return err
	}
	if err := unix.Mount(root, "/var", "", unix.MS_BIND|unix.MS_REC, ""); err != nil {
		return fmt.Errorf("mounting /var: %w", err)
	}
	return nil
}

// makeVar makes what programs expect to find in a /var.
func makeVar(root string) error {
	if err := os.MkdirAll(filepath.Join(root, "log"), 0o755); err != nil {
		return fmt.Errorf("making the log folder: %w", err)
	}
	tmp := filepath.Join(root, "tmp")
	if err := os.MkdirAll(tmp, 0o755); err != nil {
		return fmt.Errorf("making /var/tmp: %w", err)
	}
	if err := os.Chmod(tmp, 0o777|os.ModeSticky); err != nil {
		return fmt.Errorf("opening /var/tmp to all: %w", err)
	}
	if err := os.Symlink("/run", filepath.Join(root, "run")); err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("linking /var/run: %w", err)
	}
	return nil
}

const (
	// socketTimeout bounds the wait for another process's socket; after it the process is started all
	// the same, and its own log says what is missing.
	socketTimeout = time.Minute
	// restartDelay is the pause before a process that ended is started again.
	restartDelay = time.Second
)

// keep starts a process again and again, as an init does.
func keep(c *children, p Process) {
	if p.After != "" {
		ctx, cancel := context.WithTimeout(context.Background(), socketTimeout)
		if err := waitSocket(ctx, p.After); err != nil {
			log.Printf("%s: %v", p.Name, err)
		}
		cancel()
	}
	for {
		ended, err := c.start(p)
		if err != nil {
			log.Printf("starting %s: %v", p.Name, err)
		} else {
			log.Printf("%s ended: %s", p.Name, describe(<-ended))
		}
		<-time.After(restartDelay) // time itself is the condition: not to spin
	}
}

func describe(status syscall.WaitStatus) string {
	if status.Signaled() {
		return "signal " + status.Signal().String()
	}
	return fmt.Sprintf("exit code %d", status.ExitStatus())
}
