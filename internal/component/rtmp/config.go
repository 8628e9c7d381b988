package rtmp

import (
	"bytes"
	"embed"
	"fmt"
	"strconv"
	"text/template"
	"time"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component"
	"github.com/xatube/xatube-operator/internal/component/naming"
)

//go:embed file
var embedded embed.FS

var nginxConf = template.Must(template.ParseFS(embedded, "file/nginx.conf"))

// scripts run in the pods as they are; what differs comes by environment.
var scripts = []string{"prepare.sh", "serve.sh", "publishers.sh", "drain.sh", "reap.sh", "sweep.sh"}

// The folders in a pod.
const (
	configDir     = "/etc/rtmp"
	runDir        = "/run/rtmp"
	liveDir       = "/var/lib/rtmp/live"
	recordingsDir = "/var/lib/rtmp/recordings"
)

// Ports within a pod.
const (
	ingestPort  int32 = 19350
	hookPort    int32 = 18080
	controlPort int32 = 18081
)

// config is all that nginx.conf depends on.
type config struct {
	// Cluster is the name of the platform.
	Cluster string
	// Backend is the name of the backends' headless Service, which a backend may insist to be called by. AnyBackend is
	// that of the ordinary one.
	Backend, AnyBackend string
	BackendPort         int32
	// Set is the name of the StatefulSet, Peers that of the Service under which its pods have names.
	Set, Peers string
	// Run holds the pid, temporary files and what prepare.sh wrote. Live holds the HLS and DASH fragments.
	Run, Live string
	// Recordings is the folder of the recordings; empty: nothing is recorded.
	Recordings string
	// HTTPPort is for other pods. The gate, the hooks and the scripts come by ports of their own, which only the pod
	// itself reaches.
	HTTPPort, IngestPort, HookPort, ControlPort int32
	// Fragment and Playlist are lengths in nginx's notation.
	Fragment, Playlist string
	DASH               bool
}

func configOf(in component.Input) (config, error) {
	spec := in.Cluster.Spec.RTMP
	hls, err := hlsOf(spec.HLS)
	if err != nil {
		return config{}, err
	}
	c := config{
		Cluster:     in.Cluster.Name,
		Backend:     naming.FQDN(in.Cluster, naming.Headless(in.Cluster, naming.Backend), in.Options.ClusterDomain),
		AnyBackend:  naming.FQDN(in.Cluster, naming.Child(in.Cluster, naming.Backend), in.Options.ClusterDomain),
		BackendPort: naming.BackendPort,
		Set:         naming.Child(in.Cluster, naming.RTMP),
		Peers:       naming.FQDN(in.Cluster, naming.Headless(in.Cluster, naming.RTMP), in.Options.ClusterDomain),
		Run:         runDir,
		Live:        liveDir,
		HTTPPort:    naming.RTMPHTTPPort,
		IngestPort:  ingestPort,
		HookPort:    hookPort,
		ControlPort: controlPort,
		Fragment:    milliseconds(hls.fragment),
		Playlist:    milliseconds(hls.playlist),
		DASH:        spec.DASH == v1alpha1.ToggleEnabled,
	}
	if spec.Recording != nil {
		c.Recordings = recordingsDir
	}
	return c, nil
}

func (c config) render() (string, error) {
	var out bytes.Buffer
	if err := nginxConf.Execute(&out, c); err != nil {
		return "", fmt.Errorf("rendering nginx.conf: %w", err)
	}
	return out.String(), nil
}

// files are the content of the ConfigMap.
func files(in component.Input) (map[string]string, error) {
	c, err := configOf(in)
	if err != nil {
		return nil, err
	}
	conf, err := c.render()
	if err != nil {
		return nil, err
	}
	out := map[string]string{"nginx.conf": conf}
	for _, name := range scripts {
		b, err := embedded.ReadFile("file/" + name)
		if err != nil {
			return nil, fmt.Errorf("reading %s: %w", name, err)
		}
		out[name] = string(b)
	}
	return out, nil
}

// hls are the lengths of the HLS output.
type hls struct{ fragment, playlist time.Duration }

func hlsOf(spec v1alpha1.HLSSpec) (hls, error) {
	fragment, err := spec.Fragment.Parse()
	if err != nil {
		return hls{}, fmt.Errorf("spec.rtmp.hls.fragment: %w", err)
	}
	playlist, err := spec.PlaylistLength.Parse()
	if err != nil {
		return hls{}, fmt.Errorf("spec.rtmp.hls.playlistLength: %w", err)
	}
	return hls{fragment, playlist}, nil
}

// tail is how long the playlist of an ended stream stays: a player asks for it about once a fragment, and fragments
// are as long as the publisher's key frames are apart, often 8 to 10 s.
func (h hls) tail() time.Duration {
	return min(h.playlist, max(3*h.fragment, 10*time.Second))
}

func milliseconds(d time.Duration) string {
	return strconv.FormatInt(d.Milliseconds(), 10) + "ms"
}
