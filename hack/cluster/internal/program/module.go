package program

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/mod/modfile"
)

// Source downloads a module, if needed, and returns the folder with its files.
func Source(ctx context.Context, path, version string) (string, error) {
	cmd := exec.CommandContext(ctx, "go", "mod", "download", "-json", path+"@"+version)
	cmd.Dir = os.TempDir() // not inside some module, whose settings would count
	cmd.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=")
	raw, err := cmd.Output()
	var answer struct{ Dir, Error string }
	if jsonErr := json.Unmarshal(raw, &answer); jsonErr == nil && answer.Error != "" {
		return "", fmt.Errorf("downloading %s %s: %s", path, version, answer.Error)
	}
	if err != nil {
		return "", fmt.Errorf("downloading %s %s: %w", path, version, err)
	}
	return answer.Dir, nil
}

func writeModule(ctx context.Context, m Module, dir string) error {
	mod, sum, err := moduleFiles(ctx, m)
	if err != nil {
		return err
	}
	for _, r := range m.Replace {
		if err := copyAmended(ctx, r, dir); err != nil {
			return fmt.Errorf("amending %s: %w", r.Path, err)
		}
	}
	if m.Main != "" {
		if err := os.WriteFile(filepath.Join(dir, "main.go"), []byte(m.Main), 0o644); err != nil {
			return fmt.Errorf("writing main.go: %w", err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "go.mod"), mod, 0o644); err != nil {
		return fmt.Errorf("writing go.mod: %w", err)
	}
	if err := os.WriteFile(filepath.Join(dir, "go.sum"), sum, 0o644); err != nil {
		return fmt.Errorf("writing go.sum: %w", err)
	}
	return nil
}

func moduleFiles(ctx context.Context, m Module) (mod, sum []byte, err error) {
	if m.Staging == "" {
		version, err := goVersion(ctx)
		if err != nil {
			return nil, nil, err
		}
		mod, err = plainModule(m, version)
		return mod, nil, err
	}
	source, err := Source(ctx, m.Path, m.Version)
	if err != nil {
		return nil, nil, err
	}
	upstream, err := os.ReadFile(filepath.Join(source, "go.mod"))
	if err != nil {
		return nil, nil, fmt.Errorf("reading the go.mod of %s: %w", m.Path, err)
	}
	if sum, err = os.ReadFile(filepath.Join(source, "go.sum")); err != nil {
		return nil, nil, fmt.Errorf("reading the go.sum of %s: %w", m.Path, err)
	}
	mod, err = stagedModule(m, upstream)
	return mod, sum, err
}

// goVersion returns the toolchain's version, the highest that a dependency may ask for.
func goVersion(ctx context.Context) (string, error) {
	out, err := exec.CommandContext(ctx, "go", "env", "GOVERSION").Output()
	if err != nil {
		return "", fmt.Errorf("asking go for its version: %w", err)
	}
	fields := strings.Fields(strings.TrimPrefix(string(out), "go"))
	if len(fields) == 0 {
		return "", fmt.Errorf("go has no version: %q", out)
	}
	return fields[0], nil
}

// plainModule is the go.mod of a build that only requires the module.
func plainModule(m Module, goVersion string) ([]byte, error) {
	file := &modfile.File{Syntax: &modfile.FileSyntax{}}
	if err := file.AddModuleStmt("build/" + m.Name); err != nil {
		return nil, fmt.Errorf("naming the build of %s: %w", m.Name, err)
	}
	if err := file.AddGoStmt(goVersion); err != nil {
		return nil, fmt.Errorf("setting the Go version of %s: %w", m.Name, err)
	}
	if err := file.AddRequire(m.Path, m.Version); err != nil {
		return nil, fmt.Errorf("requiring %s: %w", m.Path, err)
	}
	for old, r := range m.Replace {
		path, version := r.Path, r.Version
		if len(r.Amend) > 0 {
			path, version = "./"+r.folder(), ""
		}
		if err := file.AddReplace(old, "", path, version); err != nil {
			return nil, fmt.Errorf("replacing %s: %w", old, err)
		}
	}
	return format(file)
}

// folder is where the amended copy lies, beside the go.mod.
func (r Replacement) folder() string { return filepath.Base(r.Path) }

// copyAmended copies a module beside the go.mod and changes the copy; the module cache is read-only.
func copyAmended(ctx context.Context, r Replacement, dir string) error {
	if len(r.Amend) == 0 {
		return nil
	}
	source, err := Source(ctx, r.Path, r.Version)
	if err != nil {
		return err
	}
	target := filepath.Join(dir, r.folder())
	if err := os.CopyFS(target, os.DirFS(source)); err != nil {
		return fmt.Errorf("copying it: %w", err)
	}
	for _, a := range r.Amend {
		if err := a.apply(target); err != nil {
			return fmt.Errorf("changing %s: %w", a.File, err)
		}
	}
	return nil
}

func (a Amendment) apply(dir string) error {
	path := filepath.Join(dir, a.File)
	if a.Old == "" {
		return os.WriteFile(path, []byte(a.New), 0o644)
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if n := strings.Count(string(raw), a.Old); n != 1 {
		return fmt.Errorf("%q occurs %d times, want once", a.Old, n)
	}
	return os.WriteFile(path, []byte(strings.Replace(string(raw), a.Old, a.New, 1)), 0o644)
}

// stagedModule turns kubernetes' own go.mod into one that requires kubernetes and takes the staging
// modules in their published versions.
func stagedModule(m Module, upstream []byte) ([]byte, error) {
	file, err := modfile.Parse("go.mod", upstream, nil)
	if err != nil {
		return nil, fmt.Errorf("parsing the go.mod of %s: %w", m.Path, err)
	}
	if err := file.AddModuleStmt("build/" + m.Name); err != nil {
		return nil, fmt.Errorf("naming the build of %s: %w", m.Name, err)
	}
	for _, replaced := range slices.Clone(file.Replace) {
		old := replaced.Old
		if err := file.AddReplace(old.Path, old.Version, old.Path, m.Staging); err != nil {
			return nil, fmt.Errorf("replacing %s: %w", old.Path, err)
		}
	}
	if err := file.AddRequire(m.Path, m.Version); err != nil {
		return nil, fmt.Errorf("requiring %s: %w", m.Path, err)
	}
	return format(file)
}

func format(file *modfile.File) ([]byte, error) {
	file.Cleanup()
	raw, err := file.Format()
	if err != nil {
		return nil, fmt.Errorf("formatting go.mod: %w", err)
	}
	return raw, nil
}
