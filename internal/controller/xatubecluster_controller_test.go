package controller_test

import (
	"context"
	"maps"
	"strings"
	"testing"
	"time"

	cnpgv1 "github.com/cloudnative-pg/api/pkg/api/v1"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/cert"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component/catalog"
	"github.com/xatube/xatube-operator/internal/component/naming"
	"github.com/xatube/xatube-operator/internal/controller"
	"github.com/xatube/xatube-operator/test/scene"
)

const cnpgCRDs = "testdata/crds"

// eventually bounds every wait.
func eventually(g *WithT, actual any) AsyncAssertion {
	return g.Eventually(actual).WithTimeout(within).WithPolling(100 * time.Millisecond)
}

func TestEveryConditionIsThereFromTheFirstPass(t *testing.T) {
	g := NewWithT(t)
	ns := newNamespace(t)
	startOperator(t, ns)
	c := platform(t, ns, nil)

	for _, component := range catalog.Components() {
		eventually(g, condition(t.Context(), c, component.Condition())).ShouldNot(BeNil(), component.Condition())
	}
	for _, kind := range []string{v1alpha1.ConditionReady, v1alpha1.ConditionReconciling, v1alpha1.ConditionStalled} {
		eventually(g, condition(t.Context(), c, kind)).ShouldNot(BeNil(), kind)
	}
	g.Expect(meta.IsStatusConditionTrue(c.Status.Conditions, v1alpha1.ConditionReady)).To(BeFalse())
	eventually(g, func() int64 { _ = condition(t.Context(), c, "")(); return c.Status.ObservedGeneration }).Should(Equal(c.Generation))
}

func TestMissingCloudNativePGIsReportedAndNoticedWhenItAppears(t *testing.T) {
	g := NewWithT(t)
	ns := newNamespace(t)
	startOperator(t, ns)
	c := platform(t, ns, nil)

	eventually(g, condition(t.Context(), c, v1alpha1.ConditionDatabaseReady)).Should(HaveField("Reason", v1alpha1.ReasonAPINotInstalled))
	g.Expect(condition(t.Context(), c, v1alpha1.ConditionDatabaseReady)().Message).To(ContainSubstring("install CloudNativePG"))
	eventually(g, exists(t.Context(), &appsv1.Deployment{}, ns, "demo-edge")).Should(Succeed(), "the others go on")

	installAPI(t, cnpgCRDs)
	eventually(g, exists(t.Context(), &cnpgv1.Cluster{}, ns, "demo-postgres")).Should(Succeed())
	eventually(g, condition(t.Context(), c, v1alpha1.ConditionDatabaseReady)).ShouldNot(HaveField("Reason", v1alpha1.ReasonAPINotInstalled))
}

func TestNothingIsWrittenAtRestNorAfterARestart(t *testing.T) {
	withDatabase(t)
	ns := newNamespace(t)
	first := startOperator(t, ns)
	c := platform(t, ns, nil)
	makeReady(t, c)
	writesNothing(t, first, ns)
}

// writesNothing sees an operator come to rest and write nothing from then on, and its successor write nothing either.
func writesNothing(t *testing.T, first *operator, ns string) {
	t.Helper()
	g := NewWithT(t)
	seen := -1
	g.Eventually(func() bool {
		before := seen
		seen = first.writes.count()
		return seen == before
	}).WithTimeout(within).WithPolling(2*time.Second).Should(BeTrue(), "the operator comes to rest")
	n := first.writes.count()
	g.Consistently(func() []string { return first.writes.since(n) }).WithTimeout(5 * time.Second).Should(BeEmpty())

	first.stop()
	second := startOperator(t, ns)
	g.Consistently(func() []string { return second.writes.since(0) }).WithTimeout(10 * time.Second).Should(BeEmpty())
}

