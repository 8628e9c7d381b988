package controller_test

import (
	"testing"

	cnpgv1 "github.com/cloudnative-pg/api/pkg/api/v1"
	. "github.com/onsi/gomega"
	networkingv1 "k8s.io/api/networking/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/objectstore"
	"github.com/xatube/xatube-operator/test/scene"
)

const barmanCRDs = "testdata/barman"

func TestThePoolerIsPartOfTheDatabase(t *testing.T) {
	withDatabase(t)
	g := NewWithT(t)
	ns := newNamespace(t)
	startOperator(t, ns)
	c := platform(t, ns, func(c *v1alpha1.XaTubeCluster) { c.Spec.Postgres.Pooler = &v1alpha1.PoolerSpec{} })
	elect(t, ns)
	pooler := &cnpgv1.Pooler{}
	eventually(g, exists(t.Context(), pooler, ns, "demo-postgres-pooler")).Should(Succeed())
	eventually(g, condition(t.Context(), c, v1alpha1.ConditionDatabaseReady)).Should(HaveField("Message", ContainSubstring("Pooler demo-postgres-pooler: has not reported yet")))

	deployment, err := scene.RunPooler(t.Context(), api, pooler)
	g.Expect(err).NotTo(HaveOccurred())
	eventually(g, condition(t.Context(), c, v1alpha1.ConditionDatabaseReady)).Should(HaveField("Status", metav1.ConditionTrue))

	report(t, deployment, func() { deployment.Status.AvailableReplicas = 1 })
	eventually(g, condition(t.Context(), c, v1alpha1.ConditionDatabaseReady)).Should(HaveField("Message", ContainSubstring("1 of 2 pods are ready")))

	update(t, c, func() { c.Spec.Postgres.Pooler = nil })
	eventually(g, func() bool {
		return apierrors.IsNotFound(exists(t.Context(), pooler, ns, "demo-postgres-pooler")())
	}).Should(BeTrue())
}

func TestABackupWaitsForItsPluginAndHoldsNothingUp(t *testing.T) {
	installAPI(t, cnpgCRDs)
	g := NewWithT(t)
	ns := newNamespace(t)
	startOperator(t, ns)
	c := platform(t, ns, func(c *v1alpha1.XaTubeCluster) {
		c.Spec.Postgres.Backup = &v1alpha1.BackupSpec{DestinationPath: "s3://backups/tube", EndpointURL: "https://s3.example.com"}
	})
	eventually(g, condition(t.Context(), c, v1alpha1.ConditionBackupReady)).Should(And(
		HaveField("Reason", v1alpha1.ReasonAPINotInstalled), HaveField("Message", ContainSubstring("barman-cloud plugin"))))
	makeReady(t, c)
	db := &cnpgv1.Cluster{}
	g.Expect(exists(t.Context(), db, ns, "demo-postgres")()).To(Succeed())
	g.Expect(db.Spec.Plugins).To(BeEmpty(), "CloudNativePG halts over a plugin that it does not know")

	installAPI(t, barmanCRDs)
	store, schedule := &objectstore.ObjectStore{}, &cnpgv1.ScheduledBackup{}
	eventually(g, exists(t.Context(), store, ns, "demo-postgres")).Should(Succeed())
	eventually(g, exists(t.Context(), schedule, ns, "demo-postgres")).Should(Succeed())
	g.Expect(schedule.Spec.Schedule).To(Equal("0 0 3 * * *"))
	eventually(g, func() []cnpgv1.PluginConfiguration {
		_ = exists(t.Context(), db, ns, "demo-postgres")()
		return db.Spec.Plugins
	}).Should(HaveLen(1))

	backUp(t, db, store)
	eventually(g, condition(t.Context(), c, v1alpha1.ConditionBackupReady)).Should(And(
		HaveField("Status", metav1.ConditionTrue), HaveField("Message", ContainSubstring("can be restored to any time since 2026-11-01"))))

	update(t, c, func() { c.Spec.Postgres.Backup = nil })
	eventually(g, func() bool {
		return apierrors.IsNotFound(exists(t.Context(), schedule, ns, "demo-postgres")())
	}).Should(BeTrue())
	eventually(g, func() []cnpgv1.PluginConfiguration {
		_ = exists(t.Context(), db, ns, "demo-postgres")()
		return db.Spec.Plugins
	}).Should(BeEmpty())
	g.Expect(exists(t.Context(), store, ns, "demo-postgres")()).To(Succeed(), "without it nobody finds the backups")
	g.Expect(store.DeletionTimestamp).To(BeNil())

	// A22: a database that stops archives the end of its log.
	update(t, c, func() { c.Spec.DeletionPolicy = v1alpha1.DeletionDelete })
	server := instancePod(c, "demo-postgres-1", db.Spec.ImageName)
	g.Expect(api.Create(t.Context(), server)).To(Succeed())
	g.Expect(api.Delete(t.Context(), c)).To(Succeed())
	eventually(g, exists(t.Context(), db, ns, "demo-postgres")).Should(Satisfy(apierrors.IsNotFound))
	eventually(g, func() *metav1.Condition {
		_, err := scene.ReleaseClaims(t.Context(), api, ns)
		g.Expect(client.IgnoreNotFound(err)).To(Succeed())
		return condition(t.Context(), c, v1alpha1.ConditionReady)()
	}).Should(HaveField("Message", ContainSubstring("Pod demo-postgres-1")))
	g.Expect(exists(t.Context(), store, ns, "demo-postgres")()).To(Succeed(), "the server still runs")
	awaitDeletion(t, c)
	g.Expect(exists(t.Context(), store, ns, "demo-postgres")()).To(Satisfy(apierrors.IsNotFound))
}

