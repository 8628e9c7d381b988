package cgroup

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// removeTimeout bounds the wait for the kernel to let the last killed process of a group go.
const removeTimeout = 20 * time.Second

// Remove removes a group and all below it, if it is there. Processes in it must have been killed.
func Remove(ctx context.Context, group string) error {
	if err := check(group); err != nil {
		return err
	}
	all, err := trees()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, removeTimeout)
	defer cancel()
	for _, t := range all {
		if err := removeTree(ctx, filepath.Join(t.path, group)); err != nil {
			return err
		}
	}
	return nil
}

func removeTree(ctx context.Context, top string) error {
	ticker := time.NewTicker(100 * time.Millisecond)
	defer ticker.Stop()
	for {
		err := removeOnce(top)
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("removing control group %s: %w", top, err)
		case <-ticker.C:
		}
	}
}

// removeOnce removes folders from the leaves up. Their files are not files, so os.RemoveAll fails.
func removeOnce(top string) error {
	var dirs []string
	err := filepath.WalkDir(top, func(path string, entry fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err == nil && entry.IsDir() {
			dirs = append(dirs, path)
		}
		return err
	})
	if err != nil {
		return err
	}
	for _, dir := range slices.Backward(dirs) {
		if err := os.Remove(dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}
