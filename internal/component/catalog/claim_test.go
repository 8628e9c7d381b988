package catalog_test

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/xatube/xatube-operator/api/v1alpha1"
)

// claims of a platform by the names that Kubernetes, CloudNativePG and prometheus-operator give them.
func claims(t *testing.T, objects map[string]*unstructured.Unstructured) []string {
	t.Helper()
	var out []string
	for _, u := range objects {
		switch u.GetKind() {
		case "PersistentVolumeClaim":
			out = append(out, u.GetName())
		case "StatefulSet":
			templates, _, _ := unstructured.NestedSlice(u.Object, "spec", "volumeClaimTemplates")
			for _, template := range templates {
				name, _, _ := unstructured.NestedString(template.(map[string]any), "metadata", "name")
				out = append(out, fmt.Sprintf("%s-%s-0", name, u.GetName()), fmt.Sprintf("%s-%s-10", name, u.GetName()))
			}
		case "Cluster":
			out = append(out, u.GetName()+"-1", u.GetName()+"-12")
			if _, found, _ := unstructured.NestedMap(u.Object, "spec", "walStorage"); found {
				out = append(out, u.GetName()+"-1-wal")
			}
		case "Prometheus":
			name, found, _ := unstructured.NestedString(u.Object, "spec", "storage", "volumeClaimTemplate", "metadata", "name")
			if !found {
				t.Errorf("%s keeps nothing on a volume", u.GetName())
			}
			out = append(out, fmt.Sprintf("%s-prometheus-%s-0", name, u.GetName()))
		}
	}
	return out
}

var claimPattern = regexp.MustCompile(`persistentvolumeclaim=~"([^"]+)"`)

// B4. Rules and panels ask for every claim of a platform, and for none of another one.
func TestEveryClaimIsWatched(t *testing.T) {
	in := platform(t)
	in.Cluster.Spec.Postgres.WALStorage = &v1alpha1.VolumeSpec{Size: "5Gi"}
	mine := claims(t, render(t, in))
	for _, part := range []string{"uploads", "postgres", "wal", "redis", "rabbitmq", "rtmp", "prometheus"} {
		if !strings.Contains(strings.Join(mine, " "), part) {
			t.Errorf("the platform of this test has no claim for %s", part)
		}
	}
	var others []string
	for _, name := range mine {
		others = append(others, strings.ReplaceAll(name, in.Cluster.Name, "my-"+in.Cluster.Name), strings.ReplaceAll(name, in.Cluster.Name, in.Cluster.Name+"-redis"))
	}
	for file, place := range map[string]string{"rules/resources.yaml": "[[.Platform]]", "dashboards/resource-utilization.json": "$platform"} {
		text, err := os.ReadFile("../monitoring/" + file)
		if err != nil {
			t.Fatal(err)
		}
		found := claimPattern.FindAllStringSubmatch(strings.NewReplacer(`\"`, `"`, place, in.Cluster.Name).Replace(string(text)), -1)
		if len(found) == 0 {
			t.Errorf("%s asks for no claims", file)
		}
		for _, m := range found {
			// Prometheus anchors it.
			asked := regexp.MustCompile("^(?:" + m[1] + ")$")
			for _, name := range mine {
				if !asked.MatchString(name) {
					t.Errorf("%s does not ask for %s", file, name)
				}
			}
			for _, name := range others {
				if asked.MatchString(name) {
					t.Errorf("%s asks for %s of another platform", file, name)
				}
			}
		}
	}
}