func TestADeletedChildComesBackAndAnEditedOneIsRepaired(t *testing.T) {
	g := NewWithT(t)
	ns := newNamespace(t)
	startOperator(t, ns)
	platform(t, ns, nil)

	edge := &appsv1.Deployment{}
	eventually(g, exists(t.Context(), edge, ns, "demo-edge")).Should(Succeed())
	image := edge.Spec.Template.Spec.Containers[0].Image

	edited := edge.DeepCopy()
	edited.Spec.Template.Spec.Containers[0].Image = "example.com/other:1"
	edited.Annotations["somebody.example.com/note"] = "stays"
	g.Expect(api.Patch(t.Context(), edited, client.MergeFrom(edge))).To(Succeed())
	eventually(g, func() string {
		_ = exists(t.Context(), edge, ns, "demo-edge")()
		return edge.Spec.Template.Spec.Containers[0].Image
	}).Should(Equal(image))
	g.Expect(edge.Annotations).To(HaveKeyWithValue("somebody.example.com/note", "stays"))

	uid := edge.UID
	g.Expect(api.Delete(t.Context(), edge)).To(Succeed())
	eventually(g, func() bool {
		err := exists(t.Context(), edge, ns, "demo-edge")()
		return err == nil && edge.UID != uid
	}).Should(BeTrue())
}

func TestAnObjectOfSomebodyElseIsLeftAloneAndReported(t *testing.T) {
	g := NewWithT(t)
	ns := newNamespace(t)
	foreign := &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "demo-edge"},
		Spec:       corev1.ServiceSpec{Ports: []corev1.ServicePort{{Port: 81}}},
	}
	g.Expect(api.Create(t.Context(), foreign)).To(Succeed())
	var now clock
	startWith(t, controller.Config{Namespaces: []string{ns}, ClusterDomain: "cluster.local", Now: now.now})
	c := platform(t, ns, nil)

	eventually(g, condition(t.Context(), c, v1alpha1.ConditionEdgeReady)).Should(HaveField("Reason", v1alpha1.ReasonForeignObject))
	g.Expect(condition(t.Context(), c, v1alpha1.ConditionEdgeReady)().Message).To(ContainSubstring("Service demo-edge"))
	// A17: somebody may be about to take it away.
	g.Expect(condition(t.Context(), c, v1alpha1.ConditionStalled)()).To(HaveField("Status", metav1.ConditionFalse))
	now.advance(10 * time.Minute)
	eventually(g, condition(t.Context(), c, v1alpha1.ConditionStalled)).Should(HaveField("Status", metav1.ConditionTrue))
	g.Expect(exists(t.Context(), foreign, ns, "demo-edge")()).To(Succeed())
	g.Expect(foreign.Spec.Ports[0].Port).To(Equal(int32(81)))

	g.Expect(api.Delete(t.Context(), foreign)).To(Succeed())
	eventually(g, condition(t.Context(), c, v1alpha1.ConditionEdgeReady)).ShouldNot(HaveField("Reason", v1alpha1.ReasonForeignObject))
}

func TestCredentialsAreNeverOverwritten(t *testing.T) {
	g := NewWithT(t)
	ns := newNamespace(t)
	first := startOperator(t, ns)
	c := platform(t, ns, nil)
	secret := &corev1.Secret{}
	eventually(g, exists(t.Context(), secret, ns, "demo-redis")).Should(Succeed())
	password := secret.Data["password"]
	g.Expect(password).NotTo(BeEmpty())

	first.stop()
	startOperator(t, ns)
	g.Expect(exists(t.Context(), c, ns, c.Name)()).To(Succeed())
	before := c.DeepCopy()
	c.Spec.Frontend.Replicas = 3
	g.Expect(api.Patch(t.Context(), c, client.MergeFrom(before))).To(Succeed())
	eventually(g, func() int64 { _ = condition(t.Context(), c, "")(); return c.Status.ObservedGeneration }).Should(Equal(int64(2)))
	g.Expect(exists(t.Context(), secret, ns, "demo-redis")()).To(Succeed())
	g.Expect(secret.Data["password"]).To(Equal(password))
}

