// Package kind runs the cluster on a Docker engine. It is thin, and it is unproven: where it was
// written there is no Docker engine and no registry to pull a node image from. It rests on the
// documented commands of kind and docker alone.
package kind

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/xatube/xatube-operator/hack/cluster/internal/addon"
	"github.com/xatube/xatube-operator/hack/cluster/internal/cache"
	"github.com/xatube/xatube-operator/hack/cluster/internal/config"
	"github.com/xatube/xatube-operator/hack/cluster/internal/image"
	"github.com/xatube/xatube-operator/hack/cluster/internal/plan"
	"github.com/xatube/xatube-operator/hack/cluster/internal/program"
)

// module is run by go itself, so that nothing has to be installed.
const module = "sigs.k8s.io/kind@v0.33.0"

// Available tells whether a Docker engine answers.
func Available(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	return exec.CommandContext(ctx, "docker", "version", "--format", "{{.Server.Version}}").Run() == nil
}

// Provider handles one kind cluster.
type Provider struct {
	name     string
	cache    *cache.Cache
	progress *log.Logger
}

// New returns the provider of the cluster of a name. What it does is told to progress.
func New(name string, c *cache.Cache, progress *log.Logger) *Provider {
	return &Provider{name: "xatube-" + name, cache: c, progress: progress}
}

// Prepare has nothing to do: the node image brings everything.
func (p *Provider) Prepare(context.Context) error { return nil }

func (p *Provider) path(elem ...string) string {
	return p.cache.Path(append([]string{"kind", p.name}, elem...)...)
}

// Up makes the cluster, or does nothing if kind knows it.
func (p *Provider) Up(ctx context.Context, nodes int) error {
	known, err := p.kind(ctx, nil, "get", "clusters")
	if err != nil {
		return err
	}
	if slices.Contains(strings.Fields(known), p.name) {
		p.progress.Printf("cluster %s is up already", p.name)
		return nil
	}
	if err := p.create(ctx, nodes); err != nil {
		return err
	}
	if err := p.LoadBuilt(ctx); err != nil {
		return err
	}
	k, err := p.kubectl(ctx)
	if err != nil {
		return err
	}
	if err := addon.Write(ctx, p.path("addons")); err != nil {
		return err
	}
	return addon.Install(ctx, k, p.path("addons"), addon.Storage, addon.CloudNativePG)
}

func (p *Provider) create(ctx context.Context, nodes int) error {
	shared := p.path("shared-volumes")
	if err := os.MkdirAll(shared, 0o755); err != nil {
		return fmt.Errorf("making the folder of shared volumes: %w", err)
	}
	raw, err := config.Render("kind.yaml", struct {
		Workers []struct{}
		Shared  string
	}{make([]struct{}, nodes), shared})
	if err != nil {
		return err
	}
	_, err = p.kind(ctx, raw, "create", "cluster", "--name", p.name,
		"--kubeconfig", p.path("kubeconfig"), "--config", "-", "--wait", "5m")
	return err
}

// Down removes the cluster.
func (p *Provider) Down(ctx context.Context) error {
	if _, err := p.kind(ctx, nil, "delete", "cluster", "--name", p.name); err != nil {
		return err
	}
	if err := os.RemoveAll(p.path()); err != nil {
		return fmt.Errorf("removing the cluster's folder: %w", err)
	}
	return nil
}

// Load loads image archives into every node.
func (p *Provider) Load(ctx context.Context, archives ...string) error {
	for _, archive := range archives {
		if _, err := p.kind(ctx, nil, "load", "image-archive", archive, "--name", p.name); err != nil {
			return err
		}
	}
	return nil
}

// LoadBuilt loads the images of the table.
func (p *Provider) LoadBuilt(ctx context.Context) error {
	archives, err := image.System(ctx, p.cache)
	if err != nil {
		return err
	}
	servers, err := image.Base(ctx, p.cache)
	if err != nil {
		return err
	}
	return p.Load(ctx, append(archives, servers)...)
}

// kind runs kind by go.
func (p *Provider) kind(ctx context.Context, stdin []byte, args ...string) (string, error) {
	return p.run(ctx, stdin, "go", append([]string{"run", module}, args...)...)
}

