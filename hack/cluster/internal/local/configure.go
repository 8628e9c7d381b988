package local

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/xatube/xatube-operator/hack/cluster/internal/cgroup"
	"github.com/xatube/xatube-operator/hack/cluster/internal/config"
	"github.com/xatube/xatube-operator/hack/cluster/internal/image"
	"github.com/xatube/xatube-operator/hack/cluster/internal/machine"
	"github.com/xatube/xatube-operator/hack/cluster/internal/plan"
)

const (
	// configFolder holds configuration and certificates of a machine, as the machine sees it.
	configFolder = "/var/lib/kubernetes"
	// programFolder is where a machine sees the programs of the cache; the cache itself may lie below
	// a folder that the machine's own /var hides.
	programFolder = "/var/lib/programs"
	// volumeFolder and sharedFolder are where volumes lie: the node's own, and those of all nodes.
	volumeFolder = "/var/lib/volumes"
	sharedFolder = "/var/lib/shared-volumes"
)

// values are all that the templates may name.
type values struct {
	Node            plan.Node
	Nodes, Peers    []plan.Node
	NamespacePrefix string
	Gateway, Prefix string
	PodRange        string
	ServiceRange    string
	DNS             string
	ClusterDomain   string
	APIPort         int
	Bin             string
	Containerd      string
	CNIBin          string
	Pause           string
	CgroupV1        bool
}

func clusterValues(c plan.Cluster) values {
	return values{
		Nodes: c.Nodes, NamespacePrefix: c.NamespacePrefix(),
		Gateway: plan.FabricGateway, Prefix: plan.FabricPrefix,
		PodRange: plan.PodRange, ServiceRange: plan.ServiceRange,
		DNS: plan.DNSIP, ClusterDomain: plan.ClusterDomain, APIPort: plan.APIPort,
		Bin: programFolder, Pause: image.Pause,
	}
}

func nodeValues(c plan.Cluster, n plan.Node) (values, error) {
	v := clusterValues(c)
	var err error
	if v.CNIBin, err = cniFolder(); err != nil {
		return v, err
	}
	if v.Containerd, err = exec.LookPath("containerd"); err != nil {
		return v, fmt.Errorf("finding containerd: %w", err)
	}
	v.Node, v.Peers = n, c.Peers(n.Name)
	v.CgroupV1 = cgroup.V1()
	return v, nil
}

// configureControl writes all that the control machine needs to boot.
func configureControl(c plan.Cluster, programs string, files map[string][]byte) error {
	v := clusterValues(c)
	dir := c.Machine(plan.ControlMachine)
	spec := newSpec(c, plan.ControlMachine, programs)
	var err error
	names := []string{"etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler"}
	if spec.Processes, err = processes(v, names...); err != nil {
		return err
	}
	if err := writeConfig(dir, v, []string{"audit-policy.yaml"}, files); err != nil {
		return err
	}
	return spec.Save()
}

// configureNode writes all that a node needs to boot.
func configureNode(c plan.Cluster, n plan.Node, programs string, files map[string][]byte) error {
	v, err := nodeValues(c, n)
	if err != nil {
		return err
	}
	dir := c.Machine(n.Name)
	spec := newSpec(c, n.Name, programs)
	spec.Mounts = append(spec.Mounts, machine.Mount{Source: c.Path("shared-volumes"), Target: sharedFolder})
	if spec.Processes, err = processes(v, "containerd", "kubelet", "kube-proxy"); err != nil {
		return err
	}
	for i := range spec.Processes {
		if spec.Processes[i].Name == "kubelet" {
			spec.Processes[i].After = containerdSocket // without it kubelet gives up
		}
	}
	rendered := []string{"containerd.toml", "kubelet.yaml", "kube-proxy.yaml", "resolv.conf", "cni.conflist"}
	if err := writeConfig(dir, v, rendered, files); err != nil {
		return err
	}
	return spec.Save()
}

func newSpec(c plan.Cluster, name, programs string) machine.Spec {
	return machine.Spec{
		Name: name, Dir: c.Machine(name), Namespace: c.Namespace(name), Cgroup: c.Cgroup(name),
		Mounts: []machine.Mount{{Source: programs, Target: programFolder}},
	}
}

func processes(v values, names ...string) ([]machine.Process, error) {
	var all []machine.Process
	for _, name := range names {
		args, err := config.Args(name+".args", v)
		if err != nil {
			return nil, err
		}
		all = append(all, machine.Process{Name: name, Args: args})
	}
	return all, nil
}

// writeConfig writes rendered templates and given files into a machine's configuration folder.
func writeConfig(machineDir string, v values, templates []string, files map[string][]byte) error {
	dir := filepath.Join(machineDir, configFolder)
	for _, sub := range []string{"cni", ".."} {
		if err := os.MkdirAll(filepath.Join(dir, sub), 0o755); err != nil {
			return fmt.Errorf("making a configuration folder: %w", err)
		}
	}
	for _, name := range templates {
		raw, err := config.Render(name, v)
		if err != nil {
			return err
		}
		files[name] = raw
	}
	for name, raw := range files {
		target := filepath.Join(dir, name)
		if filepath.Ext(name) == ".conflist" { // containerd reads a whole folder of these
			target = filepath.Join(dir, "cni", name)
		}
		if err := os.WriteFile(target, raw, 0o600); err != nil {
			return fmt.Errorf("writing %s: %w", name, err)
		}
	}
	return nil
}
