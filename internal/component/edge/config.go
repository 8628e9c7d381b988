package edge

import (
	"embed"
	"fmt"
	"strings"
	"text/template"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component"
	"github.com/xatube/xatube-operator/internal/component/backend"
	"github.com/xatube/xatube-operator/internal/component/naming"
	"github.com/xatube/xatube-operator/internal/route"
)

// Files of the ConfigMap.
const (
	fileNginx      = "nginx.conf"
	fileListenIPv6 = "listen-ipv6.conf"
)

const (
	// visitorBodies is how many large bodies one visitor may send to an edge pod at a time: a browser sends six.
	visitorBodies = 8
	// visitorChats is how many chats one visitor may keep open through an edge pod: a tab has one, and a school one address. It is
	// what one process of the backend takes.
	visitorChats = 24
	// visitorRequests is how many requests of one visitor an edge pod has under way: a browser sends six by HTTP/1.1, and an
	// office shares an address.
	visitorRequests = 200
	// healthPath is answered by nginx itself.
	healthPath = "/health"
	// statusPort serves nginx's counters to the exporter, on the loopback only.
	statusPort int32 = 8081
	// requestLog is where the exporter is told of each request.
	requestLog = requestsFolder + "/requests.log"
)

//go:embed nginx/*.tmpl
var templates embed.FS

var parsed = template.Must(template.New("").Option("missingkey=error").ParseFS(templates, "nginx/*.tmpl"))

// view is all that the templates know. Every value is a number, a checked network or a name of ours, so that nothing
// can be smuggled into nginx.conf.
type view struct {
	Workers         int64
	ShutdownTimeout string
	KeepaliveMin    string

	HTTPPort, HTTPSPort, StatusPort int32
	TLS                             bool
	Clients                         clients
	Headers                         headers
	// Refuses: the platform is hibernated, and everything is answered with 503.
	Refuses bool

	API, Web limit

	// APICache and StaticCache are lifetimes; empty for a cache that is off.
	APICache, StaticCache string
	StaticSeconds         int64
	SegmentSeconds        int64
	// LargeBodies and Uploads are how many bodies of each kind may be streamed to the backends at a time, and VisitorBodies how
	// many of them by one visitor. They bound what slow clients keep on the disks of the backends.
	LargeBodies, Uploads, VisitorBodies int64
	// VisitorChats is how many chats one visitor may keep open.
	VisitorChats int64
	// VisitorRequests is how many requests one visitor may have under way.
	VisitorRequests int64
	// FormSize is the size of a body that is no upload, in bytes.
	FormSize int64
	// PlaylistSlices are patterns of the fractions of a second in which a kept playlist is the same.
	PlaylistSlices []string
	// Shares of the cache on disk, in bytes.
	APICacheSize, FilesCacheSize, SegmentsCacheSize, PlaylistsCacheSize int64
	// APIKeys and FilesKeys are sizes of memory for keys, which bound how many answers and files are kept, in bytes.
	APIKeys, FilesKeys int64
	MaxUpload          int64

	// Names of headless Services, which resolve to each pod, and of those that stand for any ready pod.
	Backend, Frontend, RTMP             string
	AnyBackend, AnyFrontend             string
	BackendPort, FrontendPort, RTMPPort int32
	PortName, ChatPortName              string
	// SpreadsChats: whom a full pod refuses is led to the next one.
	SpreadsChats bool

	// RequestLog is empty when nobody counts requests. Routes are what they are counted by.
	RequestLog  string
	Routes      []route.Route
	PausedRoute string

	// Grafana is its Service; empty when the edge does not publish it.
	Grafana     string
	GrafanaPort int32
}

// limit is a rate limit of each visitor.
type limit struct {
	Zone        string
	Rate, Burst int32
}

func configurationFiles(in component.Input) (map[string]string, error) {
	v, err := newView(in)
	if err != nil {
		return nil, err
	}
	files := map[string]string{}
	for file, name := range map[string]string{fileNginx: "main.tmpl", fileListenIPv6: "listen-ipv6.tmpl"} {
		var text strings.Builder
		if err := parsed.ExecuteTemplate(&text, name, v); err != nil {
			return nil, fmt.Errorf("rendering %s: %w", file, err)
		}
		files[file] = text.String()
	}
	return files, nil
}

func newView(in component.Input) (view, error) {
	c, spec := in.Cluster, in.Cluster.Spec.Edge
	each := func(comp string) string { return naming.FQDN(c, naming.Headless(c, comp), in.Options.ClusterDomain) }
	anyOf := func(comp string) string { return naming.FQDN(c, naming.Child(c, comp), in.Options.ClusterDomain) }
	v := view{
		Workers:         workers(spec.Pod.Resources),
		LargeBodies:     backend.MaxLargeBodies,
		VisitorBodies:   visitorBodies,
		VisitorChats:    visitorChats,
		VisitorRequests: visitorRequests,
		FormSize:        backend.MaxFormSize,
		ShutdownTimeout: seconds(shutdownTimeout),
		KeepaliveMin:    seconds(keepaliveMin),
		HTTPPort:        naming.EdgeHTTPPort,
		HTTPSPort:       naming.EdgeHTTPSPort,
		StatusPort:      statusPort,
		TLS:             spec.TLS != nil,
		Refuses:         refuses(in),
		API:             newLimit("api", spec.RateLimit.API),
		Web:             newLimit("web", spec.RateLimit.Web),
		Backend:         each(naming.Backend),
		AnyBackend:      anyOf(naming.Backend),
		BackendPort:     naming.BackendPort,
		Frontend:        each(naming.Frontend),
		AnyFrontend:     anyOf(naming.Frontend),
		FrontendPort:    c.Spec.Frontend.Port,
		RTMP:            each(naming.RTMP),
		RTMPPort:        naming.RTMPHTTPPort,
		PortName:        naming.PortHTTP,
		ChatPortName:    naming.PortChat,
		SpreadsChats:    c.Spec.Backend.Chat.Overflow != v1alpha1.ChatRefuse,
	}
	if c.Monitored() {
		v.RequestLog, v.Routes, v.PausedRoute = requestLog, route.All, route.Paused
	}
	if g := c.Spec.Monitoring.Grafana; g != nil && g.Edge == v1alpha1.ToggleEnabled {
		v.Grafana, v.GrafanaPort = anyOf(naming.Grafana), naming.GrafanaPort
	}
	if err := v.addCaches(c); err != nil {
		return v, err
	}
	var err error
	if v.Clients, err = newClients(c.Spec); err != nil {
		return v, err
	}
	v.Headers, err = newHeaders(spec.Headers)
	return v, err
}
