package controller_test

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	extv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	"k8s.io/client-go/rest"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/config"
	"sigs.k8s.io/controller-runtime/pkg/envtest"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"
	"sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/controller"
)

// within is how long the operator may take on a busy machine; nothing waits for it to pass.
const within = 30 * time.Second

var (
	env *rest.Config
	api client.Client
)

func TestMain(m *testing.M) {
	os.Exit(run(m))
}

func run(m *testing.M) int {
	if os.Getenv("KUBEBUILDER_ASSETS") == "" {
		fmt.Println("skipped: KUBEBUILDER_ASSETS names no kube-apiserver and etcd; run make test")
		return 0
	}
	log.SetLogger(zap.New(zap.UseDevMode(true), zap.WriteTo(os.Stderr)))
	server := &envtest.Environment{
		CRDDirectoryPaths:     []string{"../../config/crd/bases"},
		ErrorIfCRDPathMissing: true,
	}
	// No controller of namespaces runs here: the Services of all tests stay, and the default range holds 254.
	server.ControlPlane.GetAPIServer().Configure().Set("service-cluster-ip-range", "10.0.0.0/16")
	cfg, err := server.Start()
	if err != nil {
		fmt.Fprintln(os.Stderr, "starting the API server:", err)
		return 1
	}
	defer func() { utilruntime.HandleError(server.Stop()) }()
	cfg.QPS = -1
	env = cfg
	scheme := controller.NewScheme()
	utilruntime.Must(extv1.AddToScheme(scheme))
	if api, err = client.New(cfg, client.Options{Scheme: scheme}); err != nil {
		fmt.Fprintln(os.Stderr, "creating a client:", err)
		return 1
	}
	return m.Run()
}

// operator is one running operator, limited to the namespaces of its test.
type operator struct {
	writes *writes
	stop   func()
}

func startOperator(t *testing.T, namespaces ...string) *operator {
	t.Helper()
	return startWith(t, controller.Config{Namespaces: namespaces, ClusterDomain: "cluster.local"})
}

// startWith starts an operator. Another ClusterDomain stands for another version of it: it renders other pods.
func startWith(t *testing.T, settings controller.Config, change ...func(*ctrl.Options)) *operator {
	t.Helper()
	settings.Concurrency = cmp.Or(settings.Concurrency, 2)
	settings.Instances, settings.Image = standbys{}, "example.com/xatube-operator:1"
	counted := &writes{}
	cfg := rest.CopyConfig(env)
	authorize(t, cfg, settings.Namespaces)
	cfg.Wrap(counted.wrap)
	options := ctrl.Options{
		Scheme:     controller.NewScheme(),
		Cache:      controller.CacheOptions(settings.Namespaces),
		Metrics:    server.Options{BindAddress: "0"},
		Controller: config.Controller{SkipNameValidation: new(true)},
	}
	for _, c := range change {
		c(&options)
	}
	mgr, err := ctrl.NewManager(cfg, options)
	if err != nil {
		t.Fatal(err)
	}
	if err := controller.Setup(mgr, settings); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- mgr.Start(ctx) }()
	var once sync.Once
	stop := func() {
		once.Do(func() {
			cancel()
			if err := <-done; err != nil {
				t.Errorf("operator: %v", err)
			}
		})
	}
	t.Cleanup(stop)
	return &operator{writes: counted, stop: stop}
}

// standbys plays a primary whose second standby streams and whose third has lost its stream.
type standbys struct{}

func (standbys) Standbys(context.Context, string, string, []byte) (map[string]string, error) {
	return map[string]string{"demo-postgres-2": "streaming"}, nil
}

// writes counts the requests of the operator that are not reads.
type writes struct {
	mu      sync.Mutex
	seen    []string
	deleted []request
	hit     func(*http.Request) bool
}

