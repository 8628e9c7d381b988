package cache

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
)

// openLog starts the log of one build anew.
func (c *Cache) openLog(job Job) (*os.File, error) {
	path := c.Path("log", filepath.Base(job.Folder)+".log")
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, fmt.Errorf("making the log folder: %w", err)
	}
	log, err := os.Create(path)
	if err != nil {
		return nil, fmt.Errorf("opening a log: %w", err)
	}
	return log, nil
}

// tail returns the last lines of a file, or why they cannot be read: it only serves error messages.
func tail(path string, lines int) string {
	raw, err := os.ReadFile(path)
	if err != nil {
		return fmt.Sprintf("(no log: %v)\n", err)
	}
	all := bytes.SplitAfter(raw, []byte("\n"))
	if len(all) > lines {
		all = all[len(all)-lines:]
	}
	return string(bytes.Join(all, nil))
}
