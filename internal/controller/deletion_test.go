package controller_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	cnpgv1 "github.com/cloudnative-pg/api/pkg/api/v1"
	. "github.com/onsi/gomega"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component/naming"
	"github.com/xatube/xatube-operator/test/scene"
)

// large is a platform whose data is larger than what the defaults ask for.
func large(c *v1alpha1.XaTubeCluster) {
	fast, three := v1alpha1.ObjectName("fast"), int32(3)
	c.Spec.Backend.Uploads = v1alpha1.UploadsSpec{
		Size: "40Gi", StorageClassName: &fast, AccessModes: []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce},
	}
	c.Spec.Postgres.Storage = &v1alpha1.VolumeSpec{Size: "50Gi", StorageClassName: &fast}
	c.Spec.Postgres.WALStorage = &v1alpha1.VolumeSpec{Size: "5Gi"}
	c.Spec.RabbitMQ.Replicas = &three
}

// states in which a platform may be when it is deleted.
var states = map[string]func(*testing.T, *v1alpha1.XaTubeCluster){
	"healthy": func(t *testing.T, c *v1alpha1.XaTubeCluster) {
		t.Helper()
		makeReady(t, c)
	},
	"never came up": func(t *testing.T, _ *v1alpha1.XaTubeCluster) { t.Helper() },
	"half gone": func(t *testing.T, c *v1alpha1.XaTubeCluster) {
		t.Helper()
		makeReady(t, c)
		for _, o := range []client.Object{&appsv1.StatefulSet{}, &appsv1.Deployment{}, &corev1.ConfigMap{}} {
			if err := api.DeleteAllOf(t.Context(), o, client.InNamespace(c.Namespace)); err != nil {
				t.Fatal(err)
			}
		}
	},
	"hibernated": func(t *testing.T, c *v1alpha1.XaTubeCluster) {
		t.Helper()
		makeReady(t, c)
		update(t, c, func() { c.Spec.PowerState = v1alpha1.PowerHibernated })
		eventually(NewWithT(t), annotation(t, c.Namespace)).Should(Equal("on"))
	},
	"CloudNativePG is down": func(t *testing.T, c *v1alpha1.XaTubeCluster) {
		t.Helper()
		makeReady(t, c)
		refuseDatabaseWrites(t, c.Namespace)
	},
}

// refuseDatabaseWrites has the API server ask a webhook that does not answer, as while CloudNativePG is down.
func refuseDatabaseWrites(t *testing.T, ns string) {
	t.Helper()
	hook := &admissionregistrationv1.ValidatingWebhookConfiguration{
		ObjectMeta: metav1.ObjectMeta{Name: ns},
		Webhooks: []admissionregistrationv1.ValidatingWebhook{{
			Name:                    "vcluster.cnpg.io",
			ClientConfig:            admissionregistrationv1.WebhookClientConfig{URL: new("https://127.0.0.1:1/validate")},
			AdmissionReviewVersions: []string{"v1"},
			SideEffects:             new(admissionregistrationv1.SideEffectClassNone),
			NamespaceSelector:       &metav1.LabelSelector{MatchLabels: map[string]string{corev1.LabelMetadataName: ns}},
			Rules: []admissionregistrationv1.RuleWithOperations{{
				Operations: []admissionregistrationv1.OperationType{admissionregistrationv1.Create, admissionregistrationv1.Update},
				Rule:       admissionregistrationv1.Rule{APIGroups: []string{cnpgv1.SchemeGroupVersion.Group}, APIVersions: []string{"v1"}, Resources: []string{"clusters"}},
			}},
		}},
	}
	if err := api.Create(t.Context(), hook); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := api.Delete(context.WithoutCancel(t.Context()), hook); err != nil {
			t.Error(err)
		}
	})
	NewWithT(t).Eventually(func() error {
		db := &cnpgv1.Cluster{ObjectMeta: metav1.ObjectMeta{Name: "another", Namespace: ns}}
		return api.Create(t.Context(), db, client.DryRunAll)
	}).WithTimeout(within).Should(MatchError(ContainSubstring("failed calling webhook")))
}

// A8, A14: whatever state a platform is in, deleting it ends soon, and what is kept and gone is what docs/operations.md
// says.
func TestDeletionEndsInEveryState(t *testing.T) {
	withDatabase(t)
	type place struct {
		state, namespace string
		policy           v1alpha1.DeletionPolicy
	}
	var places []place
	var namespaces []string
	for state := range states {
		for _, policy := range []v1alpha1.DeletionPolicy{v1alpha1.DeletionRetain, v1alpha1.DeletionDelete} {
			ns := newNamespace(t)
			places, namespaces = append(places, place{state, ns, policy}), append(namespaces, ns)
		}
	}
	startOperator(t, namespaces...)
	t.Run("state", func(t *testing.T) {
		for _, p := range places {
			t.Run(fmt.Sprintf("%s/%s", p.state, p.policy), func(t *testing.T) {
				t.Parallel()
				g := NewWithT(t)
				c := platform(t, p.namespace, func(c *v1alpha1.XaTubeCluster) {
					large(c)
					c.Spec.DeletionPolicy = p.policy
				})
				server := fillVolumes(t, c)
				states[p.state](t, c)
				data := dataOf(t, p.namespace)

				g.Expect(api.Delete(t.Context(), c)).To(Succeed())
				awaitDeletion(t, c)
				g.Expect(workloadsOf(t, p.namespace)).To(BeEmpty())
				if p.policy == v1alpha1.DeletionDelete {
					g.Expect(dataOf(t, p.namespace)).To(BeEmpty())
					return
				}
				g.Expect(dataOf(t, p.namespace)).To(Equal(data))
				g.Expect(exists(t.Context(), server, p.namespace, server.Name)()).To(Succeed(), "it is CloudNativePG's to stop")
			})
		}
	})
}

