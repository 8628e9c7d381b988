package process

import (
	"fmt"
	"os"
	"os/exec"
	"syscall"

	"github.com/xatube/xatube-operator/hack/cluster/internal/cgroup"
)

// Daemon is a process that outlives the command which starts it.
type Daemon struct {
	Args       []string
	Log        string  // file that receives its output
	Record     string  // file that receives its identity
	Cgroup     string  // that it joins and sees as the whole
	Cloneflags uintptr // further namespaces that it gets for itself
}

// Start starts the daemon in a session of its own and records it. It inherits the network namespace of
// the calling thread, which must be locked and thrown away afterwards.
func (d Daemon) Start() (Ref, error) {
	log, err := os.OpenFile(d.Log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return Ref{}, fmt.Errorf("opening the log of a daemon: %w", err)
	}
	defer func() { _ = log.Close() }()
	cmd := exec.Command(d.Args[0], d.Args[1:]...)
	cmd.Dir = "/"
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Cloneflags: d.Cloneflags}
	// Whoever runs us may limit or end all of our control group after the command.
	release, err := cgroup.Join(d.Cgroup, cmd.SysProcAttr)
	if err != nil {
		return Ref{}, err
	}
	defer release()
	if err := cmd.Start(); err != nil {
		return Ref{}, fmt.Errorf("starting %s: %w", d.Args[0], err)
	}
	// Collects the process should it end while this command still runs; nothing else waits for it.
	go func() { _ = cmd.Wait() }()
	ref, err := Of(cmd.Process.Pid)
	if err != nil {
		return Ref{}, fmt.Errorf("started %s: %w", d.Args[0], err)
	}
	return ref, ref.Save(d.Record)
}
