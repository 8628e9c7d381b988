// Package process knows processes by an identity that outlives the command which started them.
package process

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Ref names one process for good: a process id is used again by others, and after a reboot by all.
type Ref struct {
	PID   int    `json:"pid"`
	Start string `json:"start"` // in clock ticks since boot
	Boot  string `json:"boot"`  // id of the boot
}

// Of returns the identity of a running process.
func Of(pid int) (Ref, error) {
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return Ref{}, fmt.Errorf("reading the boot id: %w", err)
	}
	stat, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	if err != nil {
		return Ref{}, fmt.Errorf("reading the state of process %d: %w", pid, err)
	}
	state, start, err := parseStat(stat)
	if err != nil {
		return Ref{}, fmt.Errorf("process %d: %w", pid, err)
	}
	if state == "Z" || state == "X" {
		return Ref{}, fmt.Errorf("process %d has ended", pid)
	}
	return Ref{PID: pid, Start: start, Boot: strings.TrimSpace(string(boot))}, nil
}

// parseStat reads state and start time. The second field, the name in brackets, may hold anything,
// so fields are counted from the last bracket.
func parseStat(stat []byte) (state, start string, err error) {
	_, rest, ok := bytes.Cut(stat[max(0, bytes.LastIndexByte(stat, ')')):], []byte(")"))
	fields := bytes.Fields(rest)
	if !ok || len(fields) < 20 {
		return "", "", errors.New("malformed stat")
	}
	return string(fields[0]), string(fields[19]), nil
}

// Alive tells whether the very process still runs.
func (r Ref) Alive() bool {
	now, err := Of(r.PID)
	return err == nil && now == r
}

// Save records the identity in a file.
func (r Ref) Save(path string) error {
	raw, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("encoding a process reference: %w", err)
	}
	if err := os.WriteFile(path, raw, 0o644); err != nil {
		return fmt.Errorf("recording a process: %w", err)
	}
	return nil
}

// Load reads a recorded identity. A file that does not exist gives os.ErrNotExist.
func Load(path string) (Ref, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return Ref{}, err
	}
	var r Ref
	if err := json.Unmarshal(raw, &r); err != nil {
		return Ref{}, fmt.Errorf("decoding %s: %w", path, err)
	}
	return r, nil
}

// stopTimeout bounds the wait for a process that was killed: only the kernel's work is left then.
const stopTimeout = 30 * time.Second

// Kill ends the process without asking and waits until it is gone. It is no error if it was gone.
func (r Ref) Kill(ctx context.Context) error {
	if !r.Alive() {
		return nil
	}
	if err := syscall.Kill(r.PID, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
		return fmt.Errorf("killing process %d: %w", r.PID, err)
	}
	ctx, cancel := context.WithTimeout(ctx, stopTimeout)
	defer cancel()
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for r.Alive() {
		select {
		case <-ctx.Done():
			return fmt.Errorf("waiting for the end of process %d: %w", r.PID, ctx.Err())
		case <-ticker.C:
		}
	}
	return nil
}
