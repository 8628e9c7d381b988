package cgroup

import (
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// Remount shows the caller's group as the whole, in the mounts of the calling process. It must have
// been started by way of Join, with mounts of its own.
func Remount() error {
	all, err := trees()
	if err != nil {
		return err
	}
	old := V1() // asked before the answer is unmounted
	for _, t := range all {
		// The kernel refuses to mount the same tree over itself.
		if err := unix.Unmount(t.path, unix.MNT_DETACH); err != nil {
			return fmt.Errorf("hiding %s: %w", t.path, err)
		}
		if t.kind == "cgroup2" && old {
			continue // all machines would share this one, and nothing on version 1 needs it
		}
		const flags = unix.MS_NOSUID | unix.MS_NODEV | unix.MS_NOEXEC
		if err := unix.Mount(t.kind, t.path, t.kind, flags, t.options); err != nil {
			return fmt.Errorf("mounting %s: %w", t.path, err)
		}
	}
	if old {
		return nil
	}
	return stepAside()
}

// stepAside moves the caller into a leaf: on version 2 a group that has processes cannot hand
// controllers down, and kubelet wants to.
func stepAside() error {
	leaf := filepath.Join(root, "init")
	if err := os.MkdirAll(leaf, 0o755); err != nil {
		return fmt.Errorf("making the group of the init: %w", err)
	}
	if err := os.WriteFile(filepath.Join(leaf, "cgroup.procs"), []byte("0"), 0o644); err != nil {
		return fmt.Errorf("joining the group of the init: %w", err)
	}
	return delegate(root)
}
