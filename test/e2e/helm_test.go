//go:build e2e

package e2e

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
)

const (
	release          = "xatube-operator"
	releaseNamespace = "xatube-system"
	chart            = "../../charts/xatube-operator"
)

// helm runs $HELM, or helm of the PATH.
func helm(ctx context.Context, args ...string) error {
	args = append(args, "--namespace", releaseNamespace)
	command := exec.CommandContext(ctx, cmp.Or(os.Getenv("HELM"), "helm"), args...)
	output, err := command.CombinedOutput()
	if err != nil {
		return fmt.Errorf("helm %s: %w\n%s", strings.Join(args, " "), err, output)
	}
	return nil
}

// install installs the chart of this checkout or upgrades to it, and waits until the operator runs. $HELM_FLAGS go along.
func install(ctx context.Context, flags ...string) error {
	args := append([]string{"upgrade", "--install", release, chart, "--create-namespace", "--wait", "--timeout", "3m"},
		strings.Fields(os.Getenv("HELM_FLAGS"))...)
	if err := helm(ctx, append(args, flags...)...); err != nil {
		return err
	}
	operator, err := kube.FindOperator(ctx)
	if err != nil {
		return err
	}
	return operator.WaitAvailable(ctx)
}
