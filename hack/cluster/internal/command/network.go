package command

import (
	"github.com/spf13/cobra"

	"github.com/xatube/xatube-operator/hack/cluster/internal/local"
	"github.com/xatube/xatube-operator/hack/cluster/internal/machine"
	"github.com/xatube/xatube-operator/hack/cluster/internal/proxy"
)

func forwardCommand(o *options) *cobra.Command {
	var background bool
	var node string
	cmd := &cobra.Command{
		Use:   "forward [ADDRESS:]PORT TARGET",
		Short: "Forward a port of the host's loopback into the cluster",
		Long: "Forward a port of the host to TARGET, which is IP:PORT or NAMESPACE/SERVICE:PORT.\n" +
			"The connection starts at the first node that can make it, or at the one of --from. With --background it goes on until\n" +
			"the cluster goes down, or until a forward of the same port replaces it.",
		Example: "  cluster forward 8080 demo/live-edge:80\n  cluster forward --background 127.0.0.1:1935 demo/live-rtmp:1935",
		Args:    cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			p, err := o.choose(cmd)
			if err != nil {
				return err
			}
			return p.Forward(cmd.Context(), args[0], args[1], node, background)
		},
	}
	cmd.Flags().StringVar(&node, "from", "", "node at which connections start")
	cmd.Flags().BoolVar(&background, "background", false, "return once the port is open")
	return cmd
}

func nodeExecCommand(o *options) *cobra.Command {
	return &cobra.Command{
		Use:   "node-exec NODE -- COMMAND [ARG...]",
		Short: "Run a command of the host in the network of a node, where pods and Services are reached",
		Args:  cobra.MinimumNArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			p, err := o.choose(cmd)
			if err != nil {
				return err
			}
			return p.Exec(args[0], args[1:])
		},
	}
}

// machineInitCommand is the first process of a machine, started by the cluster itself.
func machineInitCommand() *cobra.Command {
	return &cobra.Command{
		Use:    machine.InitCommand + " FOLDER",
		Hidden: true,
		Args:   cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			return machine.Init(args[0])
		},
	}
}

// proxyCommand is what forward and the kubeconfig's port run in the background.
func proxyCommand() *cobra.Command {
	return &cobra.Command{
		Use:    local.ProxyCommand + " LISTEN TARGET NAMESPACE...",
		Hidden: true,
		Args:   cobra.MinimumNArgs(3),
		RunE: func(cmd *cobra.Command, args []string) error {
			return proxy.Listen(cmd.Context(), args[0], proxy.Inside(args[1], args[2:]...))
		},
	}
}
