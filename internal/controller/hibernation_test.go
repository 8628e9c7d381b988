package controller_test

import (
	"testing"
	"time"

	cnpgv1 "github.com/cloudnative-pg/api/pkg/api/v1"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component/naming"
)

func TestHibernationStopsInOrderAndResumesInOrder(t *testing.T) {
	withDatabase(t)
	g := NewWithT(t)
	ns := newNamespace(t)
	op := startOperator(t, ns)
	c := platform(t, ns, func(c *v1alpha1.XaTubeCluster) {
		c.Spec.Backend.Autoscaling = &v1alpha1.AutoscalingSpec{MinReplicas: 4, MaxReplicas: 9, TargetCPUUtilization: 70}
	})
	makeReady(t, c)
	publisher, server := running(t, ns, naming.RTMP), running(t, ns, naming.Backend)
	autoscale(t, ns, 6)

	update(t, c, func() { c.Spec.PowerState = v1alpha1.PowerHibernated })
	eventually(g, wanted(t, &appsv1.StatefulSet{}, ns, "demo-rtmp")).Should(HaveValue(BeZero()))
	eventually(g, condition(t.Context(), c, v1alpha1.ConditionBackendReady)).Should(HaveField("Message", ContainSubstring(publisher.Name)))
	g.Expect(wanted(t, &appsv1.Deployment{}, ns, "demo-backend")()).To(HaveValue(BeEquivalentTo(6)), "it runs until the publishers have gone")

	end(t, publisher)
	eventually(g, wanted(t, &appsv1.Deployment{}, ns, "demo-backend")).Should(HaveValue(BeZero()))
	eventually(g, wanted(t, &appsv1.Deployment{}, ns, "demo-edge")).Should(HaveValue(BeZero()))
	eventually(g, condition(t.Context(), c, v1alpha1.ConditionDatabaseReady)).Should(HaveField("Message", ContainSubstring(server.Name)))
	g.Expect(annotation(t, ns)()).To(BeEmpty(), "the database is awake until the backends have gone")

	end(t, server)
	eventually(g, annotation(t, ns)).Should(Equal("on"))
	eventually(g, wanted(t, &appsv1.StatefulSet{}, ns, "demo-redis")).Should(HaveValue(BeZero()))
	g.Expect(readyWorkloads(t.Context(), ns)).To(Succeed(), "the controllers of Kubernetes count nobody")
	fallAsleep(t, ns)
	eventually(g, func() v1alpha1.Phase { _ = condition(t.Context(), c, "")(); return c.Status.Phase }).Should(Equal(v1alpha1.PhaseHibernated))
	g.Expect(meta.FindStatusCondition(c.Status.Conditions, v1alpha1.ConditionReady)).
		To(And(HaveField("Status", metav1.ConditionTrue), HaveField("Reason", v1alpha1.ReasonHibernated)))
	eventually(g, func() string { _ = condition(t.Context(), c, "")(); return c.Status.Backend.Ready }).Should(Equal("0/0"))
	eventually(g, exists(t.Context(), &policyv1.PodDisruptionBudget{}, ns, "demo-backend")).Should(Satisfy(apierrors.IsNotFound))
	n := op.writes.count()
	g.Consistently(func() []string { return op.writes.since(n) }).WithTimeout(2 * time.Second).Should(BeEmpty())

	update(t, c, func() { c.Spec.PowerState = v1alpha1.PowerRunning })
	eventually(g, annotation(t, ns)).Should(Equal("off"))
	eventually(g, wanted(t, &appsv1.StatefulSet{}, ns, "demo-redis")).Should(HaveValue(BeEquivalentTo(1)))
	eventually(g, condition(t.Context(), c, v1alpha1.ConditionBackendReady)).Should(HaveField("Reason", v1alpha1.ReasonWaiting))
	g.Expect(wanted(t, &appsv1.Deployment{}, ns, "demo-backend")()).To(HaveValue(BeZero()), "no backend without a database")

	wake(t, ns)
	eventually(g, wanted(t, &appsv1.Deployment{}, ns, "demo-backend")).Should(HaveValue(BeEquivalentTo(4)), "an autoscaler leaves zero alone")
	autoscale(t, ns, 7)
	g.Consistently(wanted(t, &appsv1.Deployment{}, ns, "demo-backend")).WithTimeout(2*time.Second).
		Should(HaveValue(BeEquivalentTo(7)), "the number is the autoscaler's again")
}

