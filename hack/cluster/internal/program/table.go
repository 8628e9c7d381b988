// Package program builds the programs of the cluster from their Go modules.
package program

// Module is a Go module of which some commands are built.
type Module struct {
	Name    string // folder in the cache
	Path    string
	Version string
	// Staging is the version of the k8s.io modules that kubernetes replaces by folders which its
	// published module does not contain. Empty for all others.
	Staging string
	// Replace maps module paths to what is taken instead. Replacements in the go.mod of a dependency
	// do not count in a build, so they have to be said here.
	Replace map[string]Replacement
	LDFlags string
	// Main is the source of the command, package ".", where the module is a library. Empty for all others.
	Main string `json:",omitempty"`
	// Commands maps the program's name to its package. If there are several, the name is the last
	// element of the package, since go build chooses the names then.
	Commands map[string]string
}

// Replacement is another module, or another version of the same.
type Replacement struct {
	Path, Version string
	// Amend are the changes to a copy of it. Empty: taken as it is.
	Amend []Amendment
}

// Amendment changes one file: it replaces Old, which must occur once, or with Old empty makes the file.
type Amendment struct {
	File, Old, New string
}

// Modules that the cluster consists of, beside Kubernetes. Change versions here and in Releases, and nowhere else.
var (
	Etcd = Module{
		Name:     "etcd",
		Path:     "go.etcd.io/etcd/server/v3",
		Version:  "v3.6.16",
		Commands: map[string]string{"etcd": "go.etcd.io/etcd/server/v3"},
	}
	CoreDNS = Module{
		Name:     "coredns",
		Path:     "github.com/coredns/coredns",
		Version:  "v1.15.0",
		Commands: map[string]string{"coredns": "github.com/coredns/coredns"},
	}
	LocalPathProvisioner = Module{
		Name:     "local-path-provisioner",
		Path:     "github.com/rancher/local-path-provisioner",
		Version:  "v0.0.30",
		LDFlags:  "-X main.VERSION=v0.0.30",
		Commands: map[string]string{"local-path-provisioner": "github.com/rancher/local-path-provisioner"},
	}
	PrometheusOperator = Module{
		Name:    "prometheus-operator",
		Path:    "github.com/prometheus-operator/prometheus-operator",
		Version: "v0.92.0",
		LDFlags: "-X github.com/prometheus/common/version.Version=0.92.0",
		Commands: map[string]string{
			"operator":                   "github.com/prometheus-operator/prometheus-operator/cmd/operator",
			"prometheus-config-reloader": "github.com/prometheus-operator/prometheus-operator/cmd/prometheus-config-reloader",
		},
	}
	// GatewayAPI has no program here; its CRDs come with its module.
	GatewayAPI = Module{
		Name:    "gateway-api",
		Path:    "sigs.k8s.io/gateway-api",
		Version: "v1.6.1",
	}
)

// Assets are the programs that envtest runs.
var Assets = []string{"kube-apiserver", "etcd"}

// Host are the modules whose programs run on the machine itself, not in a container.
func Host(r Release) []Module { return []Module{Kubernetes(r), Etcd} }
