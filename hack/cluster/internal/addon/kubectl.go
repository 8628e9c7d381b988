package addon

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"
)

// Kubectl runs the kubectl that was built with the cluster.
type Kubectl struct {
	Binary, Kubeconfig string
}

// Output runs kubectl and returns what it printed.
func (k Kubectl) Output(ctx context.Context, stdin io.Reader, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, k.Binary, args...)
	cmd.Env = append(os.Environ(), "KUBECONFIG="+k.Kubeconfig)
	cmd.Stdin = stdin
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("kubectl %s: %w: %s", strings.Join(args, " "), err, bytes.TrimSpace(errs.Bytes()))
	}
	return out.String(), nil
}

// Run runs kubectl for its effect.
func (k Kubectl) Run(ctx context.Context, stdin io.Reader, args ...string) error {
	_, err := k.Output(ctx, stdin, args...)
	return err
}

// Apply is server-side: some CRDs are too big for the annotation of the other way.
func (k Kubectl) Apply(ctx context.Context, args ...string) error {
	return k.Run(ctx, nil, append([]string{"apply", "--server-side", "--force-conflicts"}, args...)...)
}

// until tries again and again, until it succeeds or the context ends.
func until(ctx context.Context, what string, try func() error) error {
	ticker := time.NewTicker(250 * time.Millisecond)
	defer ticker.Stop()
	for {
		err := try()
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waiting for %s: %w: %w", what, ctx.Err(), err)
		case <-ticker.C:
		}
	}
}

// WaitAPI waits until the API server says that it is ready.
func (k Kubectl) WaitAPI(ctx context.Context) error {
	return until(ctx, "the API server", func() error {
		return k.Run(ctx, nil, "get", "--raw", "/readyz")
	})
}

// WaitNodes waits until exactly these nodes are registered and Ready.
func (k Kubectl) WaitNodes(ctx context.Context, names []string) error {
	const ready = `{range .items[*]}{.metadata.name}={.status.conditions[?(@.type=="Ready")].status} {end}`
	want := make([]string, 0, len(names))
	for _, name := range names {
		want = append(want, name+"=True")
	}
	return until(ctx, "the nodes", func() error {
		out, err := k.Output(ctx, nil, "get", "nodes", "--output=jsonpath="+ready)
		if err != nil {
			return err
		}
		if got := strings.Fields(out); !slices.Equal(got, want) {
			return fmt.Errorf("nodes are %q, want %q", got, want)
		}
		return nil
	})
}