func TestAChildNoLongerWantedIsRemoved(t *testing.T) {
	g := NewWithT(t)
	ns := newNamespace(t)
	startOperator(t, ns)
	c := platform(t, ns, func(c *v1alpha1.XaTubeCluster) {
		c.Spec.Ingress = &v1alpha1.IngressSpec{Host: "tube.example.com"}
	})
	eventually(g, exists(t.Context(), &networkingv1.Ingress{}, ns, "demo")).Should(Succeed())
	eventually(g, func() []v1alpha1.ObjectRef { _ = condition(t.Context(), c, "")(); return c.Status.Inventory }).
		Should(ContainElement(v1alpha1.ObjectRef{APIVersion: "networking.k8s.io/v1", Kind: "Ingress", Name: "demo"}))

	update(t, c, func() { c.Spec.Ingress = nil })
	eventually(g, exists(t.Context(), &networkingv1.Ingress{}, ns, "demo")).Should(Satisfy(apierrors.IsNotFound))
	eventually(g, func() []v1alpha1.ObjectRef { _ = condition(t.Context(), c, "")(); return c.Status.Inventory }).
		ShouldNot(ContainElement(HaveField("Kind", "Ingress")))
}

func TestBackendWaitsForTheMigrationOfItsImage(t *testing.T) {
	withDatabase(t)
	g := NewWithT(t)
	ns := newNamespace(t)
	startOperator(t, ns)
	c := platform(t, ns, nil)
	eventually(g, condition(t.Context(), c, v1alpha1.ConditionMigrationsApplied)).Should(HaveField("Reason", v1alpha1.ReasonWaiting))
	g.Expect(exists(t.Context(), &appsv1.Deployment{}, ns, "demo-backend")()).To(Satisfy(apierrors.IsNotFound))

	elect(t, ns)
	complete(t, ns, migrationJob(t, ns, ""), batchv1.JobComplete)
	backend := &appsv1.Deployment{}
	eventually(g, exists(t.Context(), backend, ns, "demo-backend")).Should(Succeed())
	image := backend.Spec.Template.Spec.Containers[0].Image

	// A new image whose migration fails keeps the old pods, which are still repaired and scaled.
	old := migrationJob(t, ns, "")
	update(t, c, func() { c.Spec.Backend.Image = "example.com/backend:2" })
	complete(t, ns, migrationJob(t, ns, old), batchv1.JobFailed)
	eventually(g, condition(t.Context(), c, v1alpha1.ConditionMigrationsApplied)).Should(HaveField("Reason", v1alpha1.ReasonMigrationFailed))
	eventually(g, condition(t.Context(), c, v1alpha1.ConditionBackendReady)).Should(HaveField("Reason", v1alpha1.ReasonWaiting))
	update(t, c, func() { c.Spec.Backend.Replicas = ptr.To[int32](5) })
	eventually(g, func() int32 {
		_ = exists(t.Context(), backend, ns, "demo-backend")()
		return *backend.Spec.Replicas
	}).Should(Equal(int32(5)))
	g.Expect(backend.Spec.Template.Spec.Containers[0].Image).To(Equal(image))
	g.Expect(api.Delete(t.Context(), backend)).To(Succeed())
	eventually(g, exists(t.Context(), backend, ns, "demo-backend")).Should(Succeed())
	g.Expect(backend.Spec.Template.Spec.Containers[0].Image).To(Equal(image))

	// Going back to the migrated image needs no new migration.
	update(t, c, func() { c.Spec.Backend.Image = "" })
	eventually(g, condition(t.Context(), c, v1alpha1.ConditionMigrationsApplied)).Should(HaveField("Status", metav1.ConditionTrue))
}

func TestAnAutoscalerTakesOverTheReplicasAsTheyAre(t *testing.T) {
	withDatabase(t)
	g := NewWithT(t)
	ns := newNamespace(t)
	startOperator(t, ns)
	c := platform(t, ns, func(c *v1alpha1.XaTubeCluster) { c.Spec.Backend.Replicas = ptr.To[int32](5) })
	elect(t, ns)
	complete(t, ns, migrationJob(t, ns, ""), batchv1.JobComplete)
	backend := &appsv1.Deployment{}
	eventually(g, exists(t.Context(), backend, ns, "demo-backend")).Should(Succeed())

	update(t, c, func() {
		c.Spec.Backend.Autoscaling = &v1alpha1.AutoscalingSpec{MinReplicas: 3, MaxReplicas: 9, TargetCPUUtilization: 70}
	})
	eventually(g, exists(t.Context(), &autoscalingv2.HorizontalPodAutoscaler{}, ns, "demo-backend")).Should(Succeed())
	g.Expect(exists(t.Context(), backend, ns, "demo-backend")()).To(Succeed())
	g.Expect(*backend.Spec.Replicas).To(Equal(int32(5)))

	// What the autoscaler then sets stays, whatever else of the Deployment changes.
	before := backend.DeepCopy()
	backend.Spec.Replicas = ptr.To[int32](7)
	g.Expect(api.Patch(t.Context(), backend, client.MergeFrom(before))).To(Succeed())
	update(t, c, func() { c.Spec.Backend.Settings.LogLevel = "DEBUG" })
	eventually(g, func() string {
		_ = exists(t.Context(), backend, ns, "demo-backend")()
		return strings.Join(backend.Spec.Template.Spec.Containers[0].Command, " ")
	}).Should(ContainSubstring("debug"))
	g.Expect(*backend.Spec.Replicas).To(Equal(int32(7)))
}

