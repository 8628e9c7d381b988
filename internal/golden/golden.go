// Package golden compares what a component renders with files: one folder a case, in.yaml and want.yaml.
// `go test ./... -update` rewrites the wanted files; the diff is the review.
package golden

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	extv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	structuralschema "k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/defaulting"
	"sigs.k8s.io/yaml"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component"
	"github.com/xatube/xatube-operator/internal/credential"
	"github.com/xatube/xatube-operator/internal/observe"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// Run renders every case below testdata with the component. in.yaml is an XaTubeCluster, defaulted as the API
// server would; the credentials that the component asks for exist with fixed content.
func Run(t *testing.T, c component.Component, facts func(name string, in *component.Input)) {
	t.Helper()
	cases, err := filepath.Glob("testdata/*/in.yaml")
	if err != nil || len(cases) == 0 {
		t.Fatalf("no cases below testdata: %v", err)
	}
	for _, path := range cases {
		dir := filepath.Dir(path)
		t.Run(filepath.Base(dir), func(t *testing.T) {
			in := Input(t, path, c)
			if facts != nil {
				facts(filepath.Base(dir), &in)
			}
			objects, err := c.Render(in)
			if err != nil {
				t.Fatalf("rendering: %v", err)
			}
			Compare(t, filepath.Join(dir, "want.yaml"), Documents(t, objects))
		})
	}
}

// Input loads an XaTubeCluster, applies the schema's defaults, and makes the component's credentials.
func Input(t *testing.T, path string, c component.Component) component.Input {
	t.Helper()
	in := component.Input{
		Cluster: Load(t, path),
		Facts:   observe.Facts{Secrets: map[string]*corev1.Secret{}},
		Options: component.Options{ClusterDomain: "cluster.local", Image: "ghcr.io/xatube/xatube-operator:0.1.0", Namespace: "xatube-system"},
	}
	for _, r := range c.Credentials(in) {
		secret := &corev1.Secret{Data: r.Data(credential.Generator{})}
		for k := range secret.Data {
			secret.Data[k] = []byte("generated-" + k)
		}
		secret.Name, secret.Namespace = r.Name, in.Cluster.Namespace
		in.Facts.Secrets[r.Name] = secret
	}
	return in
}

// Load reads an XaTubeCluster and applies the schema's defaults.
func Load(t *testing.T, path string) *v1alpha1.XaTubeCluster {
	t.Helper()
	var raw map[string]any
	if err := yaml.UnmarshalStrict(read(t, path), &raw); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	defaulting.Default(raw, schema(t))
	b, err := json.Marshal(raw)
	if err != nil {
		t.Fatal(err)
	}
	cluster := &v1alpha1.XaTubeCluster{}
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(cluster); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	if cluster.Namespace == "" {
		cluster.Namespace = "default"
	}
	return cluster
}

func schema(t *testing.T) *structuralschema.Structural {
	t.Helper()
	_, here, _, _ := runtime.Caller(0)
	var crd extv1.CustomResourceDefinition
	path := filepath.Join(filepath.Dir(here), "../../config/crd/bases/xatube.io_xatubeclusters.yaml")
	if err := yaml.Unmarshal(read(t, path), &crd); err != nil {
		t.Fatal(err)
	}
	var internal apiextensions.JSONSchemaProps
	if err := extv1.Convert_v1_JSONSchemaProps_To_apiextensions_JSONSchemaProps(crd.Spec.Versions[0].Schema.OpenAPIV3Schema, &internal, nil); err != nil {
		t.Fatal(err)
	}
	s, err := structuralschema.NewStructural(&internal)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Documents writes objects as YAML documents in their order.
func Documents(t *testing.T, objects []component.Object) []byte {
	t.Helper()
	var out bytes.Buffer
	for _, o := range objects {
		b, err := yaml.Marshal(o)
		if err != nil {
			t.Fatal(err)
		}
		out.WriteString("---\n")
		out.Write(b)
	}
	return out.Bytes()
}

// Compare checks got against a file, or rewrites the file under -update.
func Compare(t *testing.T, path string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, got, 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(string(read(t, path)), string(got)); diff != "" {
		t.Errorf("%s differs (-want +got); run with -update if it is meant:\n%s", path, diff)
	}
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
