package controller_test

import (
	"strings"
	"testing"
	"time"

	cnpgv1 "github.com/cloudnative-pg/api/pkg/api/v1"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component/naming"
)

func TestARequestedSwitchoverIsHandedToCloudNativePGOnce(t *testing.T) {
	withDatabase(t)
	g := NewWithT(t)
	ns := newNamespace(t)
	op := startOperator(t, ns)
	c := platform(t, ns, nil)
	makeReady(t, c)
	answering(t, ns)

	ask(t, c, "demo-postgres-2")
	eventually(g, promotion(t, c)).Should(HaveField("State", v1alpha1.PromotionInProgress))
	db := &cnpgv1.Cluster{}
	g.Expect(exists(t.Context(), db, ns, "demo-postgres")()).To(Succeed())
	g.Expect(db.Status.TargetPrimary).To(Equal("demo-postgres-2"))
	g.Expect(db.Status.CurrentPrimary).To(Equal("demo-postgres-1"), "CloudNativePG's to write")
	g.Expect(db.Status.Phase).To(Equal(cnpgv1.PhaseSwitchover))
	g.Expect(db.Status.TargetPrimaryTimestamp).NotTo(BeEmpty())
	g.Expect(meta.IsStatusConditionFalse(db.Status.Conditions, string(cnpgv1.ConditionClusterReady))).To(BeTrue())
	eventually(g, condition(t.Context(), c, v1alpha1.ConditionDatabaseReady)).Should(HaveField("Reason", v1alpha1.ReasonSwitchover))

	move(t, ns, "demo-postgres-2")
	eventually(g, promotion(t, c)).Should(HaveField("State", v1alpha1.PromotionCompleted))
	eventually(g, func() *v1alpha1.FailoverStatus { _ = promotion(t, c)(); return c.Status.Postgres.LastFailover }).
		Should(And(HaveField("Kind", v1alpha1.KindSwitchover), HaveField("To", "demo-postgres-2"), HaveField("CompletedAt", Not(BeNil()))))

	// The Service leads to the new primary before CloudNativePG has looked at every instance.
	eventually(g, func() string { return role(t, ns, "demo-postgres-2") }).Should(Equal("primary"))

	// CloudNativePG fails over: neither the running operator nor its successor fights for the old request.
	move(t, ns, "demo-postgres-3")
	eventually(g, func() string { _ = promotion(t, c)(); return c.Status.Postgres.Primary }).Should(Equal("demo-postgres-3"))
	op.stop()
	again := startOperator(t, ns)
	eventually(g, condition(t.Context(), c, v1alpha1.ConditionReady)).Should(HaveField("Status", metav1.ConditionTrue))
	g.Consistently(func() []string { return statusWrites(again) }).WithTimeout(3 * time.Second).Should(BeEmpty())
	g.Expect(promotion(t, c)()).To(HaveField("State", v1alpha1.PromotionCompleted))
	g.Expect(c.Annotations).To(HaveKeyWithValue(naming.AnnotationPromote, "demo-postgres-2"), "the annotation is the user's")

	ask(t, c, "demo-postgres-2@again")
	eventually(g, promotion(t, c)).Should(HaveField("State", v1alpha1.PromotionInProgress))
	g.Expect(statusWrites(again)).To(HaveLen(1))
}

func TestASwitchoverToAStandbyThatLacksRowsIsRefused(t *testing.T) {
	withDatabase(t)
	g := NewWithT(t)
	ns := newNamespace(t)
	op := startOperator(t, ns)
	c := platform(t, ns, nil)
	makeReady(t, c)
	answering(t, ns)

	ask(t, c, "demo-postgres-3")
	eventually(g, promotion(t, c)).Should(HaveField("State", v1alpha1.PromotionRefused))
	g.Expect(c.Status.Postgres.Promotion.Message).To(And(ContainSubstring("xatube.io/promote=demo-postgres-3"), ContainSubstring("does not replicate")))
	g.Expect(statusWrites(op)).To(BeEmpty())
	eventually(g, condition(t.Context(), c, v1alpha1.ConditionReady)).Should(HaveField("Status", metav1.ConditionTrue))

	ask(t, c, "")
	eventually(g, promotion(t, c)).Should(BeNil())
}

// statusWrites are the operator's writes to the status of the database.
func statusWrites(op *operator) []string {
	var found []string
	for _, w := range op.writes.since(0) {
		if strings.HasSuffix(w, "/clusters/demo-postgres/status") {
			found = append(found, w)
		}
	}
	return found
}

func promotion(t *testing.T, c *v1alpha1.XaTubeCluster) func() *v1alpha1.PromotionStatus {
	t.Helper()
	return func() *v1alpha1.PromotionStatus {
		if err := api.Get(t.Context(), client.ObjectKeyFromObject(c), c); err != nil || c.Status.Postgres == nil {
			return nil
		}
		return c.Status.Postgres.Promotion
	}
}

func ask(t *testing.T, c *v1alpha1.XaTubeCluster, request string) {
	t.Helper()
	update(t, c, func() {
		delete(c.Annotations, naming.AnnotationPromote)
		if request != "" {
			metav1.SetMetaDataAnnotation(&c.ObjectMeta, naming.AnnotationPromote, request)
		}
	})
}

func role(t *testing.T, ns, name string) string {
	t.Helper()
	pod := &corev1.Pod{}
	if err := exists(t.Context(), pod, ns, name)(); err != nil {
		return err.Error()
	}
	return pod.Labels["cnpg.io/instanceRole"]
}

// answering gives the primary a pod with an address, and the authority that signs for it.
func answering(t *testing.T, ns string) {
	t.Helper()
	db := &cnpgv1.Cluster{}
	if err := exists(t.Context(), db, ns, "demo-postgres")(); err != nil {
		t.Fatal(err)
	}
	own := db.Spec.InheritedMetadata.Labels
	ca := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "demo-postgres-ca"}}
	if err := api.Create(t.Context(), ca); err != nil {
		t.Fatal(err)
	}
	for _, name := range db.Status.InstanceNames {
		pod := &corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: name, Labels: own},
			Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "postgres", Image: db.Spec.ImageName}}},
		}
		if err := api.Create(t.Context(), pod); err != nil {
			t.Fatal(err)
		}
		report(t, pod, func() {
			pod.Status.Phase, pod.Status.PodIP = corev1.PodRunning, "10.0.0.7"
			pod.Status.PodIPs = []corev1.PodIP{{IP: pod.Status.PodIP}}
		})
	}
}

// move plays CloudNativePG, which has made an instance the primary.
func move(t *testing.T, ns, to string) {
	t.Helper()
	reportDatabase(t, ns, func(db *cnpgv1.Cluster) {
		db.Status.CurrentPrimary, db.Status.TargetPrimary, db.Status.Phase = to, to, cnpgv1.PhaseHealthy
		meta.SetStatusCondition(&db.Status.Conditions, metav1.Condition{
			Type: string(cnpgv1.ConditionClusterReady), Status: metav1.ConditionTrue, Reason: "ClusterIsReady",
		})
	})
}
