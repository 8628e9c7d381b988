package cache

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// lock waits until no other process fills the same folder.
func (c *Cache) lock(ctx context.Context, job Job) (func(), error) {
	path := c.Path("locks", filepath.Base(job.Folder))
	unlock, err := Lock(ctx, path, func() {
		c.progress.Printf("waiting for another process that builds %s", job.Title)
	})
	if err != nil {
		return nil, fmt.Errorf("locking the build of %s: %w", job.Title, err)
	}
	return unlock, nil
}

// Lock takes an exclusive lock on a file, made if needed. It calls wait once if it has to wait. The
// kernel frees the lock when the process ends, however it ends.
func Lock(ctx context.Context, path string, wait func()) (unlock func(), err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, fmt.Errorf("making the folder of a lock: %w", err)
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, fmt.Errorf("opening a lock: %w", err)
	}
	if err := acquire(ctx, file, wait); err != nil {
		_ = file.Close()
		return nil, fmt.Errorf("locking %s: %w", path, err)
	}
	return func() { _ = file.Close() }, nil
}

// acquire polls, because a blocking flock could not be interrupted.
func acquire(ctx context.Context, file *os.File, wait func()) error {
	ticker := time.NewTicker(200 * time.Millisecond)
	defer ticker.Stop()
	for first := true; ; first = false {
		err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			return err
		}
		if first {
			wait()
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ticker.C:
		}
	}
}
