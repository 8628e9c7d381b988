package local

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
)

// state is what later commands must know and cannot derive.
type state struct {
	Nodes   int  `json:"nodes"`
	APIPort int  `json:"apiPort"` // on the host's loopback
	Ready   bool `json:"ready"`   // up came to its end
}

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