func TestAMissingSecretIsReportedAndNoticedWhenItAppears(t *testing.T) {
	g := NewWithT(t)
	ns := newNamespace(t)
	startOperator(t, ns)
	c := platform(t, ns, func(c *v1alpha1.XaTubeCluster) {
		c.Spec.Edge.TLS = &v1alpha1.TLSSpec{SecretName: "cert"}
	})
	eventually(g, condition(t.Context(), c, v1alpha1.ConditionEdgeReady)).Should(HaveField("Reason", v1alpha1.ReasonSecretNotFound))
	g.Expect(condition(t.Context(), c, v1alpha1.ConditionEdgeReady)().Message).To(ContainSubstring("cert"))

	g.Expect(api.Create(t.Context(), &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "cert"},
		Type:       corev1.SecretTypeTLS,
		Data:       certificate(t),
	})).To(Succeed())
	eventually(g, condition(t.Context(), c, v1alpha1.ConditionEdgeReady)).ShouldNot(HaveField("Reason", v1alpha1.ReasonSecretNotFound))
	eventually(g, exists(t.Context(), &appsv1.Deployment{}, ns, "demo-edge")).Should(Succeed())
}

func TestRetainKeepsTheDataAndANewPlatformTakesItUp(t *testing.T) {
	withDatabase(t)
	g := NewWithT(t)
	ns := newNamespace(t)
	startOperator(t, ns)
	c := platform(t, ns, nil)
	db, secret, claim := &cnpgv1.Cluster{}, &corev1.Secret{}, &corev1.PersistentVolumeClaim{}
	eventually(g, exists(t.Context(), db, ns, "demo-postgres")).Should(Succeed())
	eventually(g, exists(t.Context(), secret, ns, "demo-redis")).Should(Succeed())
	eventually(g, exists(t.Context(), claim, ns, "demo-uploads")).Should(Succeed())
	eventually(g, exists(t.Context(), &appsv1.Deployment{}, ns, "demo-edge")).Should(Succeed())

	g.Expect(api.Delete(t.Context(), c)).To(Succeed())
	eventually(g, exists(t.Context(), c, ns, "demo")).Should(Satisfy(apierrors.IsNotFound))
	g.Expect(exists(t.Context(), &appsv1.Deployment{}, ns, "demo-edge")()).To(Satisfy(apierrors.IsNotFound))
	uids := []any{db.UID, secret.UID, claim.UID}
	for _, o := range []client.Object{db, secret, claim} {
		g.Expect(exists(t.Context(), o, ns, o.GetName())()).To(Succeed())
		g.Expect(o.GetOwnerReferences()).To(BeEmpty())
	}
	g.Expect(db.Annotations).To(HaveKeyWithValue("cnpg.io/hibernation", "on"))

	platform(t, ns, nil)
	eventually(g, func() string {
		_ = exists(t.Context(), db, ns, "demo-postgres")()
		return db.Annotations["cnpg.io/hibernation"]
	}).Should(Equal("off"))
	for i, o := range []client.Object{db, secret, claim} {
		g.Expect(exists(t.Context(), o, ns, o.GetName())()).To(Succeed())
		g.Expect(o.GetUID()).To(BeEquivalentTo(uids[i]))
	}
}

