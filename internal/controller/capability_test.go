package controller_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	extv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/config"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"github.com/xatube/xatube-operator/internal/capability"
	"github.com/xatube/xatube-operator/internal/controller"
)

// countedDiscovery counts the questions to the API server, and can keep them waiting.
type countedDiscovery struct {
	capability.Discovery
	asked atomic.Int32
	held  sync.RWMutex
}

func (d *countedDiscovery) ServerResourcesForGroupVersionWithContext(ctx context.Context, gv string) (*metav1.APIResourceList, error) {
	d.asked.Add(1)
	d.held.RLock()
	defer d.held.RUnlock()
	return d.Discovery.ServerResourcesForGroupVersionWithContext(ctx, gv)
}

// watches records which kinds are watched.
type watches struct {
	mu  sync.Mutex
	now map[schema.GroupVersionKind]bool
}

func (w *watches) set(gvk schema.GroupVersionKind, watched bool) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.now == nil {
		w.now = map[schema.GroupVersionKind]bool{}
	}
	w.now[gvk] = watched
	return nil
}

func (w *watches) Start(_ context.Context, gvk schema.GroupVersionKind) error {
	return w.set(gvk, true)
}

func (w *watches) Stop(_ context.Context, gvk schema.GroupVersionKind) error {
	return w.set(gvk, false)
}

func (w *watches) on(gvk schema.GroupVersionKind) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now[gvk]
}

// gadgets is an API whose version v1 may be served or not; v1alpha2 is.
func gadgets(v1Served bool) *extv1.CustomResourceDefinition {
	anything := &extv1.CustomResourceValidation{OpenAPIV3Schema: &extv1.JSONSchemaProps{Type: "object", XPreserveUnknownFields: new(true)}}
	return &extv1.CustomResourceDefinition{
		ObjectMeta: metav1.ObjectMeta{Name: "gadgets.capability.example.com"},
		Spec: extv1.CustomResourceDefinitionSpec{
			Group: "capability.example.com", Scope: extv1.NamespaceScoped,
			Names: extv1.CustomResourceDefinitionNames{Plural: "gadgets", Singular: "gadget", Kind: "Gadget", ListKind: "GadgetList"},
			Versions: []extv1.CustomResourceDefinitionVersion{
				{Name: "v1alpha2", Served: true, Storage: true, Schema: anything},
				{Name: "v1", Served: v1Served, Schema: anything},
			},
		},
	}
}

// startTracker follows the gadgets of version v1.
func startTracker(t *testing.T, c *clock) (*capability.Tracker, *countedDiscovery, *watches) {
	t.Helper()
	mgr, err := ctrl.NewManager(env, ctrl.Options{
		Scheme: controller.NewScheme(), Cache: controller.CacheOptions(nil), Metrics: server.Options{BindAddress: "0"},
		Controller: config.Controller{SkipNameValidation: new(true)},
	})
	if err != nil {
		t.Fatal(err)
	}
	asked, watched := &countedDiscovery{Discovery: discovery.NewDiscoveryClientForConfigOrDie(env)}, &watches{}
	tracker := &capability.Tracker{
		APIs: []capability.API{{
			GVK: schema.GroupVersionKind{Group: "capability.example.com", Version: "v1", Kind: "Gadget"}, CRD: "gadgets.capability.example.com",
		}},
		Reader: mgr.GetCache(), Discovery: asked, Watches: watched, Changed: make(chan event.GenericEvent, 1), Now: c.now,
	}
	if err := tracker.SetupWithManager(mgr); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- mgr.Start(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return tracker, asked, watched
}

// A7: to ask what is installed costs no request, whatever is installed; what comes and goes is seen without a restart.
func TestAskingForAnAPIIsFree(t *testing.T) {
	g := NewWithT(t)
	var c clock
	tracker, discovered, watched := startTracker(t, &c)
	gadget := tracker.APIs[0].GVK
	installed := func() bool {
		apis, err := tracker.Installed(t.Context())
		if err != nil {
			t.Error(err)
		}
		return apis[gadget]
	}
	askOften := func(want bool) {
		t.Helper()
		// A definition that has not changed for an hour is asked for every ten minutes.
		c.advance(time.Hour)
		seen := int32(-1)
		g.Eventually(func() bool {
			before := seen
			seen = discovered.asked.Load()
			return seen == before
		}).WithTimeout(within).WithPolling(3*time.Second).Should(BeTrue(), "the tracker comes to rest")
		for range 1000 {
			g.Expect(installed()).To(Equal(want))
		}
		g.Expect(discovered.asked.Load()).To(Equal(seen), "requests for 1000 questions")
	}

	askOften(false)
	g.Expect(discovered.asked.Load()).To(BeZero(), "nothing need be discovered of an API without a definition")

	crd := gadgets(false)
	g.Expect(api.Create(t.Context(), crd)).To(Succeed())
	t.Cleanup(func() { removeAPI(t, []*extv1.CustomResourceDefinition{crd}) })
	eventually(g, discovered.asked.Load).Should(BeNumerically(">", 0))
	askOften(false)
	g.Expect(watched.on(gadget)).To(BeFalse())

	serve := func(v1 bool) {
		before := crd.DeepCopy()
		crd.Spec.Versions[1].Served = v1
		g.Expect(api.Patch(t.Context(), crd, client.MergeFrom(before))).To(Succeed())
	}
	serve(true)
	eventually(g, installed).Should(BeTrue())
	eventually(g, func() bool { return watched.on(gadget) }).Should(BeTrue())
	eventually(g, tracker.Changed).Should(Receive())
	askOften(true)

	// While discovery hangs, the last answer is given at once.
	discovered.held.Lock()
	seen := discovered.asked.Load()
	serve(false)
	eventually(g, discovered.asked.Load).Should(BeNumerically(">", seen))
	began := time.Now()
	for range 1000 {
		g.Expect(installed()).To(BeTrue())
	}
	g.Expect(time.Since(began)).To(BeNumerically("<", 5*time.Second))
	discovered.held.Unlock()

	eventually(g, installed).Should(BeFalse())
	eventually(g, func() bool { return watched.on(gadget) }).Should(BeFalse())
	serve(true)
	eventually(g, installed).Should(BeTrue())
	removeAPI(t, []*extv1.CustomResourceDefinition{crd})
	eventually(g, installed).Should(BeFalse())
}
