// Package helm holds the tests of the chart: they render it in process, as helm does.
package helm

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"maps"
	"path"
	"slices"
	"strings"
	"testing"

	"helm.sh/helm/v4/pkg/chart/common"
	"helm.sh/helm/v4/pkg/chart/common/util"
	"helm.sh/helm/v4/pkg/chart/v2/loader"
	"helm.sh/helm/v4/pkg/engine"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	yamlutil "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/yaml"
)

const (
	chartFolder = "../../charts/xatube-operator"
	namespace   = "xatube-system"
)

// id tells objects apart.
type id struct{ kind, namespace, name string }

type objects map[id]*unstructured.Unstructured

// find returns the only object of a kind.
func (o objects) find(t *testing.T, kind string) *unstructured.Unstructured {
	t.Helper()
	var found *unstructured.Unstructured
	for id, u := range o {
		if id.kind != kind {
			continue
		}
		if found != nil {
			t.Fatalf("there are several objects of kind %s", kind)
		}
		found = u
	}
	if found == nil {
		t.Fatalf("there is no object of kind %s", kind)
	}
	return found
}

// render is helm install with values given in YAML, without its objects being applied.
func render(t *testing.T, release, values string) (objects, string) {
	t.Helper()
	files, err := renderFiles(release, values)
	if err != nil {
		t.Fatal(err)
	}
	out := objects{}
	var notes string
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if path.Base(name) == "NOTES.txt" {
			notes = files[name]
			continue
		}
		parse(t, out, name, files[name])
	}
	return out, notes
}

func renderFiles(release, values string) (map[string]string, error) {
	chart, err := loader.Load(chartFolder)
	if err != nil {
		return nil, err
	}
	given := map[string]any{}
	if err := yaml.Unmarshal([]byte(values), &given); err != nil {
		return nil, err
	}
	options := common.ReleaseOptions{Name: release, Namespace: namespace, Revision: 1, IsInstall: true}
	all, err := util.ToRenderValues(chart, given, options, common.DefaultCapabilities)
	if err != nil {
		return nil, err
	}
	return engine.Render(chart, all)
}

// parse reads a stream of YAML documents. A key that is there twice is an error.
func parse(t *testing.T, out objects, name, stream string) {
	t.Helper()
	reader := yamlutil.NewYAMLReader(bufio.NewReader(strings.NewReader(stream)))
	for {
		document, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatalf("reading %s: %v", name, err)
		}
		u := &unstructured.Unstructured{}
		if err := yaml.UnmarshalStrict(document, &u.Object); err != nil {
			t.Fatalf("parsing %s: %v\n%s", name, err, document)
		}
		if len(u.Object) == 0 {
			continue
		}
		key := id{u.GetKind(), u.GetNamespace(), u.GetName()}
		if out[key] != nil {
			t.Fatalf("%s renders %v twice", name, key)
		}
		out[key] = u
	}
}

func container(t *testing.T, deployment *unstructured.Unstructured) map[string]any {
	t.Helper()
	all, _, err := unstructured.NestedSlice(deployment.Object, "spec", "template", "spec", "containers")
	if err != nil || len(all) != 1 {
		t.Fatalf("the deployment has containers %v: %v", all, err)
	}
	return all[0].(map[string]any)
}

func args(t *testing.T, deployment *unstructured.Unstructured) []string {
	t.Helper()
	var out []string
	for _, a := range container(t, deployment)["args"].([]any) {
		out = append(out, a.(string))
	}
	return out
}

// at prints the value at a path.
func at(object map[string]any, path ...string) string {
	value, _, err := unstructured.NestedFieldNoCopy(object, path...)
	if err != nil {
		return err.Error()
	}
	return fmt.Sprint(value)
}

func TestImage(t *testing.T) {
	const digest = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
	tests := []struct{ name, values, want string }{
		{"the chart's version", "", "ghcr.io/xatube/xatube-operator:" + appVersion(t)},
		{"a tag", "image: {tag: edge}", "ghcr.io/xatube/xatube-operator:edge"},
		{"a digest wins", "image: {tag: edge, digest: '" + digest + "'}", "ghcr.io/xatube/xatube-operator@" + digest},
		{"a mirror", "image: {repository: 'mirror.example.com:5000/op', tag: '1'}", "mirror.example.com:5000/op:1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			all, _ := render(t, "xatube-operator", tt.values)
			if got := container(t, all.find(t, "Deployment"))["image"]; got != tt.want {
				t.Errorf("got %v, want %s", got, tt.want)
			}
			told := container(t, all.find(t, "Deployment"))["env"].([]any)[0].(map[string]any)
			if told["name"] != "OPERATOR_IMAGE" || told["value"] != tt.want {
				t.Errorf("the operator is told %v, want %s", told, tt.want)
			}
		})
	}
}

func appVersion(t *testing.T) string {
	t.Helper()
	chart, err := loader.Load(chartFolder)
	if err != nil {
		t.Fatal(err)
	}
	return chart.Metadata.AppVersion
}

func TestCRD(t *testing.T) {
	tests := []struct {
		values        string
		installed     bool
		keepAnnotated bool
	}{
		{"", true, true},
		{"crds: {keep: false}", true, false},
		{"crds: {install: false}", false, false},
	}
	for _, tt := range tests {
		t.Run(tt.values, func(t *testing.T) {
			all, notes := render(t, "xatube-operator", tt.values)
			crd := all[id{"CustomResourceDefinition", "", "xatubeclusters.xatube.io"}]
			if (crd != nil) != tt.installed {
				t.Fatalf("CRD rendered: %v", crd != nil)
			}
			if crd != nil && (crd.GetAnnotations()["helm.sh/resource-policy"] == "keep") != tt.keepAnnotated {
				t.Errorf("annotations %v", crd.GetAnnotations())
			}
			if got := strings.Contains(notes, "leaves the CRD and every platform running"); got != tt.keepAnnotated {
				t.Errorf("the notes promise to keep the CRD: %v", got)
			}
		})
	}
}

