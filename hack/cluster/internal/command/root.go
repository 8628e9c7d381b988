// Package command is the command line of the cluster.
package command

import (
	"errors"
	"fmt"
	"log"

	"github.com/spf13/cobra"

	"github.com/xatube/xatube-operator/hack/cluster/internal/cache"
	"github.com/xatube/xatube-operator/hack/cluster/internal/kind"
	"github.com/xatube/xatube-operator/hack/cluster/internal/local"
	"github.com/xatube/xatube-operator/hack/cluster/internal/program"
)

// options are the flags of every command.
type options struct {
	name       string
	provider   string
	kubernetes string
}

// Root returns the whole command line.
func Root() *cobra.Command {
	o := &options{}
	root := &cobra.Command{
		Use:           "cluster",
		Short:         "Make the Kubernetes cluster on which the demo and the end-to-end tests run",
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.PersistentFlags().StringVar(&o.name, "name", "dev", "name of the cluster; several may run side by side")
	root.PersistentFlags().StringVar(&o.provider, "provider", "auto", "kind, local, or auto: kind if a Docker engine answers")
	root.PersistentFlags().StringVar(&o.kubernetes, "kubernetes", "", "minor version of Kubernetes, e.g. 1.34; "+
		"absent: that of the cluster that is up, else the newest")
	root.AddCommand(
		prepareCommand(o), upCommand(o), downCommand(o), statusCommand(o), addonCommand(o),
		kubeconfigCommand(o), auditLogCommand(o), assetsCommand(o), binCommand(o),
		releasesCommand(), imagesCommand(o), serversCommand(o), buildImageCommand(), loadCommand(o),
		forwardCommand(o), nodeExecCommand(o),
		cutCommand(o), signalCommand(o),
		faultCommand(o, "heal", "NODE", "Undo every cut of a node", provider.Heal),
		faultCommand(o, "kill", "MACHINE", "End all that a machine runs, as a loss of power does", provider.Kill),
		faultCommand(o, "restore", "MACHINE", "Boot a killed machine again, with what was on its disk", provider.Restore),
		machineInitCommand(), proxyCommand(),
	)
	return root
}

// open returns the cache; progress goes where the command's errors go, so that output stays usable.
func (o *options) open(cmd *cobra.Command) (*cache.Cache, *log.Logger, error) {
	progress := log.New(cmd.ErrOrStderr(), "", 0)
	c, err := cache.Open(progress)
	return c, progress, err
}

// choose returns the provider that the flags and the machine ask for.
func (o *options) choose(cmd *cobra.Command) (provider, error) {
	c, progress, err := o.open(cmd)
	if err != nil {
		return nil, err
	}
	name := o.provider
	if name == "auto" {
		name = "local"
		if kind.Available(cmd.Context()) {
			name = "kind"
		}
	}
	switch {
	case name == "local":
		return o.local(c, progress)
	case name == "kind" && o.kubernetes != "":
		return nil, errors.New("kind runs the Kubernetes of its node image: leave --kubernetes out, or use --provider local")
	case name == "kind":
		return kind.New(o.name, c, progress), nil
	}
	return nil, fmt.Errorf("provider %q: want kind, local or auto", o.provider)
}

func (o *options) local(c *cache.Cache, progress *log.Logger) (*local.Provider, error) {
	if o.kubernetes == "" {
		return local.New(o.name, c, progress, ""), nil
	}
	r, err := program.FindRelease(o.kubernetes)
	return local.New(o.name, c, progress, r), err
}
