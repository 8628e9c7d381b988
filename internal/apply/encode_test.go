package apply

import (
	"encoding/json"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"
)

// TestAnyTextSurvivesYAML: the API server reads applies as YAML.
func TestAnyTextSurvivesYAML(t *testing.T) {
	for _, text := range []string{"plain", "a\u007fb", "a\u0085b", "\u009f", "\ufeffa", "a\ufffe", "ü\u2028😀", "\x00\x01\t\r\n", `"\`} {
		u := &unstructured.Unstructured{Object: map[string]any{"kind": "ConfigMap", "data": map[string]any{"k": text}}}
		encoded, err := encode(u)
		if err != nil {
			t.Fatal(err)
		}
		asJSON, err := yaml.YAMLToJSON(encoded)
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		var got struct{ Data map[string]string }
		if err := json.Unmarshal(asJSON, &got); err != nil || got.Data["k"] != text {
			t.Errorf("%q became %q: %v", text, got.Data["k"], err)
		}
	}
}