// backUp does what CloudNativePG and its plugin do: archive the log, make a base backup, and tell of both.
func backUp(t *testing.T, db *cnpgv1.Cluster, store *objectstore.ObjectStore) {
	t.Helper()
	report(t, db, func() {
		db.Status.Conditions = append(db.Status.Conditions, metav1.Condition{
			Type: string(cnpgv1.ConditionContinuousArchiving), Status: metav1.ConditionTrue,
			Reason: "ContinuousArchivingSuccess", LastTransitionTime: metav1.Now(),
		})
	})
	report(t, store, func() {
		made := metav1.Date(2026, 11, 1, 3, 0, 0, 0, metav1.Now().UTC().Location())
		store.Status.ServerRecoveryWindow = map[string]objectstore.RecoveryWindow{
			db.Name: {FirstRecoverabilityPoint: &made, LastSuccessfulBackupTime: &made},
		}
	})
}

func TestNetworkPoliciesComeAndGo(t *testing.T) {
	g := NewWithT(t)
	ns := newNamespace(t)
	startOperator(t, ns)
	c := platform(t, ns, nil)
	policy := &networkingv1.NetworkPolicy{}
	for _, name := range []string{"demo-network", "demo-edge", "demo-postgres"} {
		eventually(g, exists(t.Context(), policy, ns, name)).Should(Succeed())
	}
	eventually(g, condition(t.Context(), c, v1alpha1.ConditionNetworkPolicyReady)).Should(HaveField("Status", metav1.ConditionTrue))

	g.Expect(api.Delete(t.Context(), policy)).To(Succeed())
	eventually(g, exists(t.Context(), policy, ns, "demo-postgres")).Should(Succeed())

	update(t, c, func() { c.Spec.NetworkPolicy = v1alpha1.ToggleDisabled })
	eventually(g, func() int {
		var list networkingv1.NetworkPolicyList
		if err := api.List(t.Context(), &list, client.InNamespace(ns)); err != nil {
			return -1
		}
		return len(list.Items)
	}).Should(BeZero())
	eventually(g, condition(t.Context(), c, v1alpha1.ConditionNetworkPolicyReady)).Should(HaveField("Reason", v1alpha1.ReasonDisabled))
}
