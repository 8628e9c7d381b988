package plan

import (
	"net/netip"
	"strings"
	"testing"
)

func TestNew(t *testing.T) {
	tests := []struct {
		name    string
		cluster string
		workers int
		want    string // part of the error; empty: none
	}{
		{"default", "dev", 2, ""},
		{"one node", "a", 1, ""},
		{"most nodes", "ci-1", MaxNodes, ""},
		{"no nodes", "dev", 0, "want 1 to 3"},
		{"too many nodes", "dev", MaxNodes + 1, "want 1 to 3"},
		{"empty name", "", 1, "cluster name"},
		{"path for a name", "../dev", 1, "cluster name"},
		{"long name", strings.Repeat("a", 17), 1, "cluster name"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c, err := New("/state", test.cluster, test.workers)
			if test.want != "" {
				if err == nil || !strings.Contains(err.Error(), test.want) {
					t.Fatalf("got %v, want %s", err, test.want)
				}
				return
			}
			if err != nil || len(c.Nodes) != test.workers || c.Dir != "/state/"+test.cluster {
				t.Errorf("got %+v, %v", c, err)
			}
		})
	}
}

var (
	fabric   = netip.MustParsePrefix(FabricGateway + "/" + FabricPrefix)
	pods     = netip.MustParsePrefix(PodRange)
	services = netip.MustParsePrefix(ServiceRange)
)

func TestRangesDoNotOverlap(t *testing.T) {
	if fabric.Overlaps(pods) || fabric.Overlaps(services) || pods.Overlaps(services) {
		t.Error("the ranges overlap")
	}
	if !services.Contains(netip.MustParseAddr(DNSIP)) || !services.Contains(netip.MustParseAddr(KubernetesIP)) {
		t.Error("the addresses of Services are outside their range")
	}
}

func TestNodesDoNotShareAddresses(t *testing.T) {
	c, err := New("/state", "dev", MaxNodes)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{FabricGateway: true}
	for _, n := range c.Nodes {
		if seen[n.IP] || seen[n.PodRange] {
			t.Errorf("%s shares an address", n.Name)
		}
		seen[n.IP], seen[n.PodRange] = true, true
		if !fabric.Contains(netip.MustParseAddr(n.IP)) {
			t.Errorf("%s is not on the fabric: %s", n.Name, n.IP)
		}
		if own := netip.MustParsePrefix(n.PodRange); !pods.Contains(own.Addr()) || own.Bits() <= pods.Bits() {
			t.Errorf("%s has pods outside the range: %s", n.Name, n.PodRange)
		}
	}
}

func TestNode(t *testing.T) {
	c, err := New("/state", "dev", 2)
	if err != nil {
		t.Fatal(err)
	}
	if n, err := c.Node("node-2"); err != nil || n.Name != "node-2" {
		t.Errorf("got %+v, %v", n, err)
	}
	if _, err := c.Node("node-3"); err == nil || !strings.Contains(err.Error(), "node-1, node-2") {
		t.Errorf("got %v, want the names that there are", err)
	}
	if peers := c.Peers("node-1"); len(peers) != 1 || peers[0].Name != "node-2" {
		t.Errorf("peers are %+v", peers)
	}
}
