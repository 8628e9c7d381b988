// Package plan decides names, addresses and folders of a cluster. It touches nothing.
package plan

import (
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// Addresses of every cluster. They exist only inside the cluster's own network namespaces, so two
// clusters on one machine do not collide.
const (
	FabricGateway  = "10.88.0.1"
	FabricPrefix   = "24"
	PodRange       = "10.244.0.0/16"
	ServiceRange   = "10.96.0.0/16"
	KubernetesIP   = "10.96.0.1" // the Service kubernetes, first of the range
	DNSIP          = "10.96.0.10"
	ClusterDomain  = "cluster.local"
	APIPort        = 6443
	MaxNodes       = 3
	ControlMachine = "control"
)

// Cluster is the plan of one cluster.
type Cluster struct {
	Name  string
	Dir   string // folder of all state
	Nodes []Node
}

// Node is the plan of one worker.
type Node struct {
	Name     string // of the Kubernetes node, and of its link's end on the fabric
	Zone     string
	IP       string
	PodRange string
}

var namePattern = regexp.MustCompile(`^[a-z]([a-z0-9-]{0,14}[a-z0-9])?$`)

// New plans a cluster with some workers below a folder.
func New(parent, name string, workers int) (Cluster, error) {
	if !namePattern.MatchString(name) {
		return Cluster{}, fmt.Errorf("cluster name %q: want up to 16 lower-case letters, digits and dashes", name)
	}
	if workers < 1 || workers > MaxNodes {
		return Cluster{}, fmt.Errorf("%d nodes: want 1 to %d", workers, MaxNodes)
	}
	c := Cluster{Name: name, Dir: filepath.Join(parent, name)}
	for i := 1; i <= workers; i++ {
		c.Nodes = append(c.Nodes, Node{
			Name:     fmt.Sprintf("node-%d", i),
			Zone:     fmt.Sprintf("zone-%d", i),
			IP:       fmt.Sprintf("10.88.0.%d", 10+i),
			PodRange: fmt.Sprintf("10.244.%d.0/24", i),
		})
	}
	return c, nil
}

// Path is something in the cluster's folder.
func (c Cluster) Path(elem ...string) string {
	return filepath.Join(append([]string{c.Dir}, elem...)...)
}

// Machine is the folder of the control machine or of a node.
func (c Cluster) Machine(name string) string { return c.Path("machines", name) }

// NamespacePrefix begins the name of every network namespace of the cluster.
func (c Cluster) NamespacePrefix() string { return "xatube." + c.Name + "." }

// Namespace is the network namespace of a machine.
func (c Cluster) Namespace(machine string) string { return c.NamespacePrefix() + machine }

// Cgroup is the control group of the cluster, or with names a group below it.
func (c Cluster) Cgroup(elem ...string) string {
	return filepath.Join(append([]string{"xatube." + c.Name}, elem...)...)
}

// Kubeconfig is the administrator's kubeconfig.
func (c Cluster) Kubeconfig() string { return c.Path("kubeconfig") }

// AuditLog is the log of all writes to the API, one JSON event a line.
func (c Cluster) AuditLog() string {
	return filepath.Join(c.Machine(ControlMachine), "var", "log", "audit", "audit.log")
}

// Node finds a node by its name.
func (c Cluster) Node(name string) (Node, error) {
	i := slices.IndexFunc(c.Nodes, func(n Node) bool { return n.Name == name })
	if i < 0 {
		return Node{}, fmt.Errorf("no node %q, there are: %s", name, strings.Join(c.NodeNames(), ", "))
	}
	return c.Nodes[i], nil
}

// NodeNames are the names of all nodes.
func (c Cluster) NodeNames() []string {
	names := make([]string, 0, len(c.Nodes))
	for _, n := range c.Nodes {
		names = append(names, n.Name)
	}
	return names
}

// Machines are the control machine and all nodes.
func (c Cluster) Machines() []string {
	return append([]string{ControlMachine}, c.NodeNames()...)
}

// Peers are all nodes but one.
func (c Cluster) Peers(of string) []Node {
	return slices.DeleteFunc(slices.Clone(c.Nodes), func(n Node) bool { return n.Name == of })
}
