package controller_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	cnpgv1 "github.com/cloudnative-pg/api/pkg/api/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/rest"
	k8sevents "k8s.io/client-go/tools/events"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/config"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/metrics/server"
	"sigs.k8s.io/controller-runtime/pkg/recorder"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/controller"
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
	mgr, err := ctrl.NewManager(cfg, ctrl.Options{
		Scheme:         controller.NewScheme(),
		MapperProvider: func(*rest.Config, *http.Client) (meta.RESTMapper, error) { return api.RESTMapper(), nil },
		NewClient: func(cfg *rest.Config, o client.Options) (client.Client, error) {
			o.Cache = nil
			return client.New(cfg, o)
		},
		Metrics:    server.Options{BindAddress: "0"},
		Controller: config.Controller{SkipNameValidation: new(true)},
	})
	if err != nil {
		t.Fatal(err)
	}
	idle := &idleManager{Manager: mgr}
	if err := controller.Setup(idle, controller.Config{ClusterDomain: "cluster.local", Image: "example.com/xatube-operator:1", Concurrency: 1}); err != nil {
		t.Fatal(err)
	}
	if l.reconciler = idle.reconciler; l.reconciler == nil {
		t.Fatal("no controller of platforms was set up")
	}
	return l
}

// idleManager is never started: it only picks the reconciler out of what is set up, wired as in the operator.
type idleManager struct {
	ctrl.Manager
	reconciler *controller.Reconciler
}

// Add finds the controller of platforms. controller-runtime exports its reconciler in a field, but not the type.
func (m *idleManager) Add(r manager.Runnable) error {
	if v := reflect.Indirect(reflect.ValueOf(r)); v.Kind() == reflect.Struct {
		if do := v.FieldByName("Do"); do.IsValid() {
			if found, ok := reflect.TypeAssert[*controller.Reconciler](do); ok {
				m.reconciler = found
			}
		}
	}
	return nil
}

func (m *idleManager) GetCache() cache.Cache { return uncached{m.Manager.GetCache(), m.GetAPIReader()} }

// GetEventRecorder tells nobody of events.
func (m *idleManager) GetEventRecorder(string) recorder.EventRecorder {
	return &k8sevents.FakeRecorder{}
}

// uncached reads from the API server.
type uncached struct {
	cache.Cache
	live client.Reader
}

func (u uncached) Get(ctx context.Context, key client.ObjectKey, o client.Object, opts ...client.GetOption) error {
	return u.live.Get(ctx, key, o, opts...)
}

func (u uncached) List(ctx context.Context, list client.ObjectList, opts ...client.ListOption) error {
	return u.live.List(ctx, list, opts...)
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
	moved, err := moveWorkloads(t.Context(), w.namespace)
	if err != nil {
		t.Fatal(err)
	}
	return slices.Contains([]bool{w.runJobs(t), w.runDatabase(t), w.releaseClaims(t)}, true) || moved
}

func (w *world) runJobs(t *testing.T) (moved bool) {
	t.Helper()
	var jobs batchv1.JobList
	w.list(t, &jobs)
	for _, j := range jobs.Items {
		if len(j.Status.Conditions) == 0 && j.DeletionTimestamp == nil {
			complete(t, w.namespace, j.Name, batchv1.JobComplete)
			moved = true
		}
	}
	return moved
}

func (w *world) runDatabase(t *testing.T) (moved bool) {
	t.Helper()
	var databases cnpgv1.ClusterList
	w.list(t, &databases)
	for _, db := range databases.Items {
		if db.Status.CurrentPrimary == "" && db.DeletionTimestamp == nil {
			elect(t, w.namespace)
			moved = true
		}
	}
	return moved
}

// releaseClaims takes the protection off claims that are being deleted, as no pod uses them.
func (w *world) releaseClaims(t *testing.T) (moved bool) {
	t.Helper()
	var claims corev1.PersistentVolumeClaimList
	w.list(t, &claims)
	for i := range claims.Items {
		claim := &claims.Items[i]
		if claim.DeletionTimestamp == nil {
			continue
		}
		claim.Finalizers = nil
		if err := api.Update(t.Context(), claim); err != nil {
			t.Fatal(err)
		}
		moved = true
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
