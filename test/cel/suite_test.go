package cel

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"
	"sigs.k8s.io/yaml"
)

const crdFile = "../../config/crd/bases/xatube.io_xatubeclusters.yaml"

var (
	api client.Client
	// version of the API server, e.g. v1.37.2.
	version string
)

func TestMain(m *testing.M) {
	os.Exit(run(m))
}

func run(m *testing.M) int {
	if os.Getenv("KUBEBUILDER_ASSETS") == "" {
		fmt.Fprintln(os.Stderr, "KUBEBUILDER_ASSETS must name a folder with kube-apiserver and etcd; run make test-cel")
		return 1
	}
	env := &envtest.Environment{CRDDirectoryPaths: []string{filepath.Dir(crdFile)}, ErrorIfCRDPathMissing: true}
	config, err := env.Start()
	if err != nil {
		fmt.Fprintln(os.Stderr, "starting the API server:", err)
		return 1
	}
	defer func() {
		if err := env.Stop(); err != nil {
			fmt.Fprintln(os.Stderr, "stopping the API server:", err)
		}
	}()
	if api, err = newClient(config); err != nil {
		fmt.Fprintln(os.Stderr, "making a client:", err)
		return 1
	}
	if version, err = serverVersion(config); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

// newClient refuses unknown fields, as kubectl does.
func newClient(config *rest.Config) (client.Client, error) {
	config.QPS = -1
	scheme := runtime.NewScheme()
	if err := apiextensionsv1.AddToScheme(scheme); err != nil {
		return nil, err
	}
	c, err := client.New(config, client.Options{Scheme: scheme})
	if err != nil {
		return nil, err
	}
	return client.WithFieldValidation(c, metav1.FieldValidationStrict), nil
}

func serverVersion(config *rest.Config) (string, error) {
	c, err := discovery.NewDiscoveryClientForConfig(config)
	if err != nil {
		return "", fmt.Errorf("making a discovery client: %w", err)
	}
	info, err := c.ServerVersion()
	if err != nil {
		return "", fmt.Errorf("asking the API server for its version: %w", err)
	}
	return info.GitVersion, nil
}

var count atomic.Int64

// platform is a resource with a name of its own and the given spec; without a spec at all for nil.
func platform(spec map[string]any) *unstructured.Unstructured {
	u := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "xatube.io/v1alpha1",
		"kind":       "XaTubeCluster",
		"metadata":   map[string]any{"name": fmt.Sprintf("tube-%d", count.Add(1)), "namespace": "default"},
	}}
	if spec != nil {
		u.Object["spec"] = spec
	}
	return u
}

// spec parses the YAML of a spec.
func spec(t *testing.T, text string) map[string]any {
	t.Helper()
	out := map[string]any{}
	if err := yaml.Unmarshal([]byte(text), &out); err != nil {
		t.Fatalf("parsing %q: %v", text, err)
	}
	return integers(out).(map[string]any)
}

// integers undoes the YAML parser's habit of making every number a float, which no client sends.
func integers(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for k := range v {
			v[k] = integers(v[k])
		}
	case []any:
		for i := range v {
			v[i] = integers(v[i])
		}
	case float64:
		if v == float64(int64(v)) {
			return int64(v)
		}
	}
	return v
}

// create tries to create a resource and keeps nothing.
func create(ctx context.Context, u *unstructured.Unstructured) error {
	return tried.record(api.Create(ctx, u, client.DryRunAll), u, nil)
}

// stored creates a resource for the length of a test.
func stored(t *testing.T, spec map[string]any) *unstructured.Unstructured {
	t.Helper()
	u := platform(spec)
	if err := tried.record(api.Create(t.Context(), u), u, nil); err != nil {
		t.Fatalf("creating the resource to change: %v", err)
	}
	t.Cleanup(func() {
		if err := api.Delete(context.Background(), u); err != nil && !apierrors.IsNotFound(err) {
			t.Errorf("deleting %s: %v", u.GetName(), err)
		}
	})
	return u
}

// change tries to give a stored resource another spec and keeps nothing.
func change(ctx context.Context, old *unstructured.Unstructured, spec map[string]any) error {
	u := old.DeepCopy()
	u.Object["spec"] = spec
	return tried.record(api.Update(ctx, u, client.DryRunAll), u, old)
}
