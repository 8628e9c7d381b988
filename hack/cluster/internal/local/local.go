// Package local runs a real Kubernetes on one bare Linux machine: no container engine, no registry.
// Every node is a machine of processes in namespaces of its own (package machine), joined by a bridge;
// one more such machine holds the control plane, so that every node can be killed or cut off while the
// API stays.
package local

import (
	"context"
	"errors"
	"io/fs"
	"log"
	"os"
	"path/filepath"

	"github.com/xatube/xatube-operator/hack/cluster/internal/cache"
	"github.com/xatube/xatube-operator/hack/cluster/internal/plan"
	"github.com/xatube/xatube-operator/hack/cluster/internal/program"
)

// stateFolder is on a disk, not below /run: databases write there.
const stateFolder = "/var/lib/xatube-cluster"

// Provider makes and handles one cluster.
type Provider struct {
	name     string
	parent   string
	cache    *cache.Cache
	progress *log.Logger
	// wanted is the release that was asked for. Empty: that of the cluster that is up, else the newest.
	wanted program.Release
}

// New returns the provider of the cluster of a name, with a release of Kubernetes or, empty, with that which the
// cluster has. What it does is told to progress.
func New(name string, c *cache.Cache, progress *log.Logger, wanted program.Release) *Provider {
	parent := os.Getenv("XATUBE_CLUSTER_STATE")
	if parent == "" {
		parent = stateFolder
	}
	return &Provider{name: name, parent: parent, cache: c, progress: progress, wanted: wanted}
}

var errDown = errors.New("the cluster is not up: run cluster up")

// current returns the plan of the cluster that is up, or was left half-way.
func (p *Provider) current() (plan.Cluster, state, error) {
	s, err := loadState(filepath.Join(p.parent, p.name))
	if errors.Is(err, fs.ErrNotExist) {
		return plan.Cluster{}, state{}, errDown
	}
	if err != nil {
		return plan.Cluster{}, state{}, err
	}
	c, err := plan.New(p.parent, p.name, s.Nodes)
	return c, s, err
}

// release is the one that was asked for, or that the cluster has.
func (p *Provider) release() (program.Release, error) {
	if p.wanted != "" {
		return p.wanted, nil
	}
	_, s, err := p.current()
	if errors.Is(err, errDown) {
		return program.Newest, nil
	}
	return s.release(), err
}

// lock keeps two commands from changing the same cluster at once.
func (p *Provider) lock(ctx context.Context) (func(), error) {
	return cache.Lock(ctx, filepath.Join(p.parent, p.name+".lock"), func() {
		p.progress.Printf("waiting for another command on cluster %s", p.name)
	})
}

// Kubeconfig is the path of the administrator's kubeconfig.
func (p *Provider) Kubeconfig() (string, error) {
	c, _, err := p.current()
	return c.Kubeconfig(), err
}

// AuditLog is the path of the log of writes to the API.
func (p *Provider) AuditLog() (string, error) {
	c, _, err := p.current()
	return c.AuditLog(), err
}
