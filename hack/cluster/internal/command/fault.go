package command

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/xatube/xatube-operator/hack/cluster/internal/local"
)

func faultCommand(o *options, name, argument, short string, do func(provider, context.Context, string) error) *cobra.Command {
	return &cobra.Command{
		Use:   name + " " + argument,
		Short: short,
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			p, err := o.choose(cmd)
			if err != nil {
				return err
			}
			return do(p, cmd.Context(), args[0])
		},
	}
}

func cutCommand(o *options) *cobra.Command {
	var from string
	cmd := faultCommand(o, "cut", "NODE", "Cut a node off; all on it goes on running", func(p provider, ctx context.Context, node string) error {
		return p.Cut(ctx, node, from)
	})
	cmd.Flags().StringVar(&from, "from", local.FromAll, "all, as if its cable were pulled; api, the API server alone; nodes, the other nodes alone")
	return cmd
}

func signalCommand(o *options) *cobra.Command {
	var process string
	cmd := &cobra.Command{
		Use:   "signal SIGNAL NAMESPACE/POD CONTAINER",
		Short: "Send a signal to all processes of a container",
		Example: "  cluster signal STOP demo/live-postgres-1 postgres\n" +
			"  cluster signal KILL demo/live-postgres-1 postgres --process postgres",
		Args: cobra.ExactArgs(3),
		RunE: func(cmd *cobra.Command, args []string) error {
			p, err := o.choose(cmd)
			if err != nil {
				return err
			}
			return p.Signal(cmd.Context(), args[0], args[1], args[2], process)
		},
	}
	cmd.Flags().StringVar(&process, "process", "", "only processes of this name")
	return cmd
}
