package local

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"strings"

	"github.com/xatube/xatube-operator/hack/cluster/internal/plan"
	"github.com/xatube/xatube-operator/hack/cluster/internal/process"
	"github.com/xatube/xatube-operator/hack/cluster/internal/proxy"
)

// Forward carries connections from a port of the host to IP:PORT or NAMESPACE/SERVICE:PORT. They start at a node; empty
// means the first that can make them.
func (p *Provider) Forward(ctx context.Context, listen, target, node string, background bool) error {
	c, _, err := p.current()
	if err != nil {
		return err
	}
	if !strings.Contains(listen, ":") {
		listen = net.JoinHostPort("127.0.0.1", listen)
	}
	address, err := p.resolve(ctx, c, target)
	if err != nil {
		return err
	}
	namespaces, err := startingPoints(c, node)
	if err != nil {
		return err
	}
	if !background {
		return proxy.Listen(ctx, listen, proxy.Inside(address, namespaces...))
	}
	return replaceProxy(ctx, c, listen, address, namespaces)
}

// startingPoints are the network namespaces of all nodes, or of one.
func startingPoints(c plan.Cluster, node string) ([]string, error) {
	if node != "" {
		n, err := c.Node(node)
		return []string{c.Namespace(n.Name)}, err
	}
	var namespaces []string
	for _, n := range c.Nodes {
		namespaces = append(namespaces, c.Namespace(n.Name))
	}
	return namespaces, nil
}

// replaceProxy ends an earlier forward of the same port, whose target may be gone.
func replaceProxy(ctx context.Context, c plan.Cluster, listen, address string, namespaces []string) error {
	name := "forward-" + strings.ReplaceAll(listen, ":", "-")
	earlier, err := process.Load(c.Path(daemonFolder, name+".json"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("reading the record of an earlier forward: %w", err)
	}
	if err == nil {
		if err := earlier.Kill(ctx); err != nil {
			return err
		}
	}
	return startProxy(c, name, listen, address, namespaces...)
}

// resolve returns IP:PORT of a target. A Service keeps its address for life, so asking once will do.
func (p *Provider) resolve(ctx context.Context, c plan.Cluster, target string) (string, error) {
	host, port, err := net.SplitHostPort(target)
	if err != nil {
		return "", fmt.Errorf("target %q: want IP:PORT or NAMESPACE/SERVICE:PORT", target)
	}
	namespace, service, ok := strings.Cut(host, "/")
	if !ok {
		if _, err := netip.ParseAddr(host); err != nil {
			return "", fmt.Errorf("target %q: want IP:PORT or NAMESPACE/SERVICE:PORT", target)
		}
		return target, nil
	}
	k, err := p.kubectl(ctx, c)
	if err != nil {
		return "", err
	}
	ip, err := k.Output(ctx, nil, "get", "service", service, "--namespace", namespace, "--output=jsonpath={.spec.clusterIP}")
	if err != nil {
		return "", fmt.Errorf("looking up the Service: %w", err)
	}
	if _, err := netip.ParseAddr(ip); err != nil {
		return "", fmt.Errorf("service %s has no address of its own (clusterIP %q)", host, ip)
	}
	return net.JoinHostPort(ip, port), nil
}
