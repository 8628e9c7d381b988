package local

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/xatube/xatube-operator/hack/cluster/internal/addon"
	"github.com/xatube/xatube-operator/hack/cluster/internal/image"
	"github.com/xatube/xatube-operator/hack/cluster/internal/machine"
	"github.com/xatube/xatube-operator/hack/cluster/internal/plan"
	"github.com/xatube/xatube-operator/hack/cluster/internal/program"
)

// bootTimeout bounds everything after the builds. A warm start takes about a minute on two cores.
const bootTimeout = 8 * time.Minute

// Up makes a cluster, or does nothing if it is up with as many nodes and the same release of Kubernetes. What an earlier command or a
// reboot left half-way is removed first.
func (p *Provider) Up(ctx context.Context, nodes int) error {
	if err := Require(); err != nil {
		return err
	}
	c, err := plan.New(p.parent, p.name, nodes)
	if err != nil {
		return err
	}
	a, err := p.build(ctx)
	if err != nil {
		return err
	}
	unlock, err := p.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	ctx, cancel := context.WithTimeout(ctx, bootTimeout)
	defer cancel()
	s, up, err := p.alreadyUp(nodes, a.release)
	if err != nil {
		return err
	}
	if up {
		return p.mend(ctx, c, s, a)
	}
	if err := p.remove(ctx); err != nil {
		return fmt.Errorf("removing what an earlier cluster left: %w", err)
	}
	if err := p.create(ctx, c, a); err != nil {
		return fmt.Errorf("%w (logs in %s)", err, c.Path("machines", "*", "var", "log"))
	}
	return nil
}

// artefacts are all that is built and cached.
type artefacts struct {
	release  program.Release
	programs string   // folder of the programs on the host
	system   []string // image archives without which the cluster's own pods do not start
	servers  string   // image archive of the servers
}

func (p *Provider) build(ctx context.Context) (artefacts, error) {
	var a artefacts
	var err error
	if a.release, err = p.release(); err != nil {
		return a, err
	}
	if a.programs, err = program.Bin(ctx, p.cache, a.release); err != nil {
		return a, err
	}
	if a.system, err = image.System(ctx, p.cache); err != nil {
		return a, err
	}
	a.servers, err = image.Base(ctx, p.cache)
	return a, err
}

// alreadyUp tells whether a cluster was completed and its control plane runs. One with another number
// of nodes or another release is an error: to throw its content away is not what up means.
func (p *Provider) alreadyUp(nodes int, r program.Release) (state, bool, error) {
	c, s, err := p.current()
	if errors.Is(err, errDown) {
		return s, false, nil
	}
	if err != nil {
		return s, false, err
	}
	if _, running := machine.Running(c.Machine(plan.ControlMachine)); !running || !s.Ready {
		return s, false, nil
	}
	if s.Nodes != nodes {
		return s, false, fmt.Errorf("cluster %s is up with %d nodes: run cluster down first", p.name, s.Nodes)
	}
	if s.release() != r {
		return s, false, fmt.Errorf("cluster %s is up with Kubernetes %s: run cluster down first", p.name, s.release())
	}
	return s, true, nil
}

// mend brings back what tests or accidents took from a cluster that is up: nodes, links, the proxy.
func (p *Provider) mend(ctx context.Context, c plan.Cluster, s state, a artefacts) error {
	for _, n := range c.Nodes {
		if err := heal(ctx, c, n.Name); err != nil {
			return err
		}
		if err := machine.Start(ctx, self(c), c.Machine(n.Name)); err != nil {
			return err
		}
	}
	if err := startAPIProxy(c, s.APIPort); err != nil {
		return err
	}
	k := addon.Kubectl{Binary: filepath.Join(a.programs, "kubectl"), Kubeconfig: c.Kubeconfig()}
	if err := k.WaitAPI(ctx); err != nil {
		return err
	}
	if err := k.WaitNodes(ctx, c.NodeNames()); err != nil {
		return err
	}
	p.progress.Printf("cluster %s is up: export KUBECONFIG=%s", p.name, c.Kubeconfig())
	return nil
}

