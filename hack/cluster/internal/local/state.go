package local

import (
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/xatube/xatube-operator/hack/cluster/internal/program"
)

// state is what later commands must know and cannot derive.
type state struct {
	Nodes   int  `json:"nodes"`
	APIPort int  `json:"apiPort"` // on the host's loopback
	Ready   bool `json:"ready"`   // up came to its end
	// Kubernetes is absent from the state of clusters of an earlier version of this program, which knew one release.
	Kubernetes program.Release `json:"kubernetes,omitempty"`
}

func (s state) release() program.Release { return cmp.Or(s.Kubernetes, program.Newest) }

const stateFile = "cluster.json"

func loadState(dir string) (state, error) {
	raw, err := os.ReadFile(filepath.Join(dir, stateFile))
	if err != nil {
		return state{}, fmt.Errorf("reading the state of the cluster: %w", err)
	}
	var s state
	if err := json.Unmarshal(raw, &s); err != nil {
		return state{}, fmt.Errorf("decoding the state of the cluster: %w", err)
	}
	return s, nil
}

func (s state) save(dir string) error {
	raw, err := json.Marshal(s)
	if err != nil {
		return fmt.Errorf("encoding the state of the cluster: %w", err)
	}
	if err := os.WriteFile(filepath.Join(dir, stateFile), raw, 0o644); err != nil {
		return fmt.Errorf("writing the state of the cluster: %w", err)
	}
	return nil
}
