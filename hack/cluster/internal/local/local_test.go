package local

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/xatube/xatube-operator/hack/cluster/internal/plan"
	"github.com/xatube/xatube-operator/hack/cluster/internal/program"
)

func testPlan(t *testing.T) plan.Cluster {
	t.Helper()
	c, err := plan.New(t.TempDir(), "dev", 2)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestCredentialsOfNodeStayWithinIt(t *testing.T) {
	c := testPlan(t)
	cr, err := newCredentials(c)
	if err != nil {
		t.Fatal(err)
	}
	files, err := cr.node(c.Nodes[0])
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{"ca.key", "service-account.key"} {
		if files[secret] != nil {
			t.Errorf("a node gets %s", secret)
		}
	}
	for _, name := range []string{"ca.crt", "kubelet.crt", "kubelet.key", "kubelet.kubeconfig", "kube-proxy.kubeconfig"} {
		if len(files[name]) == 0 {
			t.Errorf("a node lacks %s", name)
		}
	}
	if !strings.Contains(string(files["kubelet.kubeconfig"]), "https://10.88.0.1:6443") {
		t.Error("kubelet does not go to the control machine")
	}
}

// Every file that an argument of the control plane names must be written.
func TestControlFilesAreWritten(t *testing.T) {
	c := testPlan(t)
	cr, err := newCredentials(c)
	if err != nil {
		t.Fatal(err)
	}
	files, err := cr.control()
	if err != nil {
		t.Fatal(err)
	}
	files["audit-policy.yaml"] = []byte("rendered")
	all, err := processes(clusterValues(c), "etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range all {
		for _, arg := range p.Args {
			_, path, _ := strings.Cut(arg, "=")
			if name, ok := strings.CutPrefix(path, configFolder+"/"); ok && files[name] == nil {
				t.Errorf("%s wants %s", p.Name, name)
			}
		}
	}
}

func TestFarSide(t *testing.T) {
	c := testPlan(t)
	for from, want := range map[string][]string{
		FromAPI: {"10.88.0.1"}, FromNodes: {"10.88.0.12", "10.244.2.0/24"},
	} {
		if got := farSide(c, c.Nodes[0], from); !slices.Equal(got, want) {
			t.Errorf("cut off from %s means %v, want %v", from, got, want)
		}
	}
}

func TestConnectionsStartAtTheNodeThatIsNamed(t *testing.T) {
	c := testPlan(t)
	for node, want := range map[string]int{"": 2, "node-2": 1} {
		if got, err := startingPoints(c, node); err != nil || len(got) != want || got[want-1] != c.Namespace("node-2") {
			t.Errorf("from %q they start at %v, %v", node, got, err)
		}
	}
	if _, err := startingPoints(c, "node-9"); err == nil {
		t.Error("they start at a node that is not there")
	}
}

func TestState(t *testing.T) {
	dir := t.TempDir()
	want := state{Nodes: 2, APIPort: 16443, Ready: true, Kubernetes: "v1.34.12"}
	if err := want.save(dir); err != nil {
		t.Fatal(err)
	}
	if got, err := loadState(dir); err != nil || got != want {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestReleaseOfAProvider(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("XATUBE_CLUSTER_STATE", dir)
	check := func(what string, wanted, want program.Release) {
		t.Helper()
		if got, err := New("dev", nil, nil, wanted).release(); err != nil || got != want {
			t.Errorf("%s: got %s, %v, want %s", what, got, err, want)
		}
	}
	check("nothing is up", "", program.Newest)
	c, err := plan.New(dir, "dev", 1)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(c.Dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for stored, want := range map[program.Release]program.Release{"v1.34.12": "v1.34.12", "": program.Newest} {
		if err := (state{Nodes: 1, Kubernetes: stored}).save(c.Dir); err != nil {
			t.Fatal(err)
		}
		check("the cluster's", "", want)
		check("another one", "v1.35.8", "v1.35.8")
	}
}

func TestResolveAddress(t *testing.T) {
	p := &Provider{}
	tests := []struct {
		target, want string
		wantErr      bool
	}{
		{"10.96.0.1:443", "10.96.0.1:443", false},
		{"10.96.0.1", "", true},
		{"name:80", "", true},
	}
	for _, test := range tests {
		t.Run(test.target, func(t *testing.T) {
			got, err := p.resolve(t.Context(), plan.Cluster{}, test.target)
			if got != test.want || (err != nil) != test.wantErr {
				t.Errorf("got %q, %v", got, err)
			}
		})
	}
}

func TestPackagesAreNamedOnce(t *testing.T) {
	t.Setenv("PATH", t.TempDir()) // nothing is installed
	missing := MissingPackages()
	if !slices.Contains(missing, "containerd") || !slices.IsSorted(missing) {
		t.Errorf("got %q", missing)
	}
	if len(slices.Compact(slices.Clone(missing))) != len(missing) {
		t.Errorf("a package is named twice: %q", missing)
	}
}
