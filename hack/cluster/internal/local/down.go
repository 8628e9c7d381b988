package local

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/xatube/xatube-operator/hack/cluster/internal/cgroup"
	"github.com/xatube/xatube-operator/hack/cluster/internal/machine"
	"github.com/xatube/xatube-operator/hack/cluster/internal/netns"
	"github.com/xatube/xatube-operator/hack/cluster/internal/plan"
	"github.com/xatube/xatube-operator/hack/cluster/internal/process"
)

// remove takes away whatever there is of the cluster, in whatever state. It goes by what it finds, not
// by what a state file says that may be missing.
func (p *Provider) remove(ctx context.Context) error {
	c, err := plan.New(p.parent, p.name, plan.MaxNodes)
	if err != nil {
		return err
	}
	if err := stopDaemons(ctx, c); err != nil {
		return err
	}
	for _, m := range c.Machines() {
		if err := machine.Kill(ctx, c.Machine(m)); err != nil {
			return err
		}
	}
	namespaces, err := netns.List(c.NamespacePrefix())
	if err != nil {
		return err
	}
	for _, namespace := range namespaces {
		if err := netns.Delete(ctx, namespace); err != nil {
			return fmt.Errorf("removing a network: %w", err)
		}
	}
	if err := cgroup.Remove(ctx, c.Cgroup()); err != nil {
		return err
	}
	if err := unmountBelow(c.Dir); err != nil {
		return err
	}
	if err := os.RemoveAll(c.Dir); err != nil {
		return fmt.Errorf("removing the cluster's folder: %w", err)
	}
	return nil
}

// stopDaemons ends the proxies.
func stopDaemons(ctx context.Context, c plan.Cluster) error {
	records, err := filepath.Glob(c.Path(daemonFolder, "*.json"))
	if err != nil {
		return fmt.Errorf("listing the daemons: %w", err)
	}
	for _, record := range records {
		ref, err := process.Load(record)
		if err != nil {
			return fmt.Errorf("reading the record of a daemon: %w", err)
		}
		if err := ref.Kill(ctx); err != nil {
			return fmt.Errorf("ending a daemon: %w", err)
		}
	}
	return nil
}

// unmountBelow is a safeguard: the machines' mounts have gone with them, and none was ever visible
// here. Were one left all the same, removing the folder would remove what is mounted.
func unmountBelow(dir string) error {
	mountinfo, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return fmt.Errorf("reading the mounts: %w", err)
	}
	for line := range strings.Lines(string(mountinfo)) {
		fields := strings.Fields(line)
		if len(fields) < 5 || !strings.HasPrefix(fields[4], dir+"/") {
			continue
		}
		if err := unix.Unmount(fields[4], unix.MNT_DETACH); err != nil {
			return fmt.Errorf("unmounting %s: %w", fields[4], err)
		}
	}
	return nil
}
