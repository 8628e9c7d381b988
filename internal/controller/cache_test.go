package controller_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/capability"
	"github.com/xatube/xatube-operator/internal/component/naming"
	"github.com/xatube/xatube-operator/internal/controller"
)

// filled is a cache of the API server, which runs until the test ends.
func filled(t *testing.T, options cache.Options) cache.Cache {
	t.Helper()
	options.Scheme = controller.NewScheme()
	c, err := cache.New(env, options)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- c.Start(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	if !c.WaitForCacheSync(t.Context()) {
		t.Fatal("the cache does not start")
	}
	return c
}

// applied is what kubectl apply writes beside an object.
func applied() map[string]string {
	return map[string]string{
		corev1.LastAppliedConfigAnnotation: `{"data":{"key":"` + strings.Repeat("c2VjcmV0", 2000) + `"}}`,
		"example.com/note":                 "kept where it may be needed",
	}
}

// A18: of the Secrets and ConfigMaps of everybody the operator remembers which there are, and nothing else.
func TestTheCacheOfNamedObjectsHoldsNothingButNames(t *testing.T) {
	g := NewWithT(t)
	ns := newNamespace(t)
	const n = 50
	for i := range n {
		meta := metav1.ObjectMeta{Namespace: ns, Name: fmt.Sprintf("of-others-%d", i), Annotations: applied(), Labels: map[string]string{"a": "b"}}
		g.Expect(api.Create(t.Context(), &corev1.Secret{ObjectMeta: meta})).To(Succeed())
		g.Expect(api.Create(t.Context(), &corev1.ConfigMap{ObjectMeta: meta})).To(Succeed())
	}
	named := filled(t, controller.NamedCacheOptions([]string{ns}))
	for _, kind := range []string{"Secret", "ConfigMap"} {
		list := &metav1.PartialObjectMetadataList{}
		list.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind(kind + "List"))
		g.Expect(named.List(t.Context(), list)).To(Succeed())
		g.Expect(list.Items).To(HaveLen(n))
		for i := range list.Items {
			o := list.Items[i]
			g.Expect(o.UID).NotTo(BeEmpty())
			g.Expect(o.ResourceVersion).NotTo(BeEmpty())
			g.Expect(o.ObjectMeta).To(Equal(metav1.ObjectMeta{Namespace: ns, Name: o.Name, UID: o.UID, ResourceVersion: o.ResourceVersion}))
		}
		kept, err := json.Marshal(list.Items)
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(len(kept)/n).To(BeNumerically("<", 250), "bytes for each %s", kind)
	}
}

// A18: of its own objects it remembers what it compares and judges, and not who wrote them; of definitions only that they
// exist; objects without its labels not at all.
func TestTheCacheHoldsWhatIsNeeded(t *testing.T) {
	withDatabase(t)
	g := NewWithT(t)
	ns := newNamespace(t)
	ours := map[string]string{naming.LabelManagedBy: naming.ManagedBy}
	data := map[string]string{"key": "value"}
	g.Expect(api.Create(t.Context(), &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "ours", Annotations: applied(), Labels: ours}, Data: data,
	})).To(Succeed())
	g.Expect(api.Create(t.Context(), &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "of-others"}, Data: data})).To(Succeed())
	revision := func(name, kind string) *appsv1.ControllerRevision {
		return &appsv1.ControllerRevision{
			ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: name, Labels: ours, OwnerReferences: []metav1.OwnerReference{{
				APIVersion: "example.com/v1", Kind: kind, Name: "demo", UID: "1", Controller: new(true),
			}}},
			Data: runtime.RawExtension{Raw: []byte(`{"spec":{}}`)},
		}
	}
	g.Expect(api.Create(t.Context(), revision("of-ours", v1alpha1.Kind))).To(Succeed())
	g.Expect(api.Create(t.Context(), revision("of-a-set", "StatefulSet"))).To(Succeed())
	platform(t, ns, func(c *v1alpha1.XaTubeCluster) { c.Annotations = applied() })

	c := filled(t, controller.CacheOptions([]string{ns}))
	var maps corev1.ConfigMapList
	g.Expect(c.List(t.Context(), &maps)).To(Succeed())
	g.Expect(maps.Items).To(HaveLen(1))
	g.Expect(maps.Items[0].Data).To(Equal(data))
	for _, o := range []client.Object{&maps.Items[0], fetched(t, c, &v1alpha1.XaTubeCluster{}, ns, "demo")} {
		g.Expect(o.GetAnnotations()).To(Equal(map[string]string{"example.com/note": "kept where it may be needed"}), o.GetName())
		g.Expect(o.GetManagedFields()).To(BeEmpty(), o.GetName())
	}
	g.Expect(fetched(t, c, &appsv1.ControllerRevision{}, ns, "of-ours").Data.Raw).NotTo(BeEmpty())
	g.Expect(fetched(t, c, &appsv1.ControllerRevision{}, ns, "of-a-set").Data.Raw).To(BeEmpty())

	crd := fetched(t, c, capability.Definition(), "", "clusters.postgresql.cnpg.io")
	g.Expect(crd.ObjectMeta).To(Equal(metav1.ObjectMeta{Name: crd.Name, UID: crd.UID, ResourceVersion: crd.ResourceVersion}))
}

func fetched[T client.Object](t *testing.T, c client.Reader, o T, ns, name string) T {
	t.Helper()
	if err := c.Get(t.Context(), client.ObjectKey{Namespace: ns, Name: name}, o); err != nil {
		t.Fatal(err)
	}
	return o
}
