package cel

import (
	"strings"
	"testing"
)

// names of children are built from the name of the resource, so it is bounded more tightly than Kubernetes does.
func names(t *testing.T) {
	tests := []struct{ name, says string }{
		{"a", ""},
		{"my-tube-2", ""},
		{strings.Repeat("a", 35), ""},
		{strings.Repeat("a", 36), "choose a shorter name"},
		{"2nd-tube", "must start with a letter"},
		{"my.tube", "write e.g. my-tube"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			u := platform(nil)
			u.SetName(tt.name)
			err := create(t.Context(), u)
			if tt.says != "" {
				expect(t, err, "", tt.says)
			} else if err != nil {
				t.Errorf("refused: %v", err)
			}
		})
	}
}