func TestPodSettings(t *testing.T) {
	all, _ := render(t, "xatube-operator", `
replicas: 2
imagePullSecrets: [{name: regcred}]
logLevel: debug
clusterDomain: example.internal
concurrency: 9
maxConcurrentRollouts: 3
allowedCollectorImages: [mirror.example.com/otel, ghcr.io/acme]
extraArgs: [--kubeconfig=/tmp/x]
resources: null
nodeSelector: {disk: ssd}
tolerations: [{operator: Exists}]
affinity: {podAntiAffinity: {}}
topologySpreadConstraints: [{topologyKey: zone, maxSkew: 1, whenUnsatisfiable: DoNotSchedule}]
priorityClassName: high
podAnnotations: {example.com/a: b}
podLabels: {team: video}
serviceAccount: {name: operator, annotations: {example.com/role: r}}
`)
	deployment := all.find(t, "Deployment")
	want := map[string]string{
		"imagePullSecrets":          "[map[name:regcred]]",
		"nodeSelector":              "map[disk:ssd]",
		"tolerations":               "[map[operator:Exists]]",
		"affinity":                  "map[podAntiAffinity:map[]]",
		"topologySpreadConstraints": "[map[maxSkew:1 topologyKey:zone whenUnsatisfiable:DoNotSchedule]]",
		"priorityClassName":         "high",
		"serviceAccountName":        "operator",
	}
	for field, value := range want {
		if got := at(deployment.Object, "spec", "template", "spec", field); got != value {
			t.Errorf("%s is %s, want %s", field, got, value)
		}
	}
	if got := at(deployment.Object, "spec", "replicas"); got != "2" {
		t.Errorf("replicas is %s", got)
	}
	if got := at(deployment.Object, "spec", "template", "metadata", "annotations", "example.com/a"); got != "b" {
		t.Errorf("the pods' annotation is %s", got)
	}
	if got := at(deployment.Object, "spec", "template", "metadata", "labels", "team"); got != "video" {
		t.Errorf("the pods' label is %s", got)
	}
	for _, arg := range []string{"--log-level=debug", "--cluster-domain=example.internal", "--concurrency=9", "--max-concurrent-rollouts=3", "--allowed-collector-images=mirror.example.com/otel,ghcr.io/acme", "--kubeconfig=/tmp/x"} {
		if !slices.Contains(args(t, deployment), arg) {
			t.Errorf("%v lack %s", args(t, deployment), arg)
		}
	}
	if _, limited := container(t, deployment)["resources"]; limited {
		t.Error("resources are rendered although they are taken away")
	}
	account := all[id{"ServiceAccount", namespace, "operator"}]
	if account == nil || account.GetAnnotations()["example.com/role"] != "r" {
		t.Errorf("service account %v", account)
	}
}

// TestPodMetadataOfTheUser: an annotation of the chart gives way to the user's, a label that the Deployment selects its pods
// by does not.
func TestPodMetadataOfTheUser(t *testing.T) {
	all, _ := render(t, "xatube-operator", `
podAnnotations: {kubectl.kubernetes.io/default-container: sidecar}
podLabels: {app.kubernetes.io/instance: other, team: video}
`)
	deployment := all.find(t, "Deployment")
	for path, want := range map[string]string{
		"annotations/kubectl.kubernetes.io~default-container": "sidecar",
		"labels/app.kubernetes.io~instance":                   "xatube-operator",
		"labels/team":                                         "video",
	} {
		kind, name, _ := strings.Cut(path, "/")
		name = strings.ReplaceAll(name, "~", "/")
		if got := at(deployment.Object, "spec", "template", "metadata", kind, name); got != want {
			t.Errorf("%s %s is %s, want %s", kind, name, got, want)
		}
	}
}

// TestSpread: several pods of the operator are spread over nodes, so that the loss of one node leaves a guard.
func TestSpread(t *testing.T) {
	for values, want := range map[string]string{"": "", "replicas: 2": "kubernetes.io/hostname"} {
		all, _ := render(t, "xatube-operator", values)
		constraints := at(all.find(t, "Deployment").Object, "spec", "template", "spec", "topologySpreadConstraints")
		if want == "" && constraints != "" && constraints != "<nil>" {
			t.Errorf("a single pod has %s", constraints)
		}
		if !strings.Contains(constraints, want) {
			t.Errorf("%s: got %s", values, constraints)
		}
	}
}

func TestForeignServiceAccount(t *testing.T) {
	all, _ := render(t, "xatube-operator", "serviceAccount: {create: false, name: theirs}")
	for key, u := range all {
		if key.kind == "ServiceAccount" {
			t.Errorf("%s is made", key.name)
		}
		subjects, _, _ := unstructured.NestedSlice(u.Object, "subjects")
		for _, s := range subjects {
			if s.(map[string]any)["name"] != "theirs" {
				t.Errorf("%s binds %v", key.name, s)
			}
		}
	}
}

// TestNames makes two releases in one namespace and one with the longest name that helm allows.
func TestNames(t *testing.T) {
	one, _ := render(t, "one", "crds: {install: false}")
	two, _ := render(t, strings.Repeat("x", 53), "crds: {install: false}")
	for key := range one {
		if two[key] != nil {
			t.Errorf("both releases have %v", key)
		}
	}
	for key := range two {
		if len(key.name) > 63 {
			t.Errorf("%s %s is longer than 63 characters", key.kind, key.name)
		}
	}
}
