package controller_test

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"runtime/debug"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/util/cert"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component/naming"
	"github.com/xatube/xatube-operator/internal/controller"
	"github.com/xatube/xatube-operator/test/scene"
)

// leftToOthers are the changes of a foreign hand that stay, and why: an end of what is changed. In each of them all that the
// operator wants is there as well.
var leftToOthers = map[string]string{
	" metadata.annotations.*: add": "annotations of other controllers and of people",
	" metadata.labels.*: add":      "labels that people and policies select by",

	" spec.template.metadata.annotations.*: add":                                "annotations for pods, of injectors and of kubectl rollout restart",
	" spec.template.metadata.labels.*: add":                                     "labels for pods, of injectors",
	"ontainers[]: add":                                                          "a container beside ours",
	"ontainers[].name: change":                                                  "a container beside ours, which is there again",
	"ontainers[].env[]: add":                                                    "a variable beside ours",
	"ontainers[].env[].name: change":                                            "a variable beside ours, which is there again",
	"ontainers[].ports[]: add":                                                  "a port of a container beside ours",
	"ontainers[].volumeMounts[].mountPath: change":                              "a mount beside ours, which is there again",
	"ontainers[].resources.limits.*: add":                                       "a resource that we do not limit",
	"ontainers[].resources.requests.*: add":                                     "a resource that we do not request",
	" spec.template.spec.imagePullSecrets[]: add":                               "credentials for the images of others",
	" spec.template.spec.imagePullSecrets[].name: change":                       "credentials beside ours, which are there again",
	" spec.template.spec.topologySpreadConstraints[]: add":                      "a wish beside ours",
	" spec.template.spec.topologySpreadConstraints[].topologyKey: change":       "a wish beside ours, which is there again",
	" spec.template.spec.topologySpreadConstraints[].whenUnsatisfiable: change": "the same wish, stricter or weaker, beside ours",
	" spec.template.spec.volumes[]: add":                                        "a volume for a container beside ours",
	" spec.template.spec.volumes[].emptyDir.medium: add":                        "a field that we leave out",
	"GrafanaDashboard spec.instanceSelector.*: add":                             "a field of a type that we know in part",
	"GrafanaDashboard spec.configMapRef.*: add":                                 "a field of a type that we know in part",
	"Cluster spec.env[].valueFrom: add":                                         "an empty object says nothing",
	".imagePullSecrets[].name: remove":                                          "credentials beside ours, which are there again",
	"GrafanaDashboard spec.instanceSelector.*.*: add":                           "a field of a type that we know in part",
	"StatefulSet spec.updateStrategy.type: remove":                              "the default that a foreign write of the whole object brings",
	"HTTPRoute spec.rules[].timeouts: add":                                      "an empty object says nothing",
	"ndpoints[].authorization: add":                                             "an empty object says nothing",
	"Kibana spec.podTemplate.*.*[]: add":                                        "a container beside ours",
	"Kibana spec.podTemplate.*.*[].*: change":                                   "a container beside ours",
	"Kibana spec.podTemplate.*: add":                                            "a field that we leave out",
	".parameters.*: add":                                                        "a setting that we leave alone",
	"Prometheus spec.podMetadata.labels.*: add":                                 "labels for pods, of injectors",
	"Prometheus spec.resources.limits.*: add":                                   "a resource that we do not limit",
	"Prometheus spec.resources.requests.*: add":                                 "a resource that we do not request",
	"Cluster spec.resources.requests.*: add":                                    "a resource that we do not request",
	".volumeClaimTemplate.metadata.labels.*: add":                               "labels that people and policies select by",
	".volumeClaimTemplate.spec.resources.requests.*: add":                       "a resource that we do not request",
	"spec.inheritedMetadata.labels.*: add":                                      "labels that people and policies select by",
	"PrometheusRule spec.groups[].labels.*: add":                                "labels that people and policies select by",
	"PrometheusRule spec.groups[]: add":                                         "rules beside ours",
	"PrometheusRule spec.groups[].name: change":                                 "rules beside ours",
	"Service spec.ports[]: add":                                                 "a port beside ours",
}