func TestDeleteLeavesNothing(t *testing.T) {
	withDatabase(t)
	g := NewWithT(t)
	ns := newNamespace(t)
	startOperator(t, ns)
	c := platform(t, ns, func(c *v1alpha1.XaTubeCluster) { c.Spec.DeletionPolicy = v1alpha1.DeletionDelete })
	eventually(g, exists(t.Context(), &cnpgv1.Cluster{}, ns, "demo-postgres")).Should(Succeed())
	eventually(g, exists(t.Context(), &corev1.PersistentVolumeClaim{}, ns, "demo-uploads")).Should(Succeed())
	eventually(g, exists(t.Context(), &appsv1.StatefulSet{}, ns, "demo-rtmp")).Should(Succeed())
	bystander := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "mine"}}
	g.Expect(api.Create(t.Context(), bystander)).To(Succeed())

	g.Expect(api.Delete(t.Context(), c)).To(Succeed())
	// No controller of Kubernetes runs here to take the protection off a claim.
	eventually(g, func() error {
		claim := &corev1.PersistentVolumeClaim{}
		if err := exists(t.Context(), claim, ns, "demo-uploads")(); err != nil {
			return err
		}
		claim.Finalizers = nil
		return api.Update(t.Context(), claim)
	}).Should(Satisfy(apierrors.IsNotFound))
	eventually(g, exists(t.Context(), c, ns, "demo")).Should(Satisfy(apierrors.IsNotFound))
	for _, list := range []client.ObjectList{
		&appsv1.DeploymentList{}, &appsv1.StatefulSetList{}, &corev1.ServiceList{}, &corev1.PersistentVolumeClaimList{},
		&cnpgv1.ClusterList{}, &corev1.ConfigMapList{}, &corev1.SecretList{},
	} {
		g.Expect(api.List(t.Context(), list, client.InNamespace(ns), client.MatchingLabels{naming.LabelManagedBy: naming.ManagedBy})).To(Succeed())
		g.Expect(meta.LenList(list)).To(BeZero(), "%T", list)
	}
	g.Expect(exists(t.Context(), bystander, ns, "mine")()).To(Succeed())
}

func TestARemovedAPIIsReportedAndHarmsNothing(t *testing.T) {
	crds, err := envtest.InstallCRDs(env, envtest.CRDInstallOptions{Paths: []string{cnpgCRDs}})
	g := NewWithT(t)
	g.Expect(err).NotTo(HaveOccurred())
	ns := newNamespace(t)
	startOperator(t, ns)
	c := platform(t, ns, nil)
	makeReady(t, c)
	before := children(t, ns)

	removeAPI(t, crds)
	eventually(g, condition(t.Context(), c, v1alpha1.ConditionDatabaseReady)).Should(HaveField("Reason", v1alpha1.ReasonAPINotInstalled))
	g.Expect(meta.IsStatusConditionTrue(c.Status.Conditions, v1alpha1.ConditionReady)).To(BeFalse())
	// A change makes a whole pass happen, which would prune.
	update(t, c, func() { c.Spec.Frontend.Replicas = 3 })
	eventually(g, func() int64 { _ = condition(t.Context(), c, "")(); return c.Status.ObservedGeneration }).Should(Equal(c.Generation))
	// The objects of the API are gone with it; all others are as they were.
	maps.DeleteFunc(before, func(name string, _ types.UID) bool { return strings.HasPrefix(name, "Cluster ") })
	g.Expect(children(t, ns)).To(Equal(before))

	installAPI(t, cnpgCRDs)
	eventually(g, exists(t.Context(), &cnpgv1.Cluster{}, ns, "demo-postgres")).Should(Succeed())
	eventually(g, condition(t.Context(), c, v1alpha1.ConditionDatabaseReady)).ShouldNot(HaveField("Reason", v1alpha1.ReasonAPINotInstalled))
	for name, uid := range children(t, ns) {
		if before[name] != "" {
			g.Expect(uid).To(Equal(before[name]), name)
		}
	}
}

