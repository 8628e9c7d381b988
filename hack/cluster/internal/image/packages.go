package image

import (
	"context"
	"debug/elf"
	_ "embed"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/xatube/xatube-operator/hack/cluster/internal/cache"
)

//go:embed recipe/packages.sh
var packagesRecipe string

// packages hold the programs of Packaged, and promtool. They are not in the layer of the servers, which every cluster
// loads.
var packages = []string{"libc6", "prometheus", "promtool", "prometheus-node-exporter"}

// Packaged is an image that holds one program of a Debian package and the C library.
type Packaged struct {
	Image
	Program string // its name in Debian
	Path    string // in the image
}

// unpackPackages returns the root folder of the packages' files.
func unpackPackages(ctx context.Context, c *cache.Cache) (string, error) {
	const root = "root"
	folder, err := c.Fill(ctx, cache.Job{
		Title:  "packages of Debian " + suite,
		Folder: filepath.Join("packages", cache.Key(packagesRecipe, suite, packages)),
		Files:  []string{root},
		Make: func(ctx context.Context, _ []string, dir string, log io.Writer) error {
			return runPackages(ctx, filepath.Join(dir, root), log)
		},
	})
	return filepath.Join(folder, root), err
}

func runPackages(ctx context.Context, root string, log io.Writer) error {
	mirror, err := debianMirror(ctx)
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, "sh", "-c", packagesRecipe)
	cmd.Env = append(os.Environ(), "MIRROR="+mirror, "SUITE="+suite, "ROOT="+root, "PACKAGES="+strings.Join(packages, " "))
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("running the recipe of the packages: %w", err)
	}
	return nil
}

func buildPackaged(ctx context.Context, c *cache.Cache, p Packaged) (string, error) {
	folder, err := c.Fill(ctx, cache.Job{
		Title:  "image " + p.Ref,
		Folder: filepath.Join("images", p.Program+"-"+cache.Key(p, recipe, packagesRecipe, suite, packages)),
		Files:  []string{archiveFile},
		Make: func(ctx context.Context, _ []string, dir string, _ io.Writer) error {
			root, err := unpackPackages(ctx, c)
			if err != nil {
				return err
			}
			files, err := packagedFiles(root, p)
			if err != nil {
				return err
			}
			return Scratch(filepath.Join(dir, archiveFile), []Image{p.Image}, files)
		},
	})
	return filepath.Join(folder, archiveFile), err
}

// packagedFiles are the program, the loader at the path that the program names, and the C library where the loader
// looks.
func packagedFiles(root string, p Packaged) ([]File, error) {
	program := filepath.Join(root, "usr/bin", p.Program)
	interpreter, err := loader(program)
	if err != nil {
		return nil, err
	}
	libraries, err := filepath.Glob(filepath.Join(root, "usr/lib/*-linux-gnu/libc.so.6"))
	if err != nil || len(libraries) != 1 {
		return nil, fmt.Errorf("looking for the C library: %d found, %w", len(libraries), err)
	}
	library := libraries[0]
	return []File{
		{Path: p.Path, Mode: 0o755, Source: program},
		{Path: interpreter, Mode: 0o755, Source: filepath.Join(filepath.Dir(library), filepath.Base(interpreter))},
		{Path: strings.TrimPrefix(library, root), Mode: 0o755, Source: library},
	}, nil
}

// loader is what a program names as its interpreter.
func loader(program string) (string, error) {
	file, err := elf.Open(program)
	if err != nil {
		return "", fmt.Errorf("reading a program: %w", err)
	}
	defer func() { _ = file.Close() }()
	section := file.Section(".interp")
	if section == nil {
		return "", fmt.Errorf("%s is static", program)
	}
	path, err := section.Data()
	if err != nil {
		return "", fmt.Errorf("reading the loader of %s: %w", program, err)
	}
	return strings.TrimRight(string(path), "\x00"), nil
}
