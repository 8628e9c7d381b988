package controller_test

import (
	"testing"

	. "github.com/onsi/gomega"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component/naming"
)

// C7: each content of the SQL has its Job, whether a ConfigMap or a Secret holds it, and the same content has no second.
func TestTheSQLOfTheMigrationRunsOnceForEachContent(t *testing.T) {
	withDatabase(t)
	g := NewWithT(t)
	ns := newNamespace(t)
	operator := startOperator(t, ns)
	c := platform(t, ns, func(c *v1alpha1.XaTubeCluster) {
		c.Spec.Backend.Migration.SQLFrom = &v1alpha1.SQLSource{ConfigMapKeyRef: &v1alpha1.KeySelector{Name: "seeds", Key: "a.sql"}}
	})
	elect(t, ns)

	migrations := func(reason string, says ...any) {
		t.Helper()
		for _, text := range says {
			eventually(g, condition(t.Context(), c, v1alpha1.ConditionMigrationsApplied)).Should(And(
				HaveField("Reason", reason), HaveField("Message", ContainSubstring(text.(string)))))
		}
	}
	migrations(v1alpha1.ReasonConfigMapNotFound, "ConfigMap seeds does not exist", "key a.sql")
	eventually(g, condition(t.Context(), c, v1alpha1.ConditionBackendReady)).Should(HaveField("Message", ContainSubstring("ConfigMap seeds does not exist")))
	g.Expect(jobs(t, ns)).To(BeEmpty())
	seeds := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "seeds", Namespace: ns}, Data: map[string]string{"b.sql": "SELECT 1;"}}
	g.Expect(api.Create(t.Context(), seeds)).To(Succeed())
	migrations(v1alpha1.ReasonConfigMapKeyMissing, "ConfigMap seeds has no key a.sql")
	g.Expect(jobs(t, ns)).To(BeEmpty())

	change := func(text string) {
		t.Helper()
		g.Expect(api.Get(t.Context(), client.ObjectKeyFromObject(seeds), seeds)).To(Succeed())
		seeds.Data = map[string]string{"a.sql": text, "b.sql": text + "b"}
		g.Expect(api.Update(t.Context(), seeds)).To(Succeed())
	}
	change("SELECT 1;")
	first := migrationJob(t, ns, "")
	complete(t, ns, first, batchv1.JobComplete)
	migrations(v1alpha1.ReasonReady, "prepared")
	rollOn(t, c)

	// A changed content runs before the backend goes on; when it fails, what runs stays.
	change("SELECT 2;")
	second := migrationJob(t, ns, first)
	g.Expect(second).NotTo(Equal(first))
	eventually(g, condition(t.Context(), c, v1alpha1.ConditionBackendReady)).Should(HaveField("Reason", v1alpha1.ReasonWaiting))
	complete(t, ns, second, batchv1.JobFailed)
	migrations(v1alpha1.ReasonMigrationFailed, "key a.sql of ConfigMap seeds")
	g.Expect(backendImage(t.Context(), ns)()).NotTo(BeEmpty())

	// Back at a content that has run there is nothing to do, nor when only another key changes.
	change("SELECT 1;")
	migrations(v1alpha1.ReasonReady, "prepared")
	seeds.Data["b.sql"] = "anything"
	g.Expect(api.Update(t.Context(), seeds)).To(Succeed())
	operator.settle(t)
	eventually(g, func() []string { return jobs(t, ns) }).Should(ConsistOf(first))

	// A ConfigMap that goes away stops nothing that runs, and takes no Job away.
	g.Expect(api.Delete(t.Context(), seeds)).To(Succeed())
	migrations(v1alpha1.ReasonConfigMapNotFound, "create it")
	g.Expect(jobs(t, ns)).To(ConsistOf(first))
	g.Expect(backendImage(t.Context(), ns)()).NotTo(BeEmpty())

	// A Secret is watched as well.
	secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "seeds", Namespace: ns}, StringData: map[string]string{"a.sql": "SELECT 3;"}}
	g.Expect(api.Create(t.Context(), secret)).To(Succeed())
	update(t, c, func() {
		c.Spec.Backend.Migration.SQLFrom = &v1alpha1.SQLSource{SecretKeyRef: &v1alpha1.KeySelector{Name: "seeds", Key: "a.sql"}}
	})
	third := migrationJob(t, ns, first)
	complete(t, ns, third, batchv1.JobComplete)
	migrations(v1alpha1.ReasonReady, "prepared")
	secret.StringData = map[string]string{"a.sql": "SELECT 4;"}
	g.Expect(api.Update(t.Context(), secret)).To(Succeed())
	eventually(g, func() int { return len(jobs(t, ns)) }).Should(Equal(3))
	g.Expect(exists(t.Context(), &batchv1.Job{}, ns, second)()).To(Satisfy(apierrors.IsNotFound))
}

// jobs of the migration, by name.
func jobs(t *testing.T, ns string) []string {
	t.Helper()
	var list batchv1.JobList
	if err := api.List(t.Context(), &list, client.InNamespace(ns), client.MatchingLabels{naming.LabelComponent: naming.Migration}); err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, j := range list.Items {
		names = append(names, j.Name)
	}
	return names
}