// reported are the changes that stay, and that the status tells of.
var reported = map[string]string{
	"torage.storageClass: change":             "the class of a volume cannot change, and the status names the one that is to be restored",
	"torage.storageClass: remove":             "the class of a volume cannot change, and the status names the one that is to be restored",
	" metadata.ownerReferences[].uid: change": "an object that another owns is not touched: TestAnObjectOfSomebodyElseIsLeftAloneAndReported",
}

// watchedKinds are those that the operator writes besides those of optional APIs.
var watchedKinds = []schema.GroupVersionKind{
	appsv1.SchemeGroupVersion.WithKind("Deployment"), appsv1.SchemeGroupVersion.WithKind("StatefulSet"), appsv1.SchemeGroupVersion.WithKind("DaemonSet"),
	autoscalingv2.SchemeGroupVersion.WithKind("HorizontalPodAutoscaler"), corev1.SchemeGroupVersion.WithKind("ConfigMap"),
	corev1.SchemeGroupVersion.WithKind("PersistentVolumeClaim"), corev1.SchemeGroupVersion.WithKind("Service"),
	corev1.SchemeGroupVersion.WithKind("ServiceAccount"), rbacv1.SchemeGroupVersion.WithKind("Role"), rbacv1.SchemeGroupVersion.WithKind("RoleBinding"),
	networkingv1.SchemeGroupVersion.WithKind("Ingress"), networkingv1.SchemeGroupVersion.WithKind("NetworkPolicy"),
	policyv1.SchemeGroupVersion.WithKind("PodDisruptionBudget"),
}

// explained is the reason why a change is left; empty when there is none.
func explained(what string) string {
	for _, table := range []map[string]string{leftToOthers, reported} {
		for end, reason := range table {
			if strings.HasSuffix(what, end) {
				return reason
			}
		}
	}
	return ""
}

// notTouched are the kinds whose content is not the operator's to keep.
var notTouched = map[string]string{
	"Secret":             "credentials are never overwritten; TestASecretChangedByHandIsToldToTheServer",
	"Job":                "Kubernetes lets nobody change one",
	"ControllerRevision": "Kubernetes lets nobody change one",
}

// TestWhatAForeignHandChangesIsUndoneOrLeft: A21. Of every kind that the operator writes, each value, list and map among
// what it owns is changed by another manager, one at a time in each object. The operator puts it back, or it is on the list
// above; then it rests.
func TestWhatAForeignHandChangesIsUndoneOrLeft(t *testing.T) {
	h := newHands(t)
	left := sets.New[string]()
	queues, alone := h.queues(t)
	for _, kind := range slices.Concat(watchedKinds, slices.Collect(maps.Keys(scene.EveryAPI()))) {
		_, spared := notTouched[kind.Kind]
		if !spared && !slices.ContainsFunc(slices.Collect(maps.Keys(queues)), func(o *unstructured.Unstructured) bool { return o.GroupVersionKind() == kind }) {
			t.Errorf("the operator has made no %s", kind)
		}
	}
	rounds, made := 0, 0
	for ; len(queues)+len(alone) > 0; rounds++ {
		now := queues
		if len(queues) == 0 {
			// What is reported may hold other parts up, so it happens to nothing else at the time.
			now, alone = alone[0], alone[1:]
		}
		for what, rest := range h.round(t, now) {
			made++
			if rest == "" {
				continue
			}
			reason := explained(what)
			if reason == "" {
				t.Errorf("%s is not undone:\n%s", what, rest)
			}
			left.Insert(reason)
		}
	}
	t.Logf("%d rounds, %d changes made, left for %d reasons", rounds, made, len(left))
	for _, reason := range slices.Concat(slices.Collect(maps.Values(leftToOthers)), slices.Collect(maps.Values(reported))) {
		if !left.Has(reason) {
			t.Errorf("nothing is left because of this: %s", reason)
		}
	}
	if made < 300 {
		t.Error("too few changes were made to judge by")
	}
}

