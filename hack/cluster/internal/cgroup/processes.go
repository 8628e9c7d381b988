package cgroup

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Processes are the members, by their ids on the host, of the group of a name somewhere below a group, and of all below
// that one. There are none where there is no such group.
func Processes(below, name string) ([]int, error) {
	if err := check(below); err != nil {
		return nil, err
	}
	all, err := trees()
	if err != nil {
		return nil, err
	}
	var pids []int
	for _, t := range all {
		found, err := members(filepath.Join(t.path, below), name)
		if err != nil {
			return nil, err
		}
		pids = append(pids, found...)
	}
	slices.Sort(pids)
	return slices.Compact(pids), nil
}

func members(top, name string) ([]int, error) {
	var pids []int
	err := filepath.WalkDir(top, func(path string, entry fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		if entry.Name() != "cgroup.procs" || !slices.Contains(strings.Split(path, "/"), name) {
			return nil
		}
		raw, err := os.ReadFile(path)
		if err != nil {
			return fmt.Errorf("reading the members of a group: %w", err)
		}
		for field := range strings.FieldsSeq(string(raw)) {
			pid, err := strconv.Atoi(field)
			if err != nil {
				return fmt.Errorf("reading %s: %w", path, err)
			}
			pids = append(pids, pid)
		}
		return nil
	})
	return pids, err
}
