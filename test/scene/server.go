package scene

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/envtest"
)

// definitions are the modules with the CRDs of the optional APIs, and the files in them.
var definitions = []struct{ module, files string }{
	{"github.com/cloudnative-pg/cloudnative-pg@v1.30.1", "config/crd/bases/*.yaml"},
	{"github.com/cloudnative-pg/plugin-barman-cloud@v0.15.0", "config/crd/bases/*.yaml"},
	{"github.com/prometheus-operator/prometheus-operator@v0.92.0", "example/prometheus-operator-crd/monitoring.coreos.com_[ps]*s.yaml"},
	{"github.com/elastic/cloud-on-k8s/v3@v3.5.0", "config/crds/v1/resources/[ek]*.k8s.elastic.co_[ek][li]*s.yaml"},
	{"sigs.k8s.io/gateway-api@v1.6.1", "config/crd/standard/*_*routes.yaml"},
}

// startTimeout is for a machine that is busy with other tests.
const startTimeout = 3 * time.Minute

// StartServer starts an API server with the CRDs of the operator and of all optional APIs. Only grafana-operator's is a
// stand-in that takes everything: its module is not to be had everywhere.
func StartServer(root string) (*envtest.Environment, *rest.Config, error) {
	paths := []string{
		filepath.Join(root, "config/crd/bases"),
		filepath.Join(root, "internal/controller/testdata/monitoring/grafana.yaml"),
	}
	for _, d := range definitions {
		dir, err := download(d.module)
		if err != nil {
			return nil, nil, err
		}
		files, err := filepath.Glob(filepath.Join(dir, d.files))
		if err != nil || len(files) == 0 {
			return nil, nil, fmt.Errorf("no CRDs in %s at %s: %w", d.module, d.files, err)
		}
		paths = append(paths, files...)
	}
	server := &envtest.Environment{
		CRDDirectoryPaths: paths, ErrorIfCRDPathMissing: true,
		ControlPlaneStartTimeout: startTimeout, CRDInstallOptions: envtest.CRDInstallOptions{MaxTime: startTimeout},
	}
	// No controller of namespaces runs here: the Services of all platforms stay, and the default range holds 254.
	server.ControlPlane.GetAPIServer().Configure().Set("service-cluster-ip-range", "10.0.0.0/12")
	// Nobody watches, lists or competes much here, and each write would go through these as well.
	for _, costly := range []string{"watch-cache", "enable-priority-and-fairness", "profiling"} {
		server.ControlPlane.GetAPIServer().Configure().Set(costly, "false")
	}
	// The versions of all platforms stay until the end.
	server.ControlPlane.Etcd = &envtest.Etcd{}
	server.ControlPlane.Etcd.Configure().Set("quota-backend-bytes", "8589934592")
	restore := collectSeldom()
	defer restore()
	cfg, err := server.Start()
	if err != nil {
		return nil, nil, fmt.Errorf("starting the API server: %w", err)
	}
	cfg.QPS = -1
	return server, cfg, nil
}

// collectSeldom lets the programs that are started from now on collect their garbage seldom, which takes memory for time.
func collectSeldom() (restore func()) {
	const name = "GOGC"
	if _, set := os.LookupEnv(name); set {
		return func() {}
	}
	_ = os.Setenv(name, "400")
	return func() { _ = os.Unsetenv(name) }
}

// download a module and return its folder.
func download(module string) (string, error) {
	cmd := exec.Command("go", "mod", "download", "-json", module)
	// Outside of any module, so that the go.mod of this one does not decide.
	cmd.Dir = "/"
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("downloading %s: %w: %s", module, err, out)
	}
	var info struct{ Dir string }
	if err := json.Unmarshal(out, &info); err != nil {
		return "", fmt.Errorf("downloading %s: %w", module, err)
	}
	return info.Dir, nil
}
