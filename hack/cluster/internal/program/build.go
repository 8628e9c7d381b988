package program

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/xatube/xatube-operator/hack/cluster/internal/cache"
)

// recipe changes when the way of building changes in a manner that the table does not show.
const recipe = 1

// Build makes the named commands of a module if the cache lacks them and returns their folder.
// The Go version is not part of the key: a patch release of the toolchain is no reason to build all
// of Kubernetes again.
func Build(ctx context.Context, c *cache.Cache, m Module, commands ...string) (string, error) {
	return c.Fill(ctx, cache.Job{
		Title:  m.Name + " " + m.Version,
		Folder: filepath.Join("programs", fmt.Sprintf("%s-%s-%s", m.Name, m.Version, cache.Key(recipe, m))),
		Files:  commands,
		Make: func(ctx context.Context, missing []string, dir string, log io.Writer) error {
			return compile(ctx, m, missing, dir, log)
		},
	})
}

// All are the names of all commands of a module.
func (m Module) All() []string {
	var names []string
	for name := range m.Commands {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// compile builds commands in a throw-away module of its own that requires the real one: go install
// refuses modules with replacements, and the module cache is read-only.
func compile(ctx context.Context, m Module, commands []string, dir string, log io.Writer) error {
	work, err := os.MkdirTemp(dir, "module-")
	if err != nil {
		return fmt.Errorf("making a module folder: %w", err)
	}
	if err := writeModule(ctx, m, work); err != nil {
		return err
	}
	args := []string{
		"build", "-mod=mod", "-buildvcs=false", "-trimpath",
		"-ldflags", strings.TrimSpace("-s -w " + m.LDFlags), "-o", output(m, commands, dir),
	}
	for _, name := range commands {
		args = append(args, m.Commands[name])
	}
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = work
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOWORK=off", "GOFLAGS=")
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("go build: %w", err)
	}
	return nil
}

// output is a folder if there are several commands: they share one build then, and link in parallel.
func output(m Module, commands []string, dir string) string {
	if len(m.Commands) > 1 {
		return dir + string(filepath.Separator)
	}
	return filepath.Join(dir, commands[0])
}

// Bin builds all programs that run on the host, kubectl included, and returns a folder with links to
// them.
func Bin(ctx context.Context, c *cache.Cache, r Release) (string, error) {
	return link(ctx, c, r, func(string) bool { return true })
}

// AssetFolder builds what envtest needs alone and returns a folder that has it.
func AssetFolder(ctx context.Context, c *cache.Cache, r Release) (string, error) {
	return link(ctx, c, r, func(name string) bool { return slices.Contains(Assets, name) })
}

// link builds the wanted programs and links them in one folder, which all callers share.
func link(ctx context.Context, c *cache.Cache, r Release, wanted func(string) bool) (string, error) {
	modules := Host(r)
	bin := c.Path("bin", string(r)+"-"+cache.Key(recipe, modules))
	if err := os.MkdirAll(bin, 0o755); err != nil {
		return "", fmt.Errorf("making the folder of programs: %w", err)
	}
	for _, m := range modules {
		names := slices.DeleteFunc(m.All(), func(name string) bool { return !wanted(name) })
		folder, err := Build(ctx, c, m, names...)
		if err != nil {
			return "", err
		}
		for _, name := range names {
			if err := hardLink(filepath.Join(folder, name), filepath.Join(bin, name)); err != nil {
				return "", err
			}
		}
	}
	return bin, nil
}

// hardLink makes another name of the same file. A symbolic link would not do: a machine sees this
// folder alone, at another place.
func hardLink(file, name string) error {
	if err := os.Link(file, name); err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("linking %s: %w", filepath.Base(name), err)
	}
	return nil
}

// One builds one program of the host and returns its path.
func One(ctx context.Context, c *cache.Cache, r Release, name string) (string, error) {
	for _, m := range Host(r) {
		if _, ok := m.Commands[name]; ok {
			bin, err := link(ctx, c, r, func(other string) bool { return other == name })
			return filepath.Join(bin, name), err
		}
	}
	return "", fmt.Errorf("no program %q is built", name)
}
