package controller_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/rest"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/controller"
	"github.com/xatube/xatube-operator/test/scene"
)

// never is the number of the last write of an operator that nobody kills.
const never = 0

var errKilled = errors.New("the operator was killed")

// life is one life of an operator, from its start without a memory. It has no caches and no watches: it sees what is,
// and its passes are called one by one.
type life struct {
	reconciler *controller.Reconciler
	// last is the number of the write after which it is killed, counted from 1.
	last int
	dead bool
	// seen are its writes.
	seen []string
}

func newLife(t *testing.T, last int) *life {
	t.Helper()
	l := &life{last: last}
	cfg := rest.CopyConfig(env)
	cfg.Wrap(l.wrap)
	var err error
	if l.reconciler, err = scene.NewReconciler(cfg, api.RESTMapper(), client.New); err != nil {
		t.Fatal(err)
	}
	return l
}

// wrap lets requests through until the operator is dead. It does not hear the answer to its last write.
func (l *life) wrap(next http.RoundTripper) http.RoundTripper {
	return roundTripper(func(r *http.Request) (*http.Response, error) {
		if l.dead {
			return nil, errKilled
		}
		answer, err := next.RoundTrip(r)
		if err != nil || r.Method == http.MethodGet {
			return answer, err
		}
		l.seen = append(l.seen, r.Method+" "+r.URL.Path)
		if len(l.seen) != l.last {
			return answer, nil
		}
		l.dead = true
		return nil, errors.Join(errKilled, answer.Body.Close())
	})
}

// world is everything around an operator: a namespace with one platform, the controllers of Kubernetes and
// CloudNativePG. It keeps account of what has ever existed.
type world struct {
	namespace string
	platform  *v1alpha1.XaTubeCluster
	kinds     []schema.GroupVersionKind
	// known objects, by kind and name: their UID, and of a Secret what it held.
	known map[string]string
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{namespace: newNamespace(t), kinds: namespacedKinds(t), known: map[string]string{}}
	// Nobody collects the garbage of a namespace here, and the addresses of Services are few.
	t.Cleanup(func() {
		ctx := context.WithoutCancel(t.Context())
		var services corev1.ServiceList
		if err := api.List(ctx, &services, client.InNamespace(w.namespace)); err != nil {
			t.Error(err)
		}
		for i := range services.Items {
			if err := api.Delete(ctx, &services.Items[i]); err != nil {
				t.Error(err)
			}
		}
	})
	return w
}

// namespacedKinds are all that can be listed. Events only report on others.
func namespacedKinds(t *testing.T) []schema.GroupVersionKind {
	t.Helper()
	lists, err := discovery.NewDiscoveryClientForConfigOrDie(env).ServerPreferredNamespacedResources()
	if err != nil {
		t.Fatal(err)
	}
	var kinds []schema.GroupVersionKind
	for _, list := range lists {
		gv, err := schema.ParseGroupVersion(list.GroupVersion)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range list.APIResources {
			if slices.Contains(r.Verbs, "list") && r.Kind != "Event" {
				kinds = append(kinds, gv.WithKind(r.Kind))
			}
		}
	}
	return kinds
}

// settle lets the operator and the world act in turn until neither has anything to do, or the operator is dead.
func (w *world) settle(t *testing.T, operator *life) {
	t.Helper()
	for range 100 {
		written := len(operator.seen)
		_, err := operator.reconciler.Reconcile(t.Context(), ctrl.Request{NamespacedName: client.ObjectKeyFromObject(w.platform)})
		if err != nil && !operator.dead {
			t.Fatalf("pass: %v", err)
		}
		if moved := w.turn(t); operator.dead || (!moved && len(operator.seen) == written) {
			w.remember(t)
			return
		}
	}
	t.Fatalf("the operator does not come to rest; it wrote %v", operator.seen)
}

// turn plays the controllers of Kubernetes and CloudNativePG, and says whether they had anything to do.
func (w *world) turn(t *testing.T) bool {
	t.Helper()
	moved, err := scene.Play(t.Context(), api, w.namespace)
	if err != nil {
		t.Fatal(err)
	}
	return moved
}

func (w *world) list(t *testing.T, list client.ObjectList) {
	t.Helper()
	if err := api.List(t.Context(), list, client.InNamespace(w.namespace)); err != nil {
		t.Fatal(err)
	}
}

// objects are all of the namespace but those that Kubernetes puts into each.
func (w *world) objects(t *testing.T) []unstructured.Unstructured {
	t.Helper()
	var all []unstructured.Unstructured
	for _, kind := range w.kinds {
		list := &unstructured.UnstructuredList{}
		list.SetGroupVersionKind(kind)
		w.list(t, list)
		all = append(all, list.Items...)
	}
	return slices.DeleteFunc(all, func(o unstructured.Unstructured) bool {
		return o.GetName() == "kube-root-ca.crt" || (o.GetKind() == "ServiceAccount" && o.GetName() == "default")
	})
}

// remember fails when an object was made a second time, or a credential has changed.
func (w *world) remember(t *testing.T) {
	t.Helper()
	for _, o := range w.objects(t) {
		name, identity := o.GetKind()+" "+o.GetName(), string(o.GetUID())
		if o.GetKind() == "Secret" {
			identity += fmt.Sprint(o.Object["data"])
		}
		if former, known := w.known[name]; known && former != identity {
			t.Errorf("%s was made a second time, or its content has changed", name)
		}
		w.known[name] = identity
	}
}

// end is every object of the namespace, in a form that does not depend on when and where it was made.
func (w *world) end(t *testing.T) []string {
	t.Helper()
	var all []string
	for _, o := range w.objects(t) {
		if o.GetKind() == "Secret" {
			o.Object["data"] = lengths(o.Object["data"])
		}
		text, err := json.MarshalIndent(timeless(o.Object), "", " ")
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, arbitrary.ReplaceAllString(strings.ReplaceAll(string(text), w.namespace, "NAMESPACE"), "ID"))
	}
	slices.Sort(all)
	return all
}

// arbitrary are UIDs, and hashes, which cover the generated credentials.
var arbitrary = regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|\b[0-9a-f]{16}\b`)

// lengths of credentials are all that two runs have in common.
func lengths(data any) map[string]any {
	out := map[string]any{}
	values, _ := data.(map[string]any)
	for k, v := range values {
		out[k] = len(fmt.Sprint(v))
	}
	return out
}

// volatile fields say when and where, and in how many steps.
var volatile = []string{
	"generation", "observedGeneration", "uid", "resourceVersion", "creationTimestamp", "time", "lastTransitionTime", "lastProbeTime", "startTime",
	"completionTime", "startedAt", "completedAt", "seconds", "clusterIP", "clusterIPs", "nodePort", "healthCheckNodePort",
}

func timeless(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := maps.Clone(v)
		maps.DeleteFunc(out, func(k string, _ any) bool { return slices.Contains(volatile, k) })
		for k := range out {
			out[k] = timeless(out[k])
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = timeless(v[i])
		}
		return out
	}
	return v
}
