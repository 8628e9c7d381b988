package config_test

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/xatube/xatube-operator/hack/cluster/internal/config"
	"github.com/xatube/xatube-operator/hack/cluster/internal/plan"
)

// values holds what the templates of machines name.
type values struct {
	Node                                            plan.Node
	Nodes, Peers                                    []plan.Node
	NamespacePrefix, Gateway, Prefix                string
	PodRange, ServiceRange, DNS, ClusterDomain      string
	Bin, Containerd, CNIBin, Pause, Cluster, Server string
	User                                            string
	CA, Cert, Key                                   []byte
	APIPort                                         int
	CgroupV1                                        bool
	Workers                                         []struct{}
	Shared                                          string
	Unreachable                                     []string
}

func twoNodes(t *testing.T) values {
	t.Helper()
	c, err := plan.New("/state", "dev", 2)
	if err != nil {
		t.Fatal(err)
	}
	return values{
		Node: c.Nodes[0], Nodes: c.Nodes, Peers: c.Peers(c.Nodes[0].Name),
		NamespacePrefix: c.NamespacePrefix(), Gateway: plan.FabricGateway, Prefix: plan.FabricPrefix,
		PodRange: plan.PodRange, ServiceRange: plan.ServiceRange, DNS: plan.DNSIP,
		ClusterDomain: plan.ClusterDomain, APIPort: plan.APIPort,
		Bin: "/programs", Containerd: "/usr/bin/containerd", CNIBin: "/usr/lib/cni", Pause: "docker.io/x/pause:1",
		Cluster: "dev", Server: "https://127.0.0.1:1", User: "admin",
		CA: []byte("ca"), Cert: []byte("cert"), Key: []byte("key"), CgroupV1: true,
		Workers: make([]struct{}, 2), Shared: "/shared", Unreachable: []string{"10.88.0.12", "10.244.2.0/24"},
	}
}

func TestEveryTemplateRenders(t *testing.T) {
	entries, err := os.ReadDir("template")
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		t.Run(entry.Name(), func(t *testing.T) {
			raw, err := config.Render(entry.Name(), twoNodes(t))
			if err != nil {
				t.Fatal(err)
			}
			check(t, entry.Name(), raw)
		})
	}
}

// check parses what was rendered by the kind of file.
func check(t *testing.T, name string, raw []byte) {
	t.Helper()
	switch filepath.Ext(name) {
	case ".yaml", "":
		var object map[string]any
		if err := yaml.Unmarshal(raw, &object); err != nil || object["kind"] == nil {
			t.Errorf("no object: %v\n%s", err, raw)
		}
	case ".conflist":
		if !json.Valid(raw) {
			t.Errorf("no JSON:\n%s", raw)
		}
	case ".args":
		checkArgs(t, name)
	}
}

func checkArgs(t *testing.T, name string) {
	t.Helper()
	args, err := config.Args(name, twoNodes(t))
	if err != nil || len(args) < 2 || !strings.HasPrefix(args[0], "/") {
		t.Fatalf("got %q, %v", args, err)
	}
	for _, arg := range args[1:] {
		if !strings.HasPrefix(arg, "--") || strings.ContainsAny(arg, " \t") {
			t.Errorf("argument %q", arg)
		}
	}
}

func TestNetworkOfNode(t *testing.T) {
	const want = `link set lo up
link set eth0 up
address add 10.88.0.11/24 dev eth0
route add default via 10.88.0.1
route add 10.244.2.0/24 via 10.88.0.12
`
	raw, err := config.Render("network-node.ip", twoNodes(t))
	if err != nil || string(raw) != want {
		t.Errorf("got:\n%s\n%v, want:\n%s", raw, err, want)
	}
}

func TestNetworkOfControl(t *testing.T) {
	const want = `link set lo up
link add fabric type bridge
address add 10.88.0.1/24 dev fabric
link set fabric up
route add unreachable default
route add 10.244.1.0/24 via 10.88.0.11
link add node-1 type veth peer name eth0 netns xatube.dev.node-1
link set node-1 master fabric
link set node-1 up
route add 10.244.2.0/24 via 10.88.0.12
link add node-2 type veth peer name eth0 netns xatube.dev.node-2
link set node-2 master fabric
link set node-2 up
`
	raw, err := config.Render("network-control.ip", twoNodes(t))
	if err != nil || string(raw) != want {
		t.Errorf("got:\n%s\n%v, want:\n%s", raw, err, want)
	}
}

func TestKubeletOnOldControlGroups(t *testing.T) {
	for _, v1 := range []bool{true, false} {
		v := twoNodes(t)
		v.CgroupV1 = v1
		raw, err := config.Render("kubelet.yaml", v)
		if err != nil {
			t.Fatal(err)
		}
		if got := bytes.Contains(raw, []byte("failCgroupV1: false")); got != v1 {
			t.Errorf("version 1 is %t, failCgroupV1 is set: %t", v1, got)
		}
	}
}

func TestUnknownTemplate(t *testing.T) {
	if _, err := config.Render("none", nil); err == nil {
		t.Error("rendered a template that does not exist")
	}
}

// The manifests name addresses and paths that the plan and the machines decide.
func TestManifestsAgreeWithThePlan(t *testing.T) {
	want := map[string]string{
		"dns/coredns.yaml":         "clusterIP: " + plan.DNSIP,
		"storage/provisioner.yaml": `"/var/lib/shared-volumes"`,
	}
	root := os.DirFS("../addon/manifest")
	for file, text := range want {
		raw, err := fs.ReadFile(root, file)
		if err != nil || !bytes.Contains(raw, []byte(text)) {
			t.Errorf("%s does not contain %s (%v)", file, text, err)
		}
	}
}
