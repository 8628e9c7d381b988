// Command figures makes what docs/benchmarks.md shows of what was measured: from FOLDER/*.json, lines as the benchmarks
// print them, it draws FOLDER/write-gap.svg and rewrites the tables in FOLDER.md.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: figures FOLDER")
		os.Exit(2)
	}
	if err := run(filepath.Clean(os.Args[1])); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(folder string) error {
	r, err := readResults(folder)
	if err != nil {
		return err
	}
	svg, err := draw(r.bars())
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(folder, "write-gap.svg"), svg, 0o644); err != nil {
		return fmt.Errorf("writing the plot: %w", err)
	}
	return rewrite(folder+".md", r)
}

// rewrite replaces the tables of a page.
func rewrite(path string, r results) error {
	page, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("reading the page: %w", err)
	}
	changed, err := replaceTables(page, r)
	if err != nil {
		return fmt.Errorf("rewriting %s: %w", path, err)
	}
	if err := os.WriteFile(path, changed, 0o644); err != nil {
		return fmt.Errorf("writing the page: %w", err)
	}
	return nil
}

// readResults reads what there is: a benchmark that was not run leaves its part out.
func readResults(folder string) (results, error) {
	var r results
	for name, into := range map[string]any{
		"failover": &r.Failover, "nodeloss": &r.Nodeloss, "switchover": &r.Switchover,
		"ready": &r.Ready, "rollout": &r.Rollout, "streams": &r.Streams, "viewers": &r.Viewers,
	} {
		content, err := os.ReadFile(filepath.Join(folder, name+".json"))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return r, fmt.Errorf("reading a result: %w", err)
		}
		if err := json.Unmarshal(content, into); err != nil {
			return r, fmt.Errorf("reading the result of %s: %w", name, err)
		}
	}
	return r, nil
}