// children of a platform by kind and name.
func children(t *testing.T, namespace string) map[string]types.UID {
	t.Helper()
	found := map[string]types.UID{}
	for _, o := range (&world{namespace: namespace, kinds: namespacedKinds(t)}).objects(t) {
		if o.GetLabels()[naming.LabelManagedBy] == naming.ManagedBy {
			found[o.GetKind()+" "+o.GetName()] = o.GetUID()
		}
	}
	return found
}

// update changes the spec on the newest version of the resource.
func update(t *testing.T, c *v1alpha1.XaTubeCluster, change func()) {
	t.Helper()
	if err := api.Get(t.Context(), client.ObjectKeyFromObject(c), c); err != nil {
		t.Fatal(err)
	}
	before := c.DeepCopy()
	change()
	if err := api.Patch(t.Context(), c, client.MergeFrom(before)); err != nil {
		t.Fatal(err)
	}
}

// report plays a controller that writes the status of an object, whoever else writes to the object meanwhile.
func report(t *testing.T, o client.Object, change func()) {
	t.Helper()
	before := o.DeepCopyObject().(client.Object)
	change()
	if err := api.Status().Patch(t.Context(), o, client.MergeFrom(before)); err != nil {
		t.Fatal(err)
	}
}

// reportDatabase plays CloudNativePG, which has something to report.
func reportDatabase(t *testing.T, ns string, change func(*cnpgv1.Cluster)) {
	t.Helper()
	db := &cnpgv1.Cluster{}
	if err := exists(t.Context(), db, ns, "demo-postgres")(); err != nil {
		t.Fatal(err)
	}
	report(t, db, func() { change(db) })
}

// elect gives the database a primary and a standby, as CloudNativePG reports them.
func elect(t *testing.T, ns string) {
	t.Helper()
	db := &cnpgv1.Cluster{}
	NewWithT(t).Eventually(exists(t.Context(), db, ns, "demo-postgres")).WithTimeout(within).Should(Succeed())
	if err := scene.Elect(t.Context(), api, db); err != nil {
		t.Fatal(err)
	}
}

// certificate is a key pair that nginx would take.
func certificate(t *testing.T) map[string][]byte {
	t.Helper()
	crt, key, err := cert.GenerateSelfSignedCertKey("tube.example.com", nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	return map[string][]byte{"tls.crt": crt, "tls.key": key}
}

// migrationJob waits for a migration Job other than the named one.
func migrationJob(t *testing.T, ns, other string) string {
	t.Helper()
	var found string
	NewWithT(t).Eventually(func() string {
		var jobs batchv1.JobList
		err := api.List(t.Context(), &jobs, client.InNamespace(ns), client.MatchingLabels{naming.LabelComponent: naming.Migration})
		if err != nil {
			return ""
		}
		for _, j := range jobs.Items {
			if j.Name != other {
				found = j.Name
			}
		}
		return found
	}).WithTimeout(within).ShouldNot(BeEmpty())
	return found
}

func complete(t *testing.T, ns, name string, kind batchv1.JobConditionType) {
	t.Helper()
	job := &batchv1.Job{}
	if err := exists(t.Context(), job, ns, name)(); err != nil {
		t.Fatal(err)
	}
	if err := scene.EndJob(t.Context(), api, job, kind); err != nil {
		t.Fatal(err)
	}
}

// makeReady plays the controllers of Kubernetes, and CloudNativePG, until the platform is ready.
func makeReady(t *testing.T, c *v1alpha1.XaTubeCluster) {
	t.Helper()
	elect(t, c.Namespace)
	complete(t, c.Namespace, migrationJob(t, c.Namespace, ""), batchv1.JobComplete)
	NewWithT(t).Eventually(func(g Gomega, ctx context.Context) {
		g.Expect(readyWorkloads(ctx, c.Namespace)).To(Succeed())
		g.Expect(condition(ctx, c, v1alpha1.ConditionReady)()).To(HaveField("Status", metav1.ConditionTrue),
			"%v", c.Status.Conditions)
	}).WithContext(t.Context()).WithTimeout(within).Should(Succeed())
}

// readyWorkloads plays the controllers of Deployments, StatefulSets and DaemonSets.
func readyWorkloads(ctx context.Context, ns string) error {
	_, err := scene.MoveWorkloads(ctx, api, ns)
	return err
}
