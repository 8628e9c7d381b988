package helm

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"
)

const managerRole = "xatube-operator-manager-role"

// clusterScoped are the resources without a namespace that an operator may come to read. A Role cannot grant them.
var clusterScoped = []string{"customresourcedefinitions", "namespaces", "nodes", "persistentvolumes", "storageclasses", "clusterroles"}

func rules(t *testing.T, u *unstructured.Unstructured) []any {
	t.Helper()
	if u == nil {
		t.Fatal("the role is not rendered")
	}
	out, _, err := unstructured.NestedSlice(u.Object, "rules")
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestNamespacedRules: with watchNamespaces the rules of the code are split between a Role in each namespace and a
// ClusterRole that grants nothing within any.
func TestNamespacedRules(t *testing.T) {
	all, notes := render(t, "xatube-operator", "watchNamespaces: [a, b]")
	text, err := os.ReadFile("../../config/rbac/role.yaml")
	if err != nil {
		t.Fatal(err)
	}
	generated := &unstructured.Unstructured{}
	if err := yaml.Unmarshal(text, &generated.Object); err != nil {
		t.Fatal(err)
	}

	cluster := rules(t, all[id{"ClusterRole", "", managerRole}])
	for _, ns := range []string{"a", "b"} {
		split := slices.Concat(rules(t, all[id{"Role", ns, managerRole}]), cluster)
		if diff := cmp.Diff(sorted(rules(t, generated)), sorted(split)); diff != "" {
			t.Errorf("config/rbac/role.yaml (-) and the roles of namespace %s (+):\n%s", ns, diff)
		}
		binding := all[id{"RoleBinding", ns, "xatube-operator-manager-rolebinding"}]
		if binding == nil || at(binding.Object, "roleRef", "kind") != "Role" {
			t.Errorf("namespace %s has the binding %v", ns, binding)
		}
	}
	if !slices.Contains(args(t, all.find(t, "Deployment")), "--watch-namespaces=a,b") {
		t.Errorf("arguments %v", args(t, all.find(t, "Deployment")))
	}
	if !strings.Contains(notes, "the namespaces a, b") {
		t.Errorf("the notes do not name the namespaces:\n%s", notes)
	}
}

func TestScopes(t *testing.T) {
	all, _ := render(t, "xatube-operator", "watchNamespaces: [a]")
	for _, rule := range rules(t, all[id{"ClusterRole", "", managerRole}]) {
		for _, resource := range texts(rule, "resources") {
			if !slices.Contains(clusterScoped, resource) {
				t.Errorf("the ClusterRole grants %s in all namespaces", resource)
			}
		}
	}
	for _, rule := range rules(t, all[id{"Role", "a", managerRole}]) {
		for _, resource := range texts(rule, "resources") {
			if slices.Contains(clusterScoped, resource) {
				t.Errorf("the Role grants %s, which has no namespace: name its group in templates/manager-role.yaml", resource)
			}
		}
	}
}

// TestNoWildcards looks at everything that the chart grants.
func TestNoWildcards(t *testing.T) {
	all, _ := render(t, "xatube-operator", "")
	for key, u := range all {
		if key.kind != "ClusterRole" && key.kind != "Role" {
			continue
		}
		for _, rule := range rules(t, u) {
			for _, field := range []string{"apiGroups", "resources", "verbs", "nonResourceURLs"} {
				if slices.Contains(texts(rule, field), "*") {
					t.Errorf("%s %s has a wildcard in %s", key.kind, key.name, field)
				}
			}
		}
	}
}

func texts(rule any, field string) []string {
	out, _, _ := unstructured.NestedStringSlice(rule.(map[string]any), field)
	return out
}

func sorted(rules []any) []string {
	var out []string
	for _, r := range rules {
		text, err := yaml.Marshal(r)
		if err != nil {
			panic(err) // it was parsed from YAML
		}
		out = append(out, string(text))
	}
	slices.Sort(out)
	return out
}
