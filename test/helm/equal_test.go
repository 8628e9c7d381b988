package helm

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
)

// TestDefaultEqualsKustomize holds the two ways to install against each other: with the names that kustomize gives,
// the chart makes the same objects.
func TestDefaultEqualsKustomize(t *testing.T) {
	chart, _ := render(t, "xatube-operator", "")
	manifests := kustomize(t, "../../config/default")
	delete(manifests, id{"Namespace", "", namespace}) // helm install --create-namespace makes it

	if diff := cmp.Diff(keys(manifests), keys(chart), cmp.AllowUnexported(id{})); diff != "" {
		t.Fatalf("objects of config/default (-) and of the chart (+):\n%s", diff)
	}
	for key := range manifests {
		if diff := cmp.Diff(anonymous(manifests[key]), anonymous(chart[key])); diff != "" {
			t.Errorf("%s %s in config/default (-) and in the chart (+):\n%s", key.kind, key.name, diff)
		}
	}
}

// TestServiceMonitorEqualsKustomize: the chart makes it when asked, kustomize as a component.
func TestServiceMonitorEqualsKustomize(t *testing.T) {
	chart, _ := render(t, "xatube-operator", "serviceMonitor: {enabled: true}")
	folder := t.TempDir()
	here, err := filepath.Abs("../../config")
	if err != nil {
		t.Fatal(err)
	}
	file := fmt.Sprintf("resources: [%[1]s/default]\ncomponents: [%[1]s/prometheus]\n", relative(t, folder, here))
	if err := os.WriteFile(filepath.Join(folder, "kustomization.yaml"), []byte(file), 0o600); err != nil {
		t.Fatal(err)
	}
	key := id{"ServiceMonitor", namespace, "xatube-operator-controller-manager"}
	manifest, made := kustomize(t, folder)[key], chart[key]
	if manifest == nil || made == nil {
		t.Fatalf("kustomize makes %v, the chart %v", manifest, made)
	}
	for _, u := range []*unstructured.Unstructured{manifest, made} {
		// One tells its pods by the release, the other by what all of it is a part of.
		unstructured.RemoveNestedField(u.Object, "spec", "selector")
	}
	if diff := cmp.Diff(anonymous(manifest), anonymous(made)); diff != "" {
		t.Errorf("config/prometheus (-) and the chart (+):\n%s", diff)
	}
	labelled, _ := render(t, "xatube-operator", "serviceMonitor: {enabled: true, labels: {release: stack}, interval: 1m}")
	if got := labelled[key].GetLabels()["release"]; got != "stack" {
		t.Errorf("the user's label is %q", got)
	}
}

func relative(t *testing.T, from, to string) string {
	t.Helper()
	path, err := filepath.Rel(from, to)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func kustomize(t *testing.T, folder string) objects {
	t.Helper()
	built, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), folder)
	if err != nil {
		t.Fatal(err)
	}
	text, err := built.AsYaml()
	if err != nil {
		t.Fatal(err)
	}
	out := objects{}
	parse(t, out, folder, string(text))
	return out
}

func keys(o objects) []id {
	return slices.SortedFunc(maps.Keys(o), func(a, b id) int {
		return slices.Compare([]string{a.kind, a.namespace, a.name}, []string{b.kind, b.namespace, b.name})
	})
}

// anonymous leaves out what says who installed an object, and what a default says already.
func anonymous(u *unstructured.Unstructured) map[string]any {
	u = u.DeepCopy()
	labels := u.GetLabels()
	for _, who := range []string{"app.kubernetes.io/managed-by", "app.kubernetes.io/instance", "app.kubernetes.io/version", "helm.sh/chart"} {
		delete(labels, who)
	}
	u.SetLabels(labels)
	annotations := u.GetAnnotations()
	delete(annotations, "helm.sh/resource-policy")
	u.SetAnnotations(annotations)
	containers, _, _ := unstructured.NestedSlice(u.Object, "spec", "template", "spec", "containers")
	for _, c := range containers {
		if c := c.(map[string]any); c["imagePullPolicy"] == "IfNotPresent" {
			delete(c, "imagePullPolicy")
		}
	}
	if containers != nil {
		// The slice came from this object, so it fits.
		_ = unstructured.SetNestedSlice(u.Object, containers, "spec", "template", "spec", "containers")
	}
	return u.Object
}
