package machine

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"syscall"
)

// children are the processes that the init started. As the first process it also inherits every
// orphan of the machine, so only one place may wait, and it waits for all.
type children struct {
	mu      sync.Mutex
	ended   map[int]chan syscall.WaitStatus
	started chan struct{} // holds a token if something was started since reap last looked
}

func newChildren() *children {
	return &children{ended: map[int]chan syscall.WaitStatus{}, started: make(chan struct{}, 1)}
}

// start starts a process and returns the channel that will tell how it ended.
func (c *children) start(p Process) (<-chan syscall.WaitStatus, error) {
	path := filepath.Join("/var/log", p.Name+".log")
	out, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, fmt.Errorf("opening its log: %w", err)
	}
	defer func() { _ = out.Close() }()
	null, err := os.Open(os.DevNull)
	if err != nil {
		return nil, fmt.Errorf("opening its input: %w", err)
	}
	defer func() { _ = null.Close() }()

	c.mu.Lock() // reap must not see the end before the channel is there
	defer c.mu.Unlock()
	proc, err := os.StartProcess(p.Args[0], p.Args, &os.ProcAttr{
		Dir:   "/",
		Env:   os.Environ(),
		Files: []*os.File{null, out, out},
		Sys:   &syscall.SysProcAttr{Setsid: true},
	})
	if err != nil {
		return nil, err
	}
	ended := make(chan syscall.WaitStatus, 1)
	c.ended[proc.Pid] = ended
	select {
	case c.started <- struct{}{}:
	default:
	}
	return ended, proc.Release()
}

// reap collects whatever ends.
func (c *children) reap() error {
	for {
		var status syscall.WaitStatus
		pid, err := syscall.Wait4(-1, &status, 0, nil)
		switch {
		case errors.Is(err, syscall.EINTR):
			continue
		case errors.Is(err, syscall.ECHILD):
			<-c.started // nothing to wait for until the next start
			continue
		case err != nil:
			return fmt.Errorf("waiting for processes: %w", err)
		}
		c.mu.Lock()
		if ended, ours := c.ended[pid]; ours {
			ended <- status
			delete(c.ended, pid)
		}
		c.mu.Unlock()
	}
}
