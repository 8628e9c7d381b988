package local

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"

	"github.com/xatube/xatube-operator/hack/cluster/internal/machine"
	"github.com/xatube/xatube-operator/hack/cluster/internal/netns"
	"github.com/xatube/xatube-operator/hack/cluster/internal/plan"
)

// Status tells what runs.
func (p *Provider) Status(ctx context.Context) (string, error) {
	c, s, err := p.current()
	if err != nil {
		return "", err
	}
	var out strings.Builder
	fmt.Fprintf(&out, "cluster %s, kubeconfig %s, complete: %t\n", c.Name, c.Kubeconfig(), s.Ready)
	for _, m := range c.Machines() {
		power := "off"
		if _, running := machine.Running(c.Machine(m)); running {
			power = "on"
		}
		fmt.Fprintf(&out, "%s: power %s", m, power)
		if m != plan.ControlMachine {
			fmt.Fprintf(&out, ", link %s", linkState(c, m))
		}
		out.WriteString("\n")
	}
	k, err := p.kubectl(ctx, c)
	if err != nil {
		return "", err
	}
	objects, err := k.Output(ctx, nil, "get", "nodes,deployments", "--all-namespaces", "--request-timeout=5s")
	if err != nil {
		return "", fmt.Errorf("%s%w", out.String(), err)
	}
	return out.String() + objects, nil
}

// linkState is what the kernel says of a node's end on the fabric.
func linkState(c plan.Cluster, node string) string {
	out, err := exec.Command("ip", "-netns", c.Namespace(plan.ControlMachine), "-brief", "link", "show", node).Output()
	fields := strings.Fields(string(out))
	if err != nil || len(fields) < 2 {
		return "missing"
	}
	return strings.ToLower(fields[1])
}

// Exec replaces our own process by a command inside the network namespace of a machine. Files and
// processes stay the host's. It returns only with an error.
func (p *Provider) Exec(machineName string, args []string) error {
	c, _, err := p.current()
	if err != nil {
		return err
	}
	if machineName != plan.ControlMachine {
		if _, err := c.Node(machineName); err != nil {
			return err
		}
	}
	path, err := exec.LookPath(args[0])
	if err != nil {
		return fmt.Errorf("finding the command: %w", err)
	}
	runtime.LockOSThread() // exec keeps the namespace of the calling thread
	if err := netns.Enter(c.Namespace(machineName)); err != nil {
		return err
	}
	if err := syscall.Exec(path, args, os.Environ()); err != nil {
		return fmt.Errorf("running %s: %w", path, err)
	}
	return nil
}
