package image

import (
	"context"
	_ "embed"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/xatube/xatube-operator/hack/cluster/internal/cache"
)

//go:embed recipe/host.sh
var hostRecipe string

// hostPrograms of the Debian layer are of use to tests outside a cluster.
var hostPrograms = []string{"nginx", "ffmpeg", "redis-server", "redis-cli"}

// HostServers unpacks the Debian layer and returns a folder with programs that run on this machine as they do in the
// images.
func HostServers(ctx context.Context, c *cache.Cache) (string, error) {
	layer, err := debianLayer(ctx, c)
	if err != nil {
		return "", err
	}
	const root = "root"
	return c.Fill(ctx, cache.Job{
		Title:  "servers for this machine",
		Folder: filepath.Join("servers", cache.Key(layerKey(), hostRecipe, hostPrograms)),
		Files:  append([]string{root}, hostPrograms...),
		Make: func(ctx context.Context, _ []string, dir string, log io.Writer) error {
			if err := unpack(ctx, filepath.Join(layer, layerFile), filepath.Join(dir, root), log); err != nil {
				return err
			}
			for _, name := range hostPrograms {
				if err := os.WriteFile(filepath.Join(dir, name), []byte(hostRecipe), 0o755); err != nil { //nolint:gosec // a program
					return fmt.Errorf("writing the start of %s: %w", name, err)
				}
			}
			return nil
		},
	})
}

func unpack(ctx context.Context, archive, dir string, log io.Writer) error {
	if err := os.Mkdir(dir, 0o755); err != nil {
		return fmt.Errorf("making the root: %w", err)
	}
	cmd := exec.CommandContext(ctx, "tar", "--extract", "--no-same-owner", "--file", archive, "--directory", dir, "--exclude", "./dev/*", "--exclude", "dev/*")
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("unpacking the layer: %w", err)
	}
	return nil
}