// A11, A14: a successor takes up what an earlier platform has left, however little it says, and deletes what it took up
// alone.
func TestASuccessorTakesUpWhatWasLeft(t *testing.T) {
	withDatabase(t)
	external := func(c *v1alpha1.XaTubeCluster) {
		c.Spec.Postgres.External = &v1alpha1.ExternalSpec{SecretRef: v1alpha1.SecretKey{Name: "elsewhere", Key: "uri"}}
		c.Spec.DeletionPolicy = v1alpha1.DeletionDelete
	}
	successors := map[string]func(*v1alpha1.XaTubeCluster){"the same": large, "nothing": nil, "external": external}
	places := map[string]string{}
	for name := range successors {
		places[name] = newNamespace(t)
	}
	var namespaces []string
	for _, ns := range places {
		namespaces = append(namespaces, ns)
	}
	startOperator(t, namespaces...)
	t.Run("spec", func(t *testing.T) {
		for name, spec := range successors {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				g := NewWithT(t)
				ns := places[name]
				c := platform(t, ns, large)
				fillVolumes(t, c)
				makeReady(t, c)
				data := dataOf(t, ns)
				g.Expect(api.Delete(t.Context(), c)).To(Succeed())
				awaitDeletion(t, c)

				c = platform(t, ns, spec)
				eventually(g, condition(t.Context(), c, v1alpha1.ConditionCacheReady)).ShouldNot(HaveField("Reason", v1alpha1.ReasonPending))
				g.Expect(c.Status.Conditions).NotTo(ContainElement(HaveField("Reason", BeElementOf(v1alpha1.ReasonInvalid, v1alpha1.ReasonRejected))))
				g.Expect(dataOf(t, ns)).To(Equal(data))
				if name != "external" {
					eventually(g, annotation(t, ns)).Should(Equal("off"))
					return
				}
				g.Expect(api.Delete(t.Context(), c)).To(Succeed())
				awaitDeletion(t, c)
				left := dataOf(t, ns)
				g.Expect(left).To(HaveKey("Cluster demo-postgres"))
				g.Expect(left).To(HaveKey("PersistentVolumeClaim demo-postgres-1"), "the volumes of a database go with it or not at all")
				g.Expect(left).NotTo(HaveKey("PersistentVolumeClaim demo-uploads"))
				g.Expect(left).NotTo(HaveKey("PersistentVolumeClaim data-demo-rabbitmq-0"))
			})
		}
	})
}

// A8: with the API of the database its objects have gone, and nothing of it is left to wait for.
func TestAPlatformIsDeletedWithoutTheAPIOfItsDatabase(t *testing.T) {
	crds, err := envtest.InstallCRDs(env, envtest.CRDInstallOptions{Paths: []string{cnpgCRDs}})
	g := NewWithT(t)
	g.Expect(err).NotTo(HaveOccurred())
	ns := newNamespace(t)
	startOperator(t, ns)
	c := platform(t, ns, nil)
	makeReady(t, c)
	removeAPI(t, crds)
	eventually(g, condition(t.Context(), c, v1alpha1.ConditionDatabaseReady)).Should(HaveField("Reason", v1alpha1.ReasonAPINotInstalled))
	g.Expect(c.Status.Inventory).To(ContainElement(And(HaveField("Kind", "Cluster"), HaveField("Name", "demo-postgres"))), "the database may come back with its API")

	g.Expect(api.Delete(t.Context(), c)).To(Succeed())
	eventually(g, exists(t.Context(), c, ns, "demo")).Should(Satisfy(apierrors.IsNotFound))
	g.Expect(exists(t.Context(), &corev1.PersistentVolumeClaim{}, ns, "demo-uploads")()).To(Succeed())
}

