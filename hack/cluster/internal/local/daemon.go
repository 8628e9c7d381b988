package local

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/xatube/xatube-operator/hack/cluster/internal/cgroup"
	"github.com/xatube/xatube-operator/hack/cluster/internal/netns"
	"github.com/xatube/xatube-operator/hack/cluster/internal/plan"
	"github.com/xatube/xatube-operator/hack/cluster/internal/process"
)

// ProxyCommand is the hidden subcommand of our own program that runs as a proxy:
// LISTEN TARGET NAMESPACE...
const ProxyCommand = "proxy"

const daemonFolder = "daemons"

// preferredPort of the API on the host, so that a kubeconfig copied elsewhere stays valid for long.
const preferredPort = 16443

// freePort is the preferred port or, for a second cluster, any that is free.
func freePort() (int, error) {
	for _, port := range []int{preferredPort, 0} {
		listener, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: port})
		if err != nil {
			continue
		}
		defer func() { _ = listener.Close() }()
		return listener.Addr().(*net.TCPAddr).Port, nil
	}
	return 0, fmt.Errorf("no free port on the loopback for the API")
}

func startAPIProxy(c plan.Cluster, port int) error {
	listen := fmt.Sprintf("127.0.0.1:%d", port)
	target := fmt.Sprintf("%s:%d", plan.FabricGateway, plan.APIPort)
	return startProxy(c, "api", listen, target, c.Namespace(plan.ControlMachine))
}

// startProxy starts a proxy in the background, unless the one of that name runs.
func startProxy(c plan.Cluster, name, listen, target string, namespaces ...string) error {
	dir := c.Path(daemonFolder)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("making the folder of the daemons: %w", err)
	}
	daemon := process.Daemon{
		Args:   append([]string{self(c), ProxyCommand, listen, target}, namespaces...),
		Log:    filepath.Join(dir, name+".log"),
		Record: filepath.Join(dir, name+".json"),
		Cgroup: c.Cgroup(daemonFolder),
	}
	if ref, err := process.Load(daemon.Record); err == nil && ref.Alive() {
		return nil
	}
	if err := cgroup.Make(daemon.Cgroup); err != nil {
		return err
	}
	var ref process.Ref
	err := netns.OnThread(func() error {
		var err error
		ref, err = daemon.Start()
		return err
	})
	if err != nil {
		return fmt.Errorf("starting the proxy %s: %w", name, err)
	}
	return waitListening(ref, listen, daemon.Log)
}

// waitListening waits until the daemon accepts connections or has ended.
func waitListening(ref process.Ref, listen, log string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for {
		conn, err := net.DialTimeout("tcp", listen, time.Second)
		if err == nil {
			return conn.Close()
		}
		if !ref.Alive() {
			raw, _ := os.ReadFile(log) // if it cannot be read, the message is just shorter
			return fmt.Errorf("the proxy on %s ended: %s", listen, strings.TrimSpace(string(raw)))
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waiting for the proxy on %s: %w", listen, err)
		case <-ticker.C:
		}
	}
}
