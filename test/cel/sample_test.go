package cel

import (
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"
)

// samples are admitted as they are written, and so are a resource without a spec and one with an empty spec.
func samples(t *testing.T) {
	files, err := filepath.Glob("../../config/samples/*_xatubecluster*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no samples: %v", err)
	}
	written := map[string]bool{}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			u := readSample(t, file)
			if err := create(t.Context(), u); err != nil {
				t.Error(err)
			}
			maps.Copy(written, paths(readSample(t, file).Object))
		})
	}
	t.Run("no spec", func(t *testing.T) {
		if err := create(t.Context(), platform(nil)); err != nil {
			t.Error(err)
		}
	})
	t.Run("empty spec", func(t *testing.T) { accept(t, "{}") })
	t.Run("every field is shown", func(t *testing.T) { everyFieldShown(t, written) })
}

func readSample(t *testing.T, file string) *unstructured.Unstructured {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	u := &unstructured.Unstructured{}
	if err := yaml.Unmarshal(text, u); err != nil {
		t.Fatalf("parsing %s: %v", file, err)
	}
	u.SetNamespace("default")
	return u
}

// everyFieldShown holds the samples to the promise of the full one. The settings of pods are shown once.
func everyFieldShown(t *testing.T, written map[string]bool) {
	walk("spec", readSchema(t).Properties["spec"], func(path string, _ apiextensionsv1.JSONSchemaProps) {
		for _, component := range components[1:] {
			if within(path, "spec."+component+".pod") {
				return
			}
		}
		if !written[strings.TrimSuffix(path, anyKey)] {
			t.Errorf("no sample sets %s", path)
		}
	})
}

func within(path, parent string) bool {
	return path == parent || len(path) > len(parent) && path[:len(parent)+1] == parent+"."
}