func (w *writes) wrap(next http.RoundTripper) http.RoundTripper {
	return roundTripper(func(r *http.Request) (*http.Response, error) {
		if r.Method != http.MethodGet && !strings.Contains(r.URL.Path, "/events") {
			w.mu.Lock()
			w.seen = append(w.seen, r.Method+" "+r.URL.Path)
			if r.Method == http.MethodDelete && strings.Contains(r.URL.Path, "/pods/") {
				w.deleted = append(w.deleted, request{method: r.Method, path: r.URL.Path, body: read(r)})
			}
			w.mu.Unlock()
		}
		if w.fails(r) {
			return nil, errOutage
		}
		return next.RoundTrip(r)
	})
}

// fail makes requests fail that are hit; nil ends the outage. A watch that is open goes on.
func (w *writes) fail(hit func(*http.Request) bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.hit = hit
}

func (w *writes) fails(r *http.Request) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.hit != nil && w.hit(r)
}

// to counts the writes to an object.
func (w *writes) to(name, namespace string) int {
	n := 0
	for _, request := range w.since(0) {
		if strings.Contains(request, "/namespaces/"+namespace+"/") && strings.HasSuffix(request, "/"+name) {
			n++
		}
	}
	return n
}

// deletions of pods.
func (w *writes) deletions() []request {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]request(nil), w.deleted...)
}

func (w *writes) since(n int) []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]string(nil), w.seen[n:]...)
}

func (w *writes) count() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.seen)
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func newNamespace(t *testing.T) string {
	t.Helper()
	ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "test-"}}
	if err := api.Create(t.Context(), ns); err != nil {
		t.Fatal(err)
	}
	return ns.Name
}

var installDatabase = sync.OnceValue(func() error {
	_, err := envtest.InstallCRDs(env, envtest.CRDInstallOptions{Paths: []string{cnpgCRDs}, ErrorIfPathMissing: true})
	return err
})

// withDatabase lets a test run beside others, with CloudNativePG's API. The tests that do without it, or take it away,
// run one by one before all of these, as Go puts parallel tests off until then.
func withDatabase(t *testing.T) {
	t.Helper()
	t.Parallel()
	if err := installDatabase(); err != nil {
		t.Fatal(err)
	}
}

// installAPI installs CRDs from a folder and removes them when the test ends.
func installAPI(t *testing.T, dir string) {
	t.Helper()
	crds, err := envtest.InstallCRDs(env, envtest.CRDInstallOptions{Paths: []string{dir}, ErrorIfPathMissing: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { removeAPI(t, crds) })
}

func removeAPI(t *testing.T, crds []*extv1.CustomResourceDefinition) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), within)
	defer cancel()
	for _, crd := range crds {
		if err := client.IgnoreNotFound(api.Delete(ctx, crd)); err != nil {
			t.Error(err)
		}
	}
	g := NewWithT(t)
	for _, crd := range crds {
		g.Eventually(func() bool {
			return client.IgnoreNotFound(api.Get(ctx, client.ObjectKeyFromObject(crd), crd)) == nil &&
				crd.UID != "" && api.Get(ctx, client.ObjectKeyFromObject(crd), crd) != nil
		}).WithTimeout(within).Should(BeTrue(), "%s is gone", crd.Name)
	}
}

// platform creates an XaTubeCluster.
func platform(t *testing.T, namespace string, change func(*v1alpha1.XaTubeCluster)) *v1alpha1.XaTubeCluster {
	t.Helper()
	c := &v1alpha1.XaTubeCluster{ObjectMeta: metav1.ObjectMeta{Name: "demo", Namespace: namespace}}
	if change != nil {
		change(c)
	}
	if err := api.Create(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	return c
}

// condition fetches one condition of a platform; nil when it is not there.
func condition(ctx context.Context, c *v1alpha1.XaTubeCluster, kind string) func() *metav1.Condition {
	return func() *metav1.Condition {
		if err := api.Get(ctx, client.ObjectKeyFromObject(c), c); err != nil {
			return nil
		}
		return meta.FindStatusCondition(c.Status.Conditions, kind)
	}
}

func exists(ctx context.Context, o client.Object, namespace, name string) func() error {
	return func() error {
		return api.Get(ctx, client.ObjectKey{Namespace: namespace, Name: name}, o)
	}
}
