// Package config renders the configuration files of the cluster's programs from embedded templates.
package config

import (
	"bytes"
	"embed"
	"encoding/base64"
	"fmt"
	"strings"
	"text/template"
)

//go:embed template
var files embed.FS

var templates = template.Must(template.New("").
	Option("missingkey=error").
	Funcs(template.FuncMap{"base64": base64.StdEncoding.EncodeToString}).
	ParseFS(files, "template/*"))

// Render fills the template of a name. Data is any value whose fields the template names.
func Render(name string, data any) ([]byte, error) {
	var out bytes.Buffer
	if err := templates.ExecuteTemplate(&out, name, data); err != nil {
		return nil, fmt.Errorf("rendering %s: %w", name, err)
	}
	return out.Bytes(), nil
}

// Args renders a template that holds one argument a line. Blank lines and lines of # comments count
// as nothing.
func Args(name string, data any) ([]string, error) {
	raw, err := Render(name, data)
	if err != nil {
		return nil, err
	}
	var args []string
	for line := range strings.Lines(string(raw)) {
		line = strings.TrimSpace(line)
		if line != "" && !strings.HasPrefix(line, "#") {
			args = append(args, line)
		}
	}
	return args, nil
}
