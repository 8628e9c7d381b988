package addon

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"path"
	"slices"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/xatube/xatube-operator/hack/cluster/internal/image"
)

// objects decodes all documents of all manifests.
func objects(t *testing.T) map[string][]map[string]any {
	t.Helper()
	all := map[string][]map[string]any{}
	err := fs.WalkDir(manifests, "manifest", func(file string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		raw, err := fs.ReadFile(manifests, file)
		if err != nil {
			return err
		}
		decoder := yaml.NewDecoder(bytes.NewReader(raw))
		for {
			var object map[string]any
			if err := decoder.Decode(&object); errors.Is(err, io.EOF) {
				return nil
			} else if err != nil {
				return err
			}
			all[file] = append(all[file], object)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// The cluster has no registry: what a manifest runs must be in the table of images.
func TestImagesAreBuilt(t *testing.T) {
	var built []string
	for _, img := range image.Servers {
		built = append(built, img.Ref)
	}
	for _, program := range slices.Concat(image.Programs, image.MonitoringPrograms) {
		built = append(built, program.Ref)
	}
	for _, packaged := range image.MonitoringPackaged {
		built = append(built, packaged.Ref)
	}
	for file, documents := range objects(t) {
		for _, document := range documents {
			for _, ref := range images(document) {
				if !slices.Contains(built, ref) {
					t.Errorf("%s runs %s, which is not built", file, ref)
				}
			}
		}
	}
}

// images collects the image of every container of an object.
func images(node any) []string {
	var refs []string
	switch node := node.(type) {
	case map[string]any:
		for key, value := range node {
			if ref, ok := value.(string); ok && key == "image" {
				refs = append(refs, ref)
			}
			refs = append(refs, images(value)...)
		}
	case []any:
		for _, value := range node {
			refs = append(refs, images(value)...)
		}
	}
	return refs
}

func TestKustomizationsNameTheirFiles(t *testing.T) {
	all := objects(t)
	for name := range deployments {
		file := path.Join("manifest", name, "kustomization.yaml")
		documents := all[file]
		if len(documents) != 1 {
			t.Errorf("%s has %d documents", file, len(documents))
			continue
		}
		for _, resource := range documents[0]["resources"].([]any) {
			if resource == "release.yaml" { // written by Write
				continue
			}
			if all[path.Join("manifest", name, resource.(string))] == nil {
				t.Errorf("%s names %s, which is not there", file, resource)
			}
		}
	}
}

func TestOneDefaultClass(t *testing.T) {
	defaults := 0
	for _, class := range objects(t)["manifest/storage/class.yaml"] {
		annotations := class["metadata"].(map[string]any)["annotations"].(map[string]any)
		if annotations["storageclass.kubernetes.io/is-default-class"] == "true" {
			defaults++
		}
	}
	if defaults != 1 {
		t.Errorf("%d default classes", defaults)
	}
}