// TestAnImageThatIsSetWhileHibernatedIsMigratedAfterwards: nothing can be migrated while the database sleeps.
func TestAnImageThatIsSetWhileHibernatedIsMigratedAfterwards(t *testing.T) {
	withDatabase(t)
	g := NewWithT(t)
	ns := newNamespace(t)
	startOperator(t, ns)
	c := platform(t, ns, nil)
	makeReady(t, c)
	backend := &appsv1.Deployment{}
	g.Expect(exists(t.Context(), backend, ns, "demo-backend")()).To(Succeed())
	image, first := backend.Spec.Template.Spec.Containers[0].Image, migrationJob(t, ns, "")

	update(t, c, func() {
		c.Spec.PowerState = v1alpha1.PowerHibernated
		c.Spec.Backend.Image = "example.com/backend:2"
	})
	eventually(g, annotation(t, ns)).Should(Equal("on"))
	fallAsleep(t, ns)
	eventually(g, func() v1alpha1.Phase { _ = condition(t.Context(), c, "")(); return c.Status.Phase }).Should(Equal(v1alpha1.PhaseHibernated))
	g.Expect(exists(t.Context(), backend, ns, "demo-backend")()).To(Succeed())
	g.Expect(backend.Spec.Template.Spec.Containers[0].Image).To(Equal(image))

	update(t, c, func() { c.Spec.PowerState = v1alpha1.PowerRunning })
	eventually(g, annotation(t, ns)).Should(Equal("off"))
	wake(t, ns)
	complete(t, ns, migrationJob(t, ns, first), batchv1.JobComplete)
	eventually(g, func() string {
		_ = exists(t.Context(), backend, ns, "demo-backend")()
		return backend.Spec.Template.Spec.Containers[0].Image
	}).Should(Equal("example.com/backend:2"))
}

func TestAHibernatedPlatformCanBeDeletedAndTakenUpAsleep(t *testing.T) {
	withDatabase(t)
	g := NewWithT(t)
	ns := newNamespace(t)
	startOperator(t, ns)
	asleep := func(c *v1alpha1.XaTubeCluster) { c.Spec.PowerState = v1alpha1.PowerHibernated }
	c := platform(t, ns, asleep)
	eventually(g, annotation(t, ns)).Should(Equal("on"))
	g.Expect(api.Delete(t.Context(), c)).To(Succeed())
	eventually(g, exists(t.Context(), c, ns, "demo")).Should(Satisfy(apierrors.IsNotFound))
	g.Expect(annotation(t, ns)()).To(Equal("on"))

	c = platform(t, ns, asleep)
	eventually(g, wanted(t, &appsv1.StatefulSet{}, ns, "demo-redis")).Should(HaveValue(BeZero()))
	eventually(g, func() int64 { _ = condition(t.Context(), c, "")(); return c.Status.ObservedGeneration }).Should(Equal(c.Generation))
	g.Expect(annotation(t, ns)()).To(Equal("on"), "it is not woken in between")
	update(t, c, func() { c.Spec.PowerState = v1alpha1.PowerRunning })
	eventually(g, annotation(t, ns)).Should(Equal("off"))
}

// running makes a pod of a component, as its controller would.
func running(t *testing.T, ns, comp string) *corev1.Pod {
	t.Helper()
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "demo-" + comp + "-x", Labels: map[string]string{
			naming.LabelInstance: "demo", naming.LabelManagedBy: naming.ManagedBy, naming.LabelComponent: comp,
		}},
		Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: comp, Image: "example.com/x"}}},
	}
	if err := api.Create(t.Context(), pod); err != nil {
		t.Fatal(err)
	}
	return pod
}

func end(t *testing.T, pod *corev1.Pod) {
	t.Helper()
	if err := api.Delete(t.Context(), pod, client.GracePeriodSeconds(0)); err != nil {
		t.Fatal(err)
	}
}

// autoscale plays the autoscaler.
func autoscale(t *testing.T, ns string, n int32) {
	t.Helper()
	d := &appsv1.Deployment{}
	if err := exists(t.Context(), d, ns, "demo-backend")(); err != nil {
		t.Fatal(err)
	}
	before := d.DeepCopy()
	d.Spec.Replicas = &n
	if err := api.Patch(t.Context(), d, client.MergeFrom(before)); err != nil {
		t.Fatal(err)
	}
}

// wanted is the number of pods that a workload is to have.
func wanted(t *testing.T, o client.Object, ns, name string) func() *int32 {
	t.Helper()
	return func() *int32 {
		if err := exists(t.Context(), o, ns, name)(); err != nil {
			return nil
		}
		switch w := o.(type) {
		case *appsv1.Deployment:
			return w.Spec.Replicas
		case *appsv1.StatefulSet:
			return w.Spec.Replicas
		}
		return nil
	}
}

func annotation(t *testing.T, ns string) func() string {
	t.Helper()
	return func() string {
		db := &cnpgv1.Cluster{}
		if err := exists(t.Context(), db, ns, "demo-postgres")(); err != nil {
			return err.Error()
		}
		return db.Annotations["cnpg.io/hibernation"]
	}
}

// fallAsleep plays CloudNativePG, which has stopped every instance.
func fallAsleep(t *testing.T, ns string) {
	t.Helper()
	reportDatabase(t, ns, func(db *cnpgv1.Cluster) {
		db.Status.ReadyInstances, db.Status.InstancesStatus = 0, map[cnpgv1.PodStatus][]string{}
		meta.SetStatusCondition(&db.Status.Conditions, metav1.Condition{
			Type: "cnpg.io/hibernation", Status: metav1.ConditionTrue, Reason: "Hibernated",
		})
	})
}

// wake plays CloudNativePG, which has started every instance.
func wake(t *testing.T, ns string) {
	t.Helper()
	reportDatabase(t, ns, func(db *cnpgv1.Cluster) {
		db.Status.ReadyInstances = 3
		db.Status.InstancesStatus = map[cnpgv1.PodStatus][]string{cnpgv1.PodHealthy: db.Status.InstanceNames}
		meta.RemoveStatusCondition(&db.Status.Conditions, "cnpg.io/hibernation")
	})
}
