// Command plot draws what the benchmarks measured: from FOLDER/*.json, lines as the benchmarks print them, it makes
// FOLDER/write-gap.svg.
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
		fmt.Fprintln(os.Stderr, "usage: plot FOLDER")
		os.Exit(2)
	}
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(folder string) error {
	var bars []bar
	for _, c := range charts {
		var result measured
		err := read(filepath.Join(folder, c.file), &result)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		bars = append(bars, c.bars(result)...)
	}
	if len(bars) == 0 {
		return fmt.Errorf("%s holds no results", folder)
	}
	svg, err := draw(bars)
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(folder, "write-gap.svg"), svg, 0o644); err != nil {
		return fmt.Errorf("writing the plot: %w", err)
	}
	return nil
}

func read(path string, into any) error {
	content, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("reading a result: %w", err)
	}
	if err := json.Unmarshal(content, into); err != nil {
		return fmt.Errorf("reading %s: %w", path, err)
	}
	return nil
}
