package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"sigs.k8s.io/yaml"
)

// readSchema of the spec, from the CRD.
func readSchema(root string) (props, error) {
	path := filepath.Join(root, "config/crd/bases/xatube.io_xatubeclusters.yaml")
	text, err := os.ReadFile(path)
	if err != nil {
		return props{}, fmt.Errorf("reading the CRD: %w", err)
	}
	var crd apiextensionsv1.CustomResourceDefinition
	if err := yaml.UnmarshalStrict(text, &crd); err != nil {
		return props{}, fmt.Errorf("reading %s: %w", path, err)
	}
	return crd.Spec.Versions[0].Schema.OpenAPIV3Schema.Properties["spec"], nil
}

// at finds the schema of the value at an API server's path, e.g. spec.edge.pod.env[2].name.
func at(s *props, steps []string) *props {
	for _, step := range steps {
		field, known := s.Properties[step]
		switch {
		case known:
			s = &field
		case s.Items != nil:
			s = s.Items.Schema
		case s.AdditionalProperties != nil:
			s = s.AdditionalProperties.Schema
		default:
			return nil
		}
	}
	return s
}

// around a field are the fields that have to be set with it.
func around(field string) []string {
	var out []string
	for i, r := range field {
		if r == '.' {
			out = append(out, field[:i])
		}
	}
	return append(out, field)
}

// steps of an API server's path below spec.
func steps(path string) []string {
	path = strings.NewReplacer("[", ".", "]", "").Replace(path)
	parts := strings.Split(path, ".")
	if parts[0] != "spec" {
		return nil
	}
	return parts[1:]
}