// everyNth change of a value, and loss of a field, is made in a short run; all that is added is.
const everyNth = 6

// queues of changes for the objects: each kind of change once, to the object of the kind that has the fewest so far; and
// apart from them those that are reported.
func (h *hands) queues(t *testing.T) (queues map[*unstructured.Unstructured][]touch, alone []map[*unstructured.Unstructured][]touch) {
	t.Helper()
	type choice struct {
		object *unstructured.Unstructured
		touch  touch
	}
	choices := map[string][]choice{}
	var order []string
	for _, o := range h.children() {
		if _, spared := notTouched[o.GetKind()]; spared {
			continue
		}
		all, err := touches(api.Scheme(), o)
		if err != nil {
			t.Fatal(err)
		}
		for _, next := range all {
			if choices[next.what] == nil {
				order = append(order, next.what)
			}
			choices[next.what] = append(choices[next.what], choice{o, next})
		}
	}
	queues = map[*unstructured.Unstructured][]touch{}
	for i, what := range order {
		best := slices.MinFunc(choices[what], func(a, b choice) int { return len(queues[a.object]) - len(queues[b.object]) })
		switch {
		case slices.Contains(slices.Collect(maps.Values(reported)), explained(what)):
			alone = append(alone, map[*unstructured.Unstructured][]touch{best.object: {best.touch}})
		case !testing.Short() || strings.HasSuffix(what, "add") || i%everyNth == 0 || explained(what) != "":
			queues[best.object] = append(queues[best.object], best.touch)
		}
	}
	return queues, alone
}

// hands are the operator and a foreign hand at one platform.
type hands struct {
	key      client.ObjectKey
	operator *controller.Reconciler
	foreign  client.Client
	objects  *scene.Objects
	requests *scene.Requests
}

func newHands(t *testing.T) *hands {
	t.Helper()
	former := debug.SetGCPercent(400)
	t.Cleanup(func() { debug.SetGCPercent(former) })
	server, cfg, err := scene.StartServer("../..")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Stop(); err != nil {
			t.Error(err)
		}
	})
	h := &hands{objects: scene.NewObjects(), requests: &scene.Requests{}}
	open := func(cfg *rest.Config, o client.Options) (client.Client, error) {
		c, err := client.New(cfg, o)
		return scene.Mirror{Client: c, Objects: h.objects}, err
	}
	if h.foreign, err = open(cfg, client.Options{Scheme: controller.NewScheme()}); err != nil {
		t.Fatal(err)
	}
	cfg = rest.CopyConfig(cfg)
	cfg.Wrap(h.requests.Wrap)
	if h.operator, err = scene.NewReconciler(cfg, h.foreign.RESTMapper(), open); err != nil {
		t.Fatal(err)
	}
	h.operator.Capabilities = scene.EveryAPI()
	h.createSample(t)
	h.settle(t)
	c := &v1alpha1.XaTubeCluster{}
	if err := h.foreign.Get(t.Context(), h.key, c); err != nil {
		t.Fatal(err)
	}
	for _, kind := range []string{v1alpha1.ConditionDatabaseReady, v1alpha1.ConditionBackendReady, v1alpha1.ConditionEdgeReady, v1alpha1.ConditionIngestReady} {
		if now := meta.FindStatusCondition(c.Status.Conditions, kind); now == nil || now.Status != metav1.ConditionTrue {
			t.Fatalf("the sample does not run: %s: %+v", kind, now)
		}
	}
	return h
}

