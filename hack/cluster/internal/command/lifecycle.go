package command

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

func upCommand(o *options) *cobra.Command {
	var nodes int
	var gatewayAPI bool
	cmd := &cobra.Command{
		Use:   "up",
		Short: "Make the cluster, or do nothing if it is there",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			p, err := o.choose(cmd)
			if err != nil {
				return err
			}
			if err := p.Up(cmd.Context(), nodes); err != nil || !gatewayAPI {
				return err
			}
			return p.InstallGatewayAPI(cmd.Context())
		},
	}
	cmd.Flags().IntVar(&nodes, "nodes", 2, "number of workers")
	cmd.Flags().BoolVar(&gatewayAPI, "gateway-api", false, "install the CRDs of the Gateway API too")
	return cmd
}

func downCommand(o *options) *cobra.Command {
	return &cobra.Command{
		Use:   "down",
		Short: "Remove the cluster with all its data",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			p, err := o.choose(cmd)
			if err != nil {
				return err
			}
			return p.Down(cmd.Context())
		},
	}
}

func statusCommand(o *options) *cobra.Command {
	return printCommand(o, "status", "Print what runs", provider.Status)
}

func addonCommand(o *options) *cobra.Command {
	addons := map[string]func(provider, context.Context) error{
		"gateway-api": provider.InstallGatewayAPI,
		"monitoring":  provider.InstallMonitoring,
	}
	return &cobra.Command{
		Use:       "addon gateway-api|monitoring",
		Short:     "Install what a cluster has on request only",
		Args:      cobra.MatchAll(cobra.ExactArgs(1), cobra.OnlyValidArgs),
		ValidArgs: slices.Sorted(maps.Keys(addons)),
		RunE: func(cmd *cobra.Command, args []string) error {
			p, err := o.choose(cmd)
			if err != nil {
				return err
			}
			return addons[args[0]](p, cmd.Context())
		},
	}
}

func kubeconfigCommand(o *options) *cobra.Command {
	return printCommand(o, "kubeconfig", "Print the path of the kubeconfig",
		func(p provider, _ context.Context) (string, error) { return p.Kubeconfig() })
}

func auditLogCommand(o *options) *cobra.Command {
	return printCommand(o, "audit-log", "Print the path of the log of all writes to the API",
		func(p provider, _ context.Context) (string, error) { return p.AuditLog() })
}

func printCommand(o *options, name, short string, get func(provider, context.Context) (string, error)) *cobra.Command {
	return &cobra.Command{
		Use:   name,
		Short: short,
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			p, err := o.choose(cmd)
			if err != nil {
				return err
			}
			value, err := get(p, cmd.Context())
			if err != nil {
				return err
			}
			return show(cmd, value)
		},
	}
}

func prepareCommand(o *options) *cobra.Command {
	return &cobra.Command{
		Use:   "prepare",
		Short: "Install the Debian packages that a local cluster needs and build all that up would; nothing for kind",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			p, err := o.choose(cmd)
			if err != nil {
				return err
			}
			return p.Prepare(cmd.Context())
		},
	}
}

// show writes a result to the standard output, where a script takes it from.
func show(cmd *cobra.Command, value string) error {
	if _, err := fmt.Fprintln(cmd.OutOrStdout(), strings.TrimSuffix(value, "\n")); err != nil {
		return fmt.Errorf("printing the result: %w", err)
	}
	return nil
}
