package image

import (
	"context"
	_ "embed"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"

	"github.com/xatube/xatube-operator/hack/cluster/internal/cache"
)

//go:embed recipe/host.sh
var hostRecipe string

// hostPrograms of the Debian layer, and hostPackaged of the packages, are of use to tests outside a cluster.
var (
	hostPrograms = []string{"nginx", "ffmpeg", "redis-server", "redis-cli"}
	hostPackaged = []string{"promtool", "prometheus"}
)

// HostServers unpacks the Debian layer and returns a folder with programs that run on this machine as they do in the
// images.
func HostServers(ctx context.Context, c *cache.Cache) (string, error) {
	layer, err := debianLayer(ctx, c)
	if err != nil {
		return "", err
	}
	packaged, err := unpackPackages(ctx, c)
	if err != nil {
		return "", err
	}
	const root = "root"
	programs := slices.Concat(hostPrograms, hostPackaged)
	return c.Fill(ctx, cache.Job{
		Title:  "servers for this machine",
		Folder: filepath.Join("servers", cache.Key(layerKey(), hostRecipe, programs, packages)),
		Files:  append([]string{root}, programs...),
		Make: func(ctx context.Context, _ []string, dir string, log io.Writer) error {
			if err := unpack(ctx, filepath.Join(layer, layerFile), filepath.Join(dir, root), log); err != nil {
				return err
			}
			for _, name := range hostPackaged {
				if err := os.Link(filepath.Join(packaged, "usr/bin", name), filepath.Join(dir, root, "usr/bin", name)); err != nil {
					return fmt.Errorf("adding %s: %w", name, err)
				}
			}
			for _, name := range programs {
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