// createSample creates the sample with every field, and what it names.
func (h *hands) createSample(t *testing.T) {
	t.Helper()
	files, err := filepath.Glob("../../config/samples/*_full.yaml")
	if err != nil || len(files) != 1 {
		t.Fatalf("the full sample: %v, %v", files, err)
	}
	text, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	c := &v1alpha1.XaTubeCluster{}
	if err := yaml.UnmarshalStrict(text, c); err != nil {
		t.Fatal(err)
	}
	c.Namespace = "drift"
	// There is no backup here, and a database without one waits for it.
	c.Spec.Postgres.Restore = nil
	h.key = client.ObjectKeyFromObject(c)
	if err := h.foreign.Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: c.Namespace}}); err != nil {
		t.Fatal(err)
	}
	h.createNamed(t, c)
	if err := h.foreign.Create(t.Context(), c); err != nil {
		t.Fatal(err)
	}
}

// createNamed creates the Secrets and ConfigMaps that the sample names.
func (h *hands) createNamed(t *testing.T, c *v1alpha1.XaTubeCluster) {
	t.Helper()
	crt, key, err := cert.GenerateSelfSignedCertKey("tube.example.com", nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	data := map[string][]byte{"tls.crt": crt, "tls.key": key}
	for _, k := range []string{"password", "features", "ACCESS_KEY_ID", "SECRET_ACCESS_KEY"} {
		data[k] = []byte("x")
	}
	for _, name := range c.SecretNames() {
		if err := h.foreign.Create(t.Context(), &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: c.Namespace, Name: name}, Data: data}); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range c.ConfigMapNames() {
		settings := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: c.Namespace, Name: name}, Data: map[string]string{"features": "x", "documents.sql": "SELECT 1"}}
		if err := h.foreign.Create(t.Context(), settings); err != nil {
			t.Fatal(err)
		}
	}
}

// settle lets the operator and the controllers act in turn until none has anything to do.
func (h *hands) settle(t *testing.T) {
	t.Helper()
	if trouble := h.settleOrTell(t); trouble != "" {
		t.Fatal(trouble)
	}
}

// settleOrTell tells why there is no rest.
func (h *hands) settleOrTell(t *testing.T) string {
	t.Helper()
	start := h.requests.Count()
	for range 20 {
		written := h.requests.Count()
		_, err := h.operator.Reconcile(t.Context(), ctrl.Request{NamespacedName: h.key})
		if err != nil {
			return fmt.Sprintf("pass: %v; refused: %v", err, h.requests.Refusals())
		}
		moved, err := scene.Play(t.Context(), h.foreign, h.key.Namespace)
		if err != nil {
			t.Fatal(err)
		}
		if !moved && h.requests.Count() == written {
			return ""
		}
	}
	return fmt.Sprintf("the operator does not come to rest; it wrote %v", h.requests.Since(start))
}

// children of the platform.
func (h *hands) children() []*unstructured.Unstructured {
	return slices.DeleteFunc(h.objects.All(), func(o *unstructured.Unstructured) bool {
		return o.GetLabels()[naming.LabelManagedBy] != naming.ManagedBy || !slices.ContainsFunc(o.GetManagedFields(), func(f metav1.ManagedFieldsEntry) bool {
			return f.Manager == naming.FieldManager && f.Operation == metav1.ManagedFieldsOperationApply
		})
	})
}

// round makes the next change in each object, and tells of each what is left of it.
func (h *hands) round(t *testing.T, queues map[*unstructured.Unstructured][]touch) map[string]string {
	t.Helper()
	made := map[string]*unstructured.Unstructured{}
	for _, o := range slices.Collect(maps.Keys(queues)) {
		for len(queues[o]) > 0 {
			next := queues[o][0]
			queues[o] = queues[o][1:]
			if h.change(t, o, next) {
				made[next.what] = o
				break
			}
		}
		if len(queues[o]) == 0 {
			delete(queues, o)
		}
	}
	if rest := h.settleOrTell(t); rest != "" {
		t.Fatalf("after %v: %s", slices.Sorted(maps.Keys(made)), rest)
	}
	rest := map[string]string{}
	for what, o := range made {
		now := h.objects.Get(o.GroupVersionKind(), client.ObjectKeyFromObject(o))
		if now == nil {
			t.Fatalf("%s: the object is gone", what)
		}
		if rest[what] = cmp.Diff(content(t, o), content(t, now)); rest[what] == "" {
			continue
		}
		if reason := explained(what); !slices.Contains(slices.Collect(maps.Values(reported)), reason) && !holds(content(t, now), content(t, o)) {
			t.Errorf("%s: something of the operator's is gone:\n%s", what, rest[what])
		}
		if err := h.write(t.Context(), o); err != nil {
			t.Fatalf("%s: taking it back: %v", what, err)
		}
	}
	return rest
}