func (p *Provider) run(ctx context.Context, stdin []byte, name string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Stdin = bytes.NewReader(stdin)
	cmd.Stderr = p.progress.Writer()
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%s %s: %w", name, strings.Join(args, " "), err)
	}
	return string(out), nil
}

func (p *Provider) kubectl(ctx context.Context) (addon.Kubectl, error) {
	binary, err := program.One(ctx, p.cache, program.Newest, "kubectl")
	return addon.Kubectl{Binary: binary, Kubeconfig: p.path("kubeconfig")}, err
}

// InstallGatewayAPI installs the CRDs of the Gateway API.
func (p *Provider) InstallGatewayAPI(ctx context.Context) error {
	k, err := p.kubectl(ctx)
	if err != nil {
		return err
	}
	return addon.InstallGatewayAPI(ctx, k)
}

// InstallMonitoring builds and loads the images of the addon, and installs it.
func (p *Provider) InstallMonitoring(ctx context.Context) error {
	archives, err := image.Monitoring(ctx, p.cache)
	if err != nil {
		return err
	}
	if err := p.Load(ctx, archives...); err != nil {
		return err
	}
	k, err := p.kubectl(ctx)
	if err != nil {
		return err
	}
	return addon.InstallMonitoring(ctx, k)
}

// Kubeconfig is the path of the administrator's kubeconfig.
func (p *Provider) Kubeconfig() (string, error) {
	path := p.path("kubeconfig")
	if _, err := os.Stat(path); err != nil {
		return "", errors.New("the cluster is not up: run cluster up")
	}
	return path, nil
}

// Status tells what runs.
func (p *Provider) Status(ctx context.Context) (string, error) {
	k, err := p.kubectl(ctx)
	if err != nil {
		return "", err
	}
	return k.Output(ctx, nil, "get", "nodes,deployments", "--all-namespaces", "--request-timeout=5s")
}

// node is the container of a node, node-1 being the first worker, or of the control plane.
func (p *Provider) node(name string) string {
	if name == plan.ControlMachine {
		return p.name + "-control-plane"
	}
	number := strings.TrimPrefix(name, "node-")
	if number == "1" {
		number = ""
	}
	return p.name + "-worker" + number
}

// Kill ends all that a node runs.
func (p *Provider) Kill(ctx context.Context, node string) error {
	_, err := p.run(ctx, nil, "docker", "kill", p.node(node))
	return err
}

// Restore starts a killed node again.
func (p *Provider) Restore(ctx context.Context, node string) error {
	_, err := p.run(ctx, nil, "docker", "start", p.node(node))
	return err
}

// errLocalOnly answers what kind has no command for.
var errLocalOnly = errors.New("kind cannot do this: use --provider local")

// Cut is not possible: a container that leaves its network comes back under another address.
func (p *Provider) Cut(context.Context, string, string) error { return errLocalOnly }

// Heal is not possible, like Cut.
func (p *Provider) Heal(context.Context, string) error { return errLocalOnly }

// Signal is not possible: the processes are those of the Docker engine's machine, which may be another one.
func (p *Provider) Signal(context.Context, string, string, string, string) error { return errLocalOnly }

// AuditLog is not kept.
func (p *Provider) AuditLog() (string, error) { return "", errLocalOnly }

// Exec runs a command in the container of a node.
func (p *Provider) Exec(node string, args []string) error {
	cmd := exec.Command("docker", append([]string{"exec", "-i", p.node(node)}, args...)...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("running %s on %s: %w", filepath.Base(args[0]), node, err)
	}
	return nil
}

// Forward forwards by kubectl, in the foreground alone.
func (p *Provider) Forward(ctx context.Context, listen, target, node string, background bool) error {
	namespace, service, ok := strings.Cut(target, "/")
	service, port, hasPort := strings.Cut(service, ":")
	if background || node != "" || !ok || !hasPort {
		return errLocalOnly
	}
	k, err := p.kubectl(ctx)
	if err != nil {
		return err
	}
	local := listen[strings.LastIndex(listen, ":")+1:]
	return k.Run(ctx, nil, "port-forward", "--namespace", namespace, "service/"+service, local+":"+port)
}