// fillVolumes makes what the controllers of Kubernetes and CloudNativePG make of a new platform: the claims of the
// database and of the brokers, and a server of the database. It returns that.
func fillVolumes(t *testing.T, c *v1alpha1.XaTubeCluster) *corev1.Pod {
	t.Helper()
	g := NewWithT(t)
	db, brokers := &cnpgv1.Cluster{}, &appsv1.StatefulSet{}
	eventually(g, exists(t.Context(), db, c.Namespace, "demo-postgres")).Should(Succeed())
	eventually(g, exists(t.Context(), brokers, c.Namespace, "demo-rabbitmq")).Should(Succeed())
	claim := func(name, comp, size, role string) {
		labels := naming.Labels(c, comp)
		labels["cnpg.io/pvcRole"] = role
		g.Expect(api.Create(t.Context(), &corev1.PersistentVolumeClaim{
			ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: c.Namespace, Labels: labels},
			Spec: corev1.PersistentVolumeClaimSpec{
				AccessModes: []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce},
				Resources:   corev1.VolumeResourceRequirements{Requests: corev1.ResourceList{corev1.ResourceStorage: resource.MustParse(size)}},
			},
		})).To(Succeed())
	}
	claim("demo-postgres-1", naming.Postgres, "50Gi", "PG_DATA")
	claim("demo-postgres-1-wal", naming.Postgres, "5Gi", "PG_WAL")
	for i := range 3 {
		claim(fmt.Sprintf("data-demo-rabbitmq-%d", i), naming.RabbitMQ, "8Gi", "")
	}
	server := instancePod(c, "demo-postgres-1", db.Spec.ImageName)
	g.Expect(api.Create(t.Context(), server)).To(Succeed())
	return server
}

func instancePod(c *v1alpha1.XaTubeCluster, name, image string) *corev1.Pod {
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: c.Namespace, Labels: naming.Labels(c, naming.Postgres)},
		Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "postgres", Image: image}}},
	}
}

// awaitDeletion plays the garbage collector of Kubernetes until the platform is gone. A deletion that waits for more than
// a minute counts as one that never ends.
func awaitDeletion(t *testing.T, c *v1alpha1.XaTubeCluster) {
	t.Helper()
	NewWithT(t).Eventually(func(g Gomega) {
		_, err := scene.ReleaseClaims(t.Context(), api, c.Namespace)
		g.Expect(client.IgnoreNotFound(err)).To(Succeed())
		if err := exists(t.Context(), &cnpgv1.Cluster{}, c.Namespace, "demo-postgres")(); apierrors.IsNotFound(err) {
			g.Expect(api.DeleteAllOf(t.Context(), &corev1.Pod{}, client.InNamespace(c.Namespace))).To(Succeed())
			login := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: c.Namespace, Name: "demo-postgres-app"}}
			g.Expect(client.IgnoreNotFound(api.Delete(t.Context(), login))).To(Succeed())
		}
		g.Expect(exists(t.Context(), c, c.Namespace, c.Name)()).To(Satisfy(apierrors.IsNotFound), "%v", c.Status.Conditions)
	}).WithTimeout(time.Minute).WithPolling(100 * time.Millisecond).Should(Succeed())
}

// dataOf are the identities of all that holds data and carries the operator's label, by kind and name.
func dataOf(t *testing.T, ns string) map[string]types.UID {
	t.Helper()
	return identities(t, ns, &cnpgv1.ClusterList{}, &corev1.PersistentVolumeClaimList{}, &corev1.SecretList{})
}

func workloadsOf(t *testing.T, ns string) map[string]types.UID {
	t.Helper()
	return identities(t, ns, &appsv1.DeploymentList{}, &appsv1.StatefulSetList{}, &corev1.ConfigMapList{}, &corev1.ServiceList{})
}

func identities(t *testing.T, ns string, lists ...client.ObjectList) map[string]types.UID {
	t.Helper()
	out := map[string]types.UID{}
	for _, list := range lists {
		err := api.List(t.Context(), list, client.InNamespace(ns), client.MatchingLabels{naming.LabelManagedBy: naming.ManagedBy})
		if err != nil {
			t.Fatal(err)
		}
		items, err := meta.ExtractList(list)
		if err != nil {
			t.Fatal(err)
		}
		for _, item := range items {
			o, _ := item.(client.Object)
			gvk, err := api.GroupVersionKindFor(o)
			if err != nil {
				t.Fatal(err)
			}
			out[gvk.Kind+" "+o.GetName()] = o.GetUID()
		}
	}
	return out
}

// A22: whoever reads the inventory of a platform finds every Secret in it, also one that was made a moment before a crash.
func TestASecretIsRecordedBeforeItExists(t *testing.T) {
	withDatabase(t)
	w := newWorld(t)
	createPlatform(t, w)
	for last := 1; ; last++ {
		operator := newLife(t, last)
		w.settle(t, operator)
		if err := api.Get(t.Context(), client.ObjectKeyFromObject(w.platform), w.platform); err != nil {
			t.Fatal(err)
		}
		for name := range identities(t, w.namespace, &corev1.SecretList{}) {
			recorded := slices.ContainsFunc(w.platform.Status.Inventory, func(ref v1alpha1.ObjectRef) bool {
				return ref.Kind+" "+ref.Name == name
			})
			if !recorded && name != "Secret demo-postgres-app" {
				t.Fatalf("%s exists after %d writes and is in no inventory", name, last)
			}
		}
		if !operator.dead {
			return
		}
	}
}
