package local

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/xatube/xatube-operator/hack/cluster/internal/cgroup"
	"github.com/xatube/xatube-operator/hack/cluster/internal/machine"
	"github.com/xatube/xatube-operator/hack/cluster/internal/plan"
)

// Signal sends a signal, e.g. KILL, STOP or CONT, to the processes of a container, or to those of a name only. It does
// not ask the API server, which may be what is broken.
func (p *Provider) Signal(ctx context.Context, signal, pod, container, name string) error {
	number := unix.SignalNum("SIG" + signal)
	if number == 0 {
		return fmt.Errorf("signal %q: want a name as of kill -l, e.g. STOP", signal)
	}
	namespace, podName, ok := strings.Cut(pod, "/")
	if !ok {
		return fmt.Errorf("pod %q: want NAMESPACE/NAME", pod)
	}
	c, _, err := p.current()
	if err != nil {
		return err
	}
	pids, err := containerProcesses(ctx, c, namespace, podName, container)
	if err != nil {
		return err
	}
	hit := 0
	for _, pid := range pids {
		if name != "" && name != processName(pid) {
			continue
		}
		if err := unix.Kill(pid, number); err != nil && !errors.Is(err, unix.ESRCH) {
			return fmt.Errorf("signalling process %d: %w", pid, err)
		}
		hit++
	}
	if hit == 0 {
		return fmt.Errorf("container %s of pod %s has no process %s", container, pod, name)
	}
	return nil
}

// containerProcesses are the host's ids of the processes of a running container, on whichever node it is.
func containerProcesses(ctx context.Context, c plan.Cluster, namespace, pod, container string) ([]int, error) {
	for _, n := range c.Nodes {
		if _, running := machine.Running(c.Machine(n.Name)); !running {
			continue
		}
		ids, err := containers(ctx, c, n, namespace, pod, container)
		if err != nil {
			return nil, err
		}
		for _, id := range ids {
			pids, err := cgroup.Processes(c.Cgroup(n.Name), id)
			if err != nil || len(pids) > 0 {
				return pids, err
			}
		}
	}
	return nil, fmt.Errorf("container %s of pod %s/%s runs on no node", container, namespace, pod)
}

// containers are the ids of a container of a pod in all its lives that containerd remembers.
func containers(ctx context.Context, c plan.Cluster, n plan.Node, namespace, pod, container string) ([]string, error) {
	socket, err := machine.Path(c.Machine(n.Name), containerdSocket)
	if err != nil {
		return nil, err
	}
	filter := fmt.Sprintf(`labels."io.kubernetes.pod.namespace"==%s,labels."io.kubernetes.pod.name"==%s,labels."io.kubernetes.container.name"==%s`,
		namespace, pod, container)
	out, err := exec.CommandContext(ctx, "ctr", "--address", socket, "--namespace", "k8s.io", "containers", "list", "--quiet", filter).Output()
	if err != nil {
		return nil, fmt.Errorf("listing the containers of %s: %w", n.Name, err)
	}
	return strings.Fields(string(out)), nil
}

// processName is what ps calls a process; empty when it has ended.
func processName(pid int) string {
	comm, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "comm"))
	if errors.Is(err, fs.ErrNotExist) {
		return ""
	}
	return string(bytes.TrimSpace(comm))
}
