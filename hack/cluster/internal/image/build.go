package image

import (
	"context"
	_ "embed"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/xatube/xatube-operator/hack/cluster/internal/cache"
	"github.com/xatube/xatube-operator/hack/cluster/internal/program"
)

//go:embed recipe/rootfs.sh
var rootfsRecipe string

// suite is the Debian release of the servers: the first that has them all in current versions.
const suite = "forky"

// recipe changes when the way of assembling changes in a manner that the tables do not show.
const recipe = 1

const archiveFile = "image.tar"

// System builds the images that the cluster itself needs and returns their archives.
func System(ctx context.Context, c *cache.Cache) ([]string, error) {
	var archives []string
	for _, p := range Programs {
		archive, err := buildProgram(ctx, c, p)
		if err != nil {
			return nil, err
		}
		archives = append(archives, archive)
	}
	return archives, nil
}

// Monitoring builds the images of the addon and returns their archives.
func Monitoring(ctx context.Context, c *cache.Cache) ([]string, error) {
	var archives []string
	for _, p := range MonitoringPrograms {
		archive, err := buildProgram(ctx, c, p)
		if err != nil {
			return nil, err
		}
		archives = append(archives, archive)
	}
	for _, p := range MonitoringPackaged {
		archive, err := buildPackaged(ctx, c, p)
		if err != nil {
			return nil, err
		}
		archives = append(archives, archive)
	}
	return archives, nil
}

// layerFile is the Debian layer in the folder of debianLayer.
const layerFile = "layer.tar"

// debianLayer builds the layer that all servers share and returns its folder.
func debianLayer(ctx context.Context, c *cache.Cache) (string, error) {
	return c.Fill(ctx, cache.Job{
		Title:  "layer of Debian " + suite,
		Folder: filepath.Join("images", "debian-layer-"+layerKey()),
		Files:  []string{layerFile, layerFile + ".packages"},
		Make: func(ctx context.Context, _ []string, dir string, log io.Writer) error {
			return debootstrap(ctx, dir, filepath.Join(dir, layerFile), log)
		},
	})
}

func layerKey() string { return cache.Key(rootfsRecipe, suite) }

// Base builds the archive of all images on the Debian layer.
func Base(ctx context.Context, c *cache.Cache) (string, error) {
	layer, err := debianLayer(ctx, c)
	if err != nil {
		return "", err
	}
	folder, err := c.Fill(ctx, cache.Job{
		Title:  "images on Debian " + suite,
		Folder: filepath.Join("images", "debian-"+cache.Key(rootfsRecipe, suite, Servers, recipe)),
		Files:  []string{archiveFile},
		Make: func(_ context.Context, _ []string, dir string, _ io.Writer) error {
			return writeArchive(filepath.Join(dir, archiveFile), filepath.Join(layer, layerFile), Servers)
		},
	})
	return filepath.Join(folder, archiveFile), err
}

func buildProgram(ctx context.Context, c *cache.Cache, p Program) (string, error) {
	folder, err := c.Fill(ctx, cache.Job{
		Title:  "image " + p.Ref,
		Folder: filepath.Join("images", p.Command+"-"+cache.Key(p, recipe, pauseSource)),
		Files:  []string{archiveFile},
		Make: func(ctx context.Context, _ []string, dir string, log io.Writer) error {
			binary, err := programBinary(ctx, c, p, dir, log)
			if err != nil {
				return err
			}
			files := []File{{Path: p.Path, Mode: 0o755, Source: binary}}
			for link, target := range p.Links {
				files = append(files, File{Path: link, Link: target})
			}
			return Scratch(filepath.Join(dir, archiveFile), []Image{p.Image}, files)
		},
	})
	return filepath.Join(folder, archiveFile), err
}

func programBinary(ctx context.Context, c *cache.Cache, p Program, dir string, log io.Writer) (string, error) {
	if p.Module.Path == "" {
		return buildPause(ctx, dir, log)
	}
	folder, err := program.Build(ctx, c, p.Module, p.Command)
	return filepath.Join(folder, p.Command), err
}

// debootstrap runs the recipe in namespaces of its own: its mounts and processes end with it.
func debootstrap(ctx context.Context, dir, layer string, log io.Writer) error {
	mirror, err := debianMirror(ctx)
	if err != nil {
		return err
	}
	root := filepath.Join(dir, "root")
	cmd := exec.CommandContext(ctx, "sh", "-c", rootfsRecipe)
	cmd.Env = append(os.Environ(), "MIRROR="+mirror, "SUITE="+suite, "ROOT="+root, "LAYER="+layer)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:   syscall.CLONE_NEWPID,
		Unshareflags: syscall.CLONE_NEWNS, // Go makes the mounts private with this one
		Pdeathsig:    syscall.SIGKILL,
	}
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("running the recipe of the layer: %w", err)
	}
	return nil
}

// debianMirror returns the mirror that this machine's apt uses.
func debianMirror(ctx context.Context) (string, error) {
	out, err := exec.CommandContext(ctx, "apt-get", "indextargets",
		"--format", "$(ORIGIN)|$(LABEL)|$(REPO_URI)", "Created-By: Packages").Output()
	if err != nil {
		return "", fmt.Errorf("asking apt for its mirror: %w", err)
	}
	mirror, ok := parseMirror(string(out))
	if !ok {
		return "", fmt.Errorf("apt names no Debian mirror: run apt-get update on a Debian machine")
	}
	return mirror, nil
}

// parseMirror takes the first archive of Debian proper; security updates are an archive of their own.
func parseMirror(targets string) (string, bool) {
	for line := range strings.Lines(targets) {
		uri, ok := strings.CutPrefix(strings.TrimSpace(line), "Debian|Debian|")
		if ok && uri != "" {
			return uri, true
		}
	}
	return "", false
}