// change an object as a foreign hand; false when the API server lets nobody do so.
func (h *hands) change(t *testing.T, o *unstructured.Unstructured, next touch) bool {
	t.Helper()
	for attempt := range mostAttempts {
		changed := next.make(attempt)
		if changed == nil {
			return false
		}
		if err := h.write(t.Context(), changed); err == nil {
			now := h.objects.Get(o.GroupVersionKind(), client.ObjectKeyFromObject(o))
			if cmp.Equal(content(t, o), content(t, now)) {
				continue
			}
			return true
		} else if !apierrors.IsInvalid(err) && !apierrors.IsBadRequest(err) && !apierrors.IsForbidden(err) {
			t.Fatalf("%s: %v", next.what, err)
		} else if refusedForGood.MatchString(err.Error()) {
			return false
		}
	}
	return false
}

// mostAttempts to find a value that the API server takes.
const mostAttempts = 12

// refusedForGood is what the API server says of what it takes with no value.
var refusedForGood = regexp.MustCompile("immutable|[Ff]orbidden|unknown field|may not be changed")

// write an object over what there is.
func (h *hands) write(ctx context.Context, o *unstructured.Unstructured) error {
	o = o.DeepCopy()
	o.SetResourceVersion("")
	o.SetManagedFields(nil)
	if now := h.objects.Get(o.GroupVersionKind(), client.ObjectKeyFromObject(o)); now != nil {
		o.SetResourceVersion(now.GetResourceVersion())
	}
	return h.foreign.Update(ctx, o, client.FieldOwner("foreign-hand"), client.FieldValidation("Strict"))
}

// content is what is wanted of an object, as its type has it.
func content(t *testing.T, o *unstructured.Unstructured) map[string]any {
	t.Helper()
	typed, err := api.Scheme().New(o.GroupVersionKind())
	if err != nil {
		t.Fatal(err)
	}
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(o.DeepCopy().Object, typed); err != nil {
		t.Fatal(err)
	}
	out, err := runtime.DefaultUnstructuredConverter.ToUnstructured(typed)
	if err != nil {
		t.Fatal(err)
	}
	delete(out, "status")
	for _, name := range []string{"resourceVersion", "generation", "managedFields"} {
		unstructured.RemoveNestedField(out, "metadata", name)
	}
	// What the API server counts, draws, and fills in when a client has not.
	unstructured.RemoveNestedField(out, "metadata", "annotations", appsv1.DeprecatedTemplateGeneration)
	unstructured.RemoveNestedField(out, "spec", "healthCheckNodePort")
	claims, _, _ := unstructured.NestedFieldNoCopy(out, "spec", "volumeClaimTemplates")
	list, _ := claims.([]any)
	for i := range list {
		claim, _ := list[i].(map[string]any)
		maps.DeleteFunc(claim, func(k string, _ any) bool { return k != "metadata" && k != "spec" })
	}
	return out
}

// holds says that all of one object is in another, whatever that has besides.
func holds(more, less any) bool {
	switch l := less.(type) {
	case map[string]any:
		m, _ := more.(map[string]any)
		for k, v := range l {
			if !holds(m[k], v) {
				return false
			}
		}
		return true
	case []any:
		m, _ := more.([]any)
		return !slices.ContainsFunc(l, func(v any) bool {
			return !slices.ContainsFunc(m, func(e any) bool { return holds(e, v) })
		})
	}
	return more == less
}