// create makes a cluster where there is none.
func (p *Provider) create(ctx context.Context, c plan.Cluster, a artefacts) error {
	start := time.Now()
	s, err := p.lay(c, a)
	if err != nil {
		return err
	}
	if err := buildNetwork(ctx, c); err != nil {
		return err
	}
	for _, m := range c.Machines() {
		if err := machine.Start(ctx, self(c), c.Machine(m)); err != nil {
			return err
		}
	}
	if err := startAPIProxy(c, s.APIPort); err != nil {
		return err
	}
	if err := p.populate(ctx, c, a); err != nil {
		return err
	}
	s.Ready = true
	if err := s.save(c.Dir); err != nil {
		return err
	}
	p.progress.Printf("cluster %s is up after %s: export KUBECONFIG=%s",
		p.name, time.Since(start).Round(time.Second), c.Kubeconfig())
	return nil
}

// lay writes all files of the cluster.
func (p *Provider) lay(c plan.Cluster, a artefacts) (state, error) {
	// The volumes of all nodes; pods of any user write here.
	if err := os.MkdirAll(c.Path("shared-volumes"), 0o755); err != nil {
		return state{}, fmt.Errorf("making the cluster's folder: %w", err)
	}
	port, err := freePort()
	if err != nil {
		return state{}, err
	}
	s := state{Nodes: len(c.Nodes), APIPort: port, Kubernetes: a.release}
	if err := s.save(c.Dir); err != nil {
		return s, err
	}
	if err := copySelf(c); err != nil {
		return s, err
	}
	cr, err := newCredentials(c)
	if err != nil {
		return s, err
	}
	if err := cr.writeAdmin(port); err != nil {
		return s, err
	}
	files, err := cr.control()
	if err != nil {
		return s, err
	}
	if err := configureControl(c, a.programs, files); err != nil {
		return s, err
	}
	for _, n := range c.Nodes {
		if files, err = cr.node(n); err != nil {
			return s, err
		}
		if err := configureNode(c, n, a.programs, files); err != nil {
			return s, err
		}
	}
	return s, nil
}

// populate loads the images and installs what every cluster has. The big archive of the servers loads
// while the cluster's own pods start.
func (p *Provider) populate(ctx context.Context, c plan.Cluster, a artefacts) error {
	group, ctx := errgroup.WithContext(ctx)
	system, installed := make(chan struct{}), make(chan struct{})
	group.Go(func() error {
		return watchPower(ctx, c, installed)
	})
	group.Go(func() error {
		if err := p.loadAll(ctx, c, a.system); err != nil {
			return err
		}
		close(system)
		return p.loadAll(ctx, c, []string{a.servers})
	})
	group.Go(func() error {
		k := addon.Kubectl{Binary: filepath.Join(a.programs, "kubectl"), Kubeconfig: c.Kubeconfig()}
		defer close(installed)
		return install(ctx, c, k, system)
	})
	return group.Wait()
}

// watchPower fails as soon as a machine ends by itself: nothing that is waited for would come then.
func watchPower(ctx context.Context, c plan.Cluster, until <-chan struct{}) error {
	ticker := time.NewTicker(500 * time.Millisecond)
	defer ticker.Stop()
	for {
		for _, m := range c.Machines() {
			if _, running := machine.Running(c.Machine(m)); !running {
				return fmt.Errorf("machine %s has ended: %s", m, machine.LastWords(c.Machine(m)))
			}
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-until:
			return nil
		case <-ticker.C:
		}
	}
}

// self is where the cluster keeps a copy of our own program: the machines' inits and the proxies run
// from it, and that of go run is gone after the command.
func self(c plan.Cluster) string { return c.Path("cluster") }

func copySelf(c plan.Cluster) error {
	path, err := os.Executable()
	if err != nil {
		return fmt.Errorf("finding our own program: %w", err)
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("reading our own program: %w", err)
	}
	if err := os.WriteFile(self(c), raw, 0o755); err != nil {
		return fmt.Errorf("keeping our own program: %w", err)
	}
	return nil
}

// Down removes the cluster with all its data. It is no error if there is none.
func (p *Provider) Down(ctx context.Context) error {
	unlock, err := p.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	return p.remove(ctx)
}
