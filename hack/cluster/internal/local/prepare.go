package local

import (
	"context"
	"fmt"
	"os"
	"os/exec"
)

// Prepare installs the Debian packages that are missing and builds all that up would build.
func (p *Provider) Prepare(ctx context.Context) error {
	if err := p.InstallPackages(ctx); err != nil {
		return err
	}
	_, err := p.build(ctx)
	return err
}

// InstallPackages installs the Debian packages that are missing.
func (p *Provider) InstallPackages(ctx context.Context) error {
	if missing := MissingPackages(); len(missing) > 0 {
		if err := p.aptInstall(ctx, missing); err != nil {
			return err
		}
	}
	return Require()
}

func (p *Provider) aptInstall(ctx context.Context, missing []string) error {
	for _, args := range [][]string{
		{"update", "--quiet=2"},
		append([]string{"install", "--quiet=2", "--yes", "--no-install-recommends"}, missing...),
	} {
		cmd := exec.CommandContext(ctx, "apt-get", args...)
		cmd.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive")
		cmd.Stdout, cmd.Stderr = p.progress.Writer(), p.progress.Writer()
		if err := cmd.Run(); err != nil {
			return fmt.Errorf("apt-get %s: %w", args[0], err)
		}
	}
	return nil
}
