package controller_test

import (
	"os"
	"slices"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"
)

// authorize makes a configuration that of an operator with --watch-namespaces, which may do what the generated role
// grants in its namespace, see which CRDs exist, and nothing else. So every test here fails when a right is missing.
func authorize(t *testing.T, cfg *rest.Config, namespaces []string) {
	t.Helper()
	within, beyond := generatedRules(t)
	subjects := []rbacv1.Subject{{Kind: rbacv1.UserKind, APIGroup: rbacv1.GroupName, Name: "operator-of-" + namespaces[0]}}
	meta := metav1.ObjectMeta{Name: "operator-of-" + namespaces[0]}
	objects := []client.Object{
		&rbacv1.ClusterRole{ObjectMeta: meta, Rules: beyond},
		&rbacv1.ClusterRoleBinding{
			ObjectMeta: meta, Subjects: subjects,
			RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: meta.Name},
		},
	}
	for _, ns := range namespaces {
		inside := metav1.ObjectMeta{Name: meta.Name, Namespace: ns}
		objects = append(objects, &rbacv1.Role{ObjectMeta: inside, Rules: within}, &rbacv1.RoleBinding{
			ObjectMeta: inside, Subjects: subjects,
			RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: meta.Name},
		})
	}
	for _, o := range objects {
		// A second operator of the same test finds them.
		if err := api.Create(t.Context(), o); err != nil && !apierrors.IsAlreadyExists(err) {
			t.Fatal(err)
		}
	}
	cfg.Impersonate = rest.ImpersonationConfig{UserName: subjects[0].Name, Groups: []string{"system:authenticated"}}
}

// generatedRules are those of the role, split as the chart splits them: within a namespace and beyond.
func generatedRules(t *testing.T) (within, beyond []rbacv1.PolicyRule) {
	t.Helper()
	text, err := os.ReadFile("../../config/rbac/role.yaml")
	if err != nil {
		t.Fatal(err)
	}
	role := &rbacv1.ClusterRole{}
	if err := yaml.UnmarshalStrict(text, role); err != nil {
		t.Fatal(err)
	}
	for _, rule := range role.Rules {
		if slices.Contains(rule.APIGroups, "apiextensions.k8s.io") {
			beyond = append(beyond, rule)
		} else {
			within = append(within, rule)
		}
	}
	return within, beyond
}
