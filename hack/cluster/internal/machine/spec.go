// Package machine runs groups of processes that live and die like a computer: with a process table,
// mounts, /var, /run, a host name and a network namespace of their own. Its first process is an init
// of ours; when that is killed the kernel ends all others and undoes every mount, which is both how a
// machine loses its power and how a cluster is cleaned up without remainder.
package machine

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
)

// Spec is all that the init must know. Paths are the machine's own, unless said otherwise.
type Spec struct {
	Name      string    `json:"name"`      // also the host name
	Dir       string    `json:"dir"`       // the machine's folder on the host; its var becomes /var
	Namespace string    `json:"namespace"` // of the network, by name
	Cgroup    string    `json:"cgroup"`
	Mounts    []Mount   `json:"mounts,omitempty"`
	Processes []Process `json:"processes"`
}

// Mount shows a folder of the host at a path below /var.
type Mount struct {
	Source string `json:"source"` // on the host
	Target string `json:"target"`
}

// Process is kept running: it is started again when it ends.
type Process struct {
	Name string   `json:"name"` // also of the log, /var/log/NAME.log
	Args []string `json:"args"`
	// After is the path of a Unix socket that must accept connections before the first start.
	After string `json:"after,omitempty"`
}

const (
	specFile   = "machine.json"
	recordFile = "init.json"
	logFile    = "init.log"
)

// Save writes the spec into the machine's folder.
func (s Spec) Save() error {
	raw, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return fmt.Errorf("encoding machine %s: %w", s.Name, err)
	}
	if err := os.WriteFile(filepath.Join(s.Dir, specFile), raw, 0o644); err != nil {
		return fmt.Errorf("writing machine %s: %w", s.Name, err)
	}
	return nil
}

// Load reads the spec in a machine's folder.
func Load(dir string) (Spec, error) {
	raw, err := os.ReadFile(filepath.Join(dir, specFile))
	if err != nil {
		return Spec{}, fmt.Errorf("reading a machine: %w", err)
	}
	var s Spec
	if err := json.Unmarshal(raw, &s); err != nil {
		return Spec{}, fmt.Errorf("decoding machine %s: %w", dir, err)
	}
	return s, nil
}
