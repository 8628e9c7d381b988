// Package cgroup gives each machine a control group of its own, and the view of it as the whole: in a
// group without walls two kubelets would remove each other's pods, and each would watch them all.
//
// Of the two versions of control groups, the machine on which this was written has the first. The
// second follows the kernel's documentation.
package cgroup

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

const root = "/sys/fs/cgroup"

// V1 tells whether the machine has the old hierarchy: one tree for each controller.
func V1() bool {
	_, err := os.Stat(filepath.Join(root, "cgroup.controllers"))
	return err != nil
}

// check refuses names that lead to groups which are not ours.
func check(group string) error {
	if group == "" || !filepath.IsLocal(group) || filepath.Clean(group) != group || group == "." {
		return fmt.Errorf("control group %q: want a path below the root", group)
	}
	return nil
}

// tree is one mounted hierarchy. On version 2 there is one only.
type tree struct {
	path string
	kind string // cgroup or cgroup2
	// options name the controllers of a tree of version 1.
	options string
}

func trees() ([]tree, error) {
	mountinfo, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return nil, fmt.Errorf("reading the mounts: %w", err)
	}
	return parseTrees(string(mountinfo)), nil
}

// parseTrees finds the trees in a mountinfo, whose lines are: id, parent, device, root, path, options,
// optional fields, a dash, kind, source, options of the kind.
func parseTrees(mountinfo string) []tree {
	var all []tree
	for line := range strings.Lines(mountinfo) {
		mount, kind, ok := strings.Cut(line, " - ")
		fields, details := strings.Fields(mount), strings.Fields(kind)
		if !ok || len(fields) < 5 || len(details) < 3 || !strings.HasPrefix(details[0], "cgroup") {
			continue
		}
		options := slices.DeleteFunc(strings.Split(details[2], ","), func(o string) bool {
			return o == "rw" || o == "ro"
		})
		all = append(all, tree{path: fields[4], kind: details[0], options: strings.Join(options, ",")})
	}
	return all
}

// Make makes a group, for example "xatube.dev/node-1", and fits it for use.
func Make(group string) error {
	if err := check(group); err != nil {
		return err
	}
	all, err := trees()
	if err != nil {
		return err
	}
	for _, t := range all {
		if t.kind == "cgroup2" && V1() {
			continue // carries no controllers beside trees of version 1
		}
		if err := t.make(group); err != nil {
			return err
		}
	}
	return nil
}

func (t tree) make(group string) error {
	dir := t.path
	for part := range strings.SplitSeq(group, "/") {
		parent := dir
		dir = filepath.Join(dir, part)
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return fmt.Errorf("making control group %s: %w", dir, err)
		}
		if t.kind == "cgroup2" {
			if err := delegate(parent); err != nil {
				return err
			}
			continue
		}
		if err := inheritCPUs(parent, dir); err != nil {
			return err
		}
	}
	return nil
}

// inheritCPUs copies what a new group of the cpuset controller lacks; without it no process may
// enter. Other controllers have no such files.
func inheritCPUs(parent, dir string) error {
	for _, file := range []string{"cpuset.cpus", "cpuset.mems"} {
		value, err := os.ReadFile(filepath.Join(parent, file))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return fmt.Errorf("reading %s: %w", file, err)
		}
		if err := os.WriteFile(filepath.Join(dir, file), value, 0o644); err != nil {
			return fmt.Errorf("setting %s of %s: %w", file, dir, err)
		}
	}
	return nil
}

// delegate hands the controllers of a group of version 2 down to its children.
func delegate(dir string) error {
	const controllers = "+cpu +cpuset +memory +pids +io"
	if err := os.WriteFile(filepath.Join(dir, "cgroup.subtree_control"), []byte(controllers), 0o644); err != nil {
		return fmt.Errorf("handing controllers down from %s: %w", dir, err)
	}
	return nil
}

// Join makes the process that the calling thread starts next with attr a member of the group, and the
// group the root of all that the process sees. The thread must be thrown away: on version 1 it becomes
// a member itself. Call release after the start.
func Join(group string, attr *syscall.SysProcAttr) (release func(), err error) {
	if err := check(group); err != nil {
		return nil, err
	}
	attr.Cloneflags |= syscall.CLONE_NEWCGROUP
	if !V1() {
		dir, err := os.Open(filepath.Join(root, group))
		if err != nil {
			return nil, fmt.Errorf("opening control group %s: %w", group, err)
		}
		attr.UseCgroupFD, attr.CgroupFD = true, int(dir.Fd())
		return func() { _ = dir.Close() }, nil
	}
	all, err := trees()
	if err != nil {
		return nil, err
	}
	for _, t := range all {
		if t.kind == "cgroup2" {
			continue
		}
		tasks := filepath.Join(t.path, group, "tasks") // of threads; the file for processes would move us all
		if err := os.WriteFile(tasks, fmt.Append(nil, unix.Gettid()), 0o644); err != nil {
			return nil, fmt.Errorf("joining control group %s: %w", group, err)
		}
	}
	return func() {}, nil
}
