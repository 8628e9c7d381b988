package image

import (
	"context"
	_ "embed"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
)

//go:embed pause/main.go
var pauseSource []byte

// buildPause compiles the embedded source, so that the checkout need not be there at run time.
func buildPause(ctx context.Context, dir string, log io.Writer) (string, error) {
	source := filepath.Join(dir, "main.go")
	if err := os.WriteFile(source, pauseSource, 0o644); err != nil {
		return "", fmt.Errorf("writing the source of pause: %w", err)
	}
	binary := filepath.Join(dir, "pause")
	return binary, GoBuild(ctx, dir, "main.go", binary, log)
}

// GoBuild compiles a package, named as seen from dir, into a static program.
func GoBuild(ctx context.Context, dir, pkg, binary string, log io.Writer) error {
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w", "-o", binary, pkg)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("go build %s: %w", pkg, err)
	}
	return nil
}
