// Package cache keeps what was built outside the checkout, so that a second run builds nothing.
package cache

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Cache is a folder of built artefacts. It is safe for use by several processes at once.
type Cache struct {
	root     string
	progress *log.Logger
}

// Open returns the cache in $XATUBE_CACHE, or in the user's own cache folder. What it builds is told to
// progress.
func Open(progress *log.Logger) (*Cache, error) {
	root := os.Getenv("XATUBE_CACHE")
	if root == "" {
		user, err := os.UserCacheDir()
		if err != nil {
			return nil, fmt.Errorf("finding the cache folder (set XATUBE_CACHE): %w", err)
		}
		root = filepath.Join(user, "xatube-operator")
	}
	root, err := filepath.Abs(root)
	if err != nil {
		return nil, fmt.Errorf("resolving the cache folder: %w", err)
	}
	return &Cache{root: root, progress: progress}, nil
}

// Path returns the absolute path of something in the cache, whether or not it exists.
func (c *Cache) Path(elem ...string) string {
	return filepath.Join(append([]string{c.root}, elem...)...)
}

// Key is a short hash of all that decides what a build produces. Parts must marshal to JSON.
func Key(parts ...any) string {
	raw, err := json.Marshal(parts)
	if err != nil {
		panic(fmt.Sprintf("cache key of something that is not data: %v", err))
	}
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:5])
}

// Job makes some files of one folder of the cache.
type Job struct {
	Title  string   // what the user sees
	Folder string   // below the cache, holds version and key
	Files  []string // all that the folder must have
	// Make writes the missing files into dir and what it does to output. An error keeps nothing.
	Make func(ctx context.Context, missing []string, dir string, output io.Writer) error
}

// Fill makes what a job's folder lacks and returns the folder.
func (c *Cache) Fill(ctx context.Context, job Job) (string, error) {
	folder := c.Path(job.Folder)
	if len(missing(folder, job.Files)) == 0 {
		return folder, nil
	}
	unlock, err := c.lock(ctx, job)
	if err != nil {
		return "", err
	}
	defer unlock()
	todo := missing(folder, job.Files) // another process may have made them meanwhile
	if len(todo) == 0 {
		return folder, nil
	}
	if err := c.build(ctx, job, folder, todo); err != nil {
		return "", fmt.Errorf("building %s: %w", job.Title, err)
	}
	return folder, nil
}

func missing(folder string, files []string) []string {
	var todo []string
	for _, file := range files {
		if _, err := os.Stat(filepath.Join(folder, file)); err != nil {
			todo = append(todo, file)
		}
	}
	return todo
}

func (c *Cache) build(ctx context.Context, job Job, folder string, todo []string) error {
	output, err := c.openLog(job)
	if err != nil {
		return err
	}
	defer func() { _ = output.Close() }()
	tmp, err := c.scratch()
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(tmp) }()

	start := time.Now()
	c.progress.Printf("building %s (%s), log %s", job.Title, strings.Join(todo, ", "), output.Name())
	if err := job.Make(ctx, todo, tmp, output); err != nil {
		c.progress.Print(tail(output.Name(), 40))
		return err
	}
	if err := publish(tmp, folder, todo); err != nil {
		return err
	}
	c.progress.Printf("built %s in %s", job.Title, time.Since(start).Round(time.Second))
	return nil
}

// publish moves finished files into place one by one; each appears whole or not at all.
func publish(from, to string, files []string) error {
	if err := os.MkdirAll(to, 0o755); err != nil {
		return fmt.Errorf("making a cache folder: %w", err)
	}
	for _, file := range files {
		if err := os.Rename(filepath.Join(from, file), filepath.Join(to, file)); err != nil {
			return fmt.Errorf("publishing %s: %w", file, err)
		}
	}
	return nil
}

func (c *Cache) scratch() (string, error) {
	parent := c.Path("tmp")
	if err := os.MkdirAll(parent, 0o755); err != nil {
		return "", fmt.Errorf("making the cache folder: %w", err)
	}
	tmp, err := os.MkdirTemp(parent, "build-")
	if err != nil {
		return "", fmt.Errorf("making a build folder: %w", err)
	}
	return tmp, nil
}
