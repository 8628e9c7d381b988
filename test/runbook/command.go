// Package runbook reads the commands of the documentation, so that a test can run every one of them.
package runbook

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// Documents whose commands are run, below the root of the repository.
var Documents = []string{"docs/runbooks/*.md", "docs/operations.md", "docs/logging.md", "docs/monitoring.md"}

// Command of a document.
type Command struct {
	// File is the name of the document without its folder, Line where the command begins.
	File string
	Line int
	Text string
}

func (c Command) String() string { return fmt.Sprintf("%s:%d: %s", c.File, c.Line, c.Text) }

// All commands of the documents below the root of the repository, in their order.
func All(root string) ([]Command, error) {
	var out []Command
	for _, pattern := range Documents {
		files, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil || len(files) == 0 {
			return nil, fmt.Errorf("there are no documents %s: %w", pattern, err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				return nil, fmt.Errorf("reading commands: %w", err)
			}
			out = append(out, Read(filepath.Base(file), string(text))...)
		}
	}
	return out, nil
}

// begin and end of what is shown as typed into a shell.
const (
	begin = "```console"
	end   = "```"
	// prompt tells a command from what it prints, in a block that shows both.
	prompt = "$ "
)

// Read the commands of a document.
func Read(file, text string) []Command {
	var out []Command
	lines := strings.Split(text, "\n")
	for i := 0; i < len(lines); i++ {
		if lines[i] != begin {
			continue
		}
		from := i + 1
		for i = from; i < len(lines) && lines[i] != end; i++ {
		}
		out = append(out, block(file, from, lines[from:i])...)
	}
	return out
}

// block is what stands between two fences; from is the index of its first line.
func block(file string, from int, lines []string) []Command {
	prompted := strings.Contains("\n"+strings.Join(lines, "\n"), "\n"+prompt)
	var out []Command
	for i := 0; i < len(lines); i++ {
		text, typed := strings.CutPrefix(lines[i], prompt)
		if strings.TrimSpace(text) == "" || strings.HasPrefix(text, "#") || prompted && !typed {
			continue
		}
		c := Command{File: file, Line: from + i + 1, Text: text}
		for !whole(c.Text) && i+1 < len(lines) {
			i++
			c.Text += "\n" + lines[i]
		}
		out = append(out, c)
	}
	return out
}

var document = regexp.MustCompile(`<<'?(\w+)'?`)

// whole reports whether a shell would begin to work.
func whole(text string) bool {
	if strings.HasSuffix(text, `\`) {
		return false
	}
	mark := document.FindStringSubmatch(text)
	return mark == nil || strings.HasSuffix(text, "\n"+mark[1])
}

// In returns the command for a platform `demo` in a namespace of another name than tube.
func (c Command) In(namespace string) string {
	return strings.NewReplacer("-n tube", "-n "+namespace, "namespace tube ", "namespace "+namespace+" ").Replace(c.Text)
}

var change = regexp.MustCompile(`^kubectl (annotate|apply|create|delete|label|patch|scale) `)

// Dry returns a command that changes something as one of which the API server says whether it would: what becomes of the change has
// end-to-end tests of its own. Others come back as they are.
func Dry(text string) string {
	if strings.Contains(text, "--dry-run") {
		return text
	}
	return change.ReplaceAllString(text, "kubectl $1 --dry-run=server ")
}

// Source is the first program of a pipeline, whose output the others choose from; searches reports whether the last one is a
// grep, which finds nothing on a platform that is well.
func Source(text string) (source string, searches bool) {
	parts := strings.Split(text, " | ")
	return parts[0], len(parts) > 1 && strings.HasPrefix(parts[len(parts)-1], "grep ")
}
