// Package image makes the container images of the cluster without a container engine or a registry.
package image

import "github.com/xatube/xatube-operator/hack/cluster/internal/program"

// Pause is the image that holds a pod's namespaces. It is looked up under exactly this name.
const Pause = "docker.io/xatube/pause:1"

// Toolbox has a shell and the clients of all servers, for tests and for preparing volumes.
const Toolbox = "docker.io/xatube/toolbox:dev"

// Image is one reference and what it holds on top of its layers.
type Image struct {
	Ref        string
	Env        []string // NAME=value
	User       string   // numeric, uid or uid:gid; empty is root
	Entrypoint []string
	WorkingDir string
}

const (
	systemPath   = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
	postgresPath = "PATH=/usr/lib/postgresql/18/bin:" + systemPath
	// Debian's own rabbitmq scripts in /usr/sbin switch the user and fail for anyone but root.
	rabbitmqPath = "PATH=/opt/rabbitmq/sbin:" + systemPath
	// The toolbox has every client; servers' names lead to what their images would run.
	toolboxPath = "PATH=/usr/lib/postgresql/18/bin:/opt/rabbitmq/sbin:" + systemPath
)

// Servers share the Debian layer. A tag says what the official image of that name holds; the layer
// holds the version that Debian has at the time, which is the same or a patch release away.
var Servers = []Image{
	{Ref: "docker.io/library/nginx:1.30.6", Env: []string{"PATH=" + systemPath}},
	{Ref: "docker.io/xatube/nginx-rtmp:1.30.6", Env: []string{"PATH=" + systemPath}},
	{Ref: "docker.io/library/redis:8.0.6", Env: []string{"PATH=" + systemPath}},
	{
		Ref: "docker.io/library/rabbitmq:4.3.6",
		Env: []string{rabbitmqPath, "HOME=/var/lib/rabbitmq", "LANG=C.UTF-8", "LC_ALL=C.UTF-8"},
	},
	postgres("18.6-standard-trixie"),
	postgres("18-standard-trixie"), // upstream's tag for the newest 18: what an update of the image goes to
	{Ref: "ghcr.io/cloudnative-pg/pgbouncer:1.25.2", Env: []string{"PATH=" + systemPath}, User: "998:996"},
	{
		Ref:        "docker.io/oliver006/redis_exporter:v1.86.0",
		Env:        []string{"PATH=" + systemPath},
		User:       "59000:59000",
		Entrypoint: []string{"/redis_exporter"},
	},
	{Ref: Toolbox, Env: []string{toolboxPath, "LANG=C.UTF-8"}},
}

func postgres(tag string) Image {
	return Image{Ref: "ghcr.io/cloudnative-pg/postgresql:" + tag, Env: []string{postgresPath, "LANG=C.UTF-8"}, User: "26"}
}

// Program is an image that holds one Go program and nothing to run it with.
type Program struct {
	Image
	Module  program.Module // zero: the source is in this repository
	Command string
	Path    string            // of the program in the image
	Links   map[string]string // symbolic links: name to target
}

// Programs are the images on scratch.
var Programs = []Program{
	{
		Image:   Image{Ref: Pause, User: "65535:65535", Entrypoint: []string{"/pause"}},
		Command: "pause",
		Path:    "/pause",
	},
	{
		Image:   Image{Ref: "docker.io/coredns/coredns:1.15.0", User: "65532:65532", Entrypoint: []string{"/coredns"}},
		Module:  program.CoreDNS,
		Command: "coredns",
		Path:    "/coredns",
	},
	{
		Image: Image{
			Ref: "docker.io/rancher/local-path-provisioner:v0.0.30", Env: []string{"PATH=/usr/bin"},
			Entrypoint: []string{"local-path-provisioner"},
		},
		Module:  program.LocalPathProvisioner,
		Command: "local-path-provisioner",
		Path:    "/usr/bin/local-path-provisioner",
	},
	{
		Image: Image{
			Ref: "docker.io/xatube/volume-resizer:2.3.0", User: "65532:65532", Entrypoint: []string{"/volume-resizer"},
		},
		Module:  program.VolumeResizer,
		Command: "volume-resizer",
		Path:    "/volume-resizer",
	},
	{
		Image: Image{
			Ref: "ghcr.io/cloudnative-pg/cloudnative-pg:1.30.1", User: "65532:65532",
			Entrypoint: []string{"/manager"}, WorkingDir: "/",
		},
		Module:  program.CloudNativePG,
		Command: "manager",
		// The manager looks for the builds of other architectures in this folder.
		Path:  "/operator/manager_amd64",
		Links: map[string]string{"/manager": "operator/manager_amd64"},
	},
}

// MonitoringPrograms and MonitoringPackaged are the images of the addon of that name, which most clusters do not have.
var (
	MonitoringPrograms = []Program{
		{
			Image: Image{
				Ref: "quay.io/prometheus-operator/prometheus-operator:v0.92.0", User: "65534:65534",
				Entrypoint: []string{"/bin/operator"},
			},
			Module:  program.PrometheusOperator,
			Command: "operator",
			Path:    "/bin/operator",
		},
		{
			Image: Image{
				Ref: "quay.io/prometheus-operator/prometheus-config-reloader:v0.92.0", User: "65534:65534",
				Entrypoint: []string{"/bin/prometheus-config-reloader"},
			},
			Module:  program.PrometheusOperator,
			Command: "prometheus-config-reloader",
			Path:    "/bin/prometheus-config-reloader",
		},
	}
	MonitoringPackaged = []Packaged{
		{
			Image: Image{
				Ref: "quay.io/prometheus/prometheus:v3.5.3", User: "65534:65534",
				Entrypoint: []string{"/bin/prometheus"}, WorkingDir: "/prometheus",
			},
			Program: "prometheus",
			Path:    "/bin/prometheus",
		},
		{
			Image: Image{
				Ref: "quay.io/prometheus/node-exporter:v1.11.1", User: "65534:65534",
				Entrypoint: []string{"/bin/node_exporter"},
			},
			Program: "prometheus-node-exporter",
			Path:    "/bin/node_exporter",
		},
	}
)
