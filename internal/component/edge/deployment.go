package edge

import (
	_ "embed"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	appsv1ac "k8s.io/client-go/applyconfigurations/apps/v1"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"

	"github.com/xatube/xatube-operator/internal/component"
	"github.com/xatube/xatube-operator/internal/component/naming"
	"github.com/xatube/xatube-operator/internal/component/workload"
)

// user of the official image.
const user int64 = 101

// How a pod leaves. First it goes on serving while everybody in front learns of it; then nginx takes no new
// connection and finishes the requests under way, at most for shutdownTimeout, which cuts long WebSockets.
const (
	leaveDelay             = 15 * time.Second
	leaveDelayLoadBalancer = 30 * time.Second // a cloud's health check needs several rounds
	shutdownTimeout        = 2 * time.Minute
	keepaliveMin           = 10 * time.Second
	killMargin             = 15 * time.Second
)

// spareDisk is for what is being fetched.
const spareDisk = 128 << 20

// requestsSize of the log of requests: some 400 000 of them, of which an exporter that runs leaves those of a second.
const requestsSize = "16Mi"

// Folders of the container. All are emptyDirs but the ConfigMap and the certificate.
const (
	volumeSource      = "source"
	volumeConfig      = "config"
	volumeCache       = "cache"
	volumeRun         = "run"
	volumeRequests    = "requests"
	volumeCertificate = "certificate"

	sourceFolder      = "/config"
	configFolder      = "/etc/nginx/xatube"
	cacheFolder       = "/var/cache/nginx"
	runFolder         = "/run/nginx"
	requestsFolder    = "/run/requests"
	certificateFolder = "/etc/nginx/tls"
)

var (
	//go:embed prepare.sh
	prepareScript string
	//go:embed start.sh
	startScript string
	//go:embed alive.sh
	aliveScript string
)

func deployment(in component.Input, configuration map[string]string) (*appsv1ac.DeploymentApplyConfiguration, error) {
	spec := in.Cluster.Spec.Edge
	checksum, err := workload.Checksum(append([]any{configuration}, certificate(in)...)...)
	if err != nil {
		return nil, err
	}
	delay := leaving(in)
	disk, err := cacheDisk(in)
	if err != nil {
		return nil, err
	}
	limit, err := cacheLimit(in)
	if err != nil {
		return nil, err
	}
	template, err := workload.Template(in, workload.Pod{
		Component:      naming.Edge,
		Settings:       spec.Pod,
		User:           user,
		InitContainers: append([]*corev1ac.ContainerApplyConfiguration{prepareContainer(in)}, exporter(in)...),
		Containers:     []*corev1ac.ContainerApplyConfiguration{nginxContainer(in, delay, disk)},
		Volumes:        volumes(in, limit),
		Checksum:       checksum,
		GracePeriod:    delay + shutdownTimeout + killMargin,
	})
	if err != nil {
		return nil, err
	}
	if err := chooseExporterImage(in, template); err != nil {
		return nil, err
	}
	d := workload.Deployment(in, naming.Edge)
	d.Spec.
		WithReplicas(replicas(in)).
		// A pod that dies right after its start must not have replaced a good one.
		WithMinReadySeconds(5).
		WithTemplate(template)
	return d, nil
}

func leaving(in component.Input) time.Duration {
	if in.Cluster.Spec.Edge.Service.Type == corev1.ServiceTypeLoadBalancer {
		return leaveDelayLoadBalancer
	}
	return leaveDelay
}

func image(in component.Input) string {
	return naming.Image(in.Cluster, in.Cluster.Spec.Edge.Image, naming.ImageNginx)
}

func prepareContainer(in component.Input) *corev1ac.ContainerApplyConfiguration {
	return workload.Container(in, "prepare", image(in), "/bin/sh", "-c", prepareScript).
		WithResources(workload.Requests("10m", "32Mi")).
		WithVolumeMounts(workload.Mount(volumeSource, sourceFolder).WithReadOnly(true)).
		WithVolumeMounts(mounts(in)...)
}

// cacheDisk is what the cache takes on the disk of a node, with room for what is on its way into it.
func cacheDisk(in component.Input) (resource.Quantity, error) {
	size, err := in.Cluster.Spec.Edge.Cache.Size.Quantity()
	if err != nil {
		return resource.Quantity{}, fmt.Errorf("spec.edge.cache.size: %w", err)
	}
	return *resource.NewQuantity(size.Value()+playlistsCacheSize+spareDisk, resource.BinarySI), nil
}

// cacheLimit is what the cache never takes, however fast a visitor fills it: a pod that takes more is evicted. For answers and
// files the number of keys bounds it. Streams are bounded by what the ingest has, and nginx keeps to their size on average.
func cacheLimit(in component.Input) (resource.Quantity, error) {
	var v view
	if err := v.addCaches(in.Cluster); err != nil {
		return resource.Quantity{}, err
	}
	most := mostKept(v.APIKeys, longestAnswer) + mostKept(v.FilesKeys, longestFile) +
		2*(v.SegmentsCacheSize+v.PlaylistsCacheSize+spareDisk)
	return *resource.NewQuantity(most, resource.BinarySI), nil
}

func nginxContainer(in component.Input, delay time.Duration, disk resource.Quantity) *corev1ac.ContainerApplyConfiguration {
	c := workload.Container(in, "nginx", image(in), "/bin/sh", "-c", startScript).
		WithResources(workload.RequestDisk(workload.Requests("50m", "64Mi"), disk)).
		WithPorts(workload.Port(naming.PortHTTP, naming.EdgeHTTPPort)).
		WithVolumeMounts(mounts(in)...).
		WithLifecycle(workload.PreStopSleep(delay)).
		// nginx looks its upstreams up after its start: the first second passes before anybody is sent here.
		WithStartupProbe(health().WithInitialDelaySeconds(1).WithPeriodSeconds(1).WithFailureThreshold(60)).
		WithReadinessProbe(health().WithPeriodSeconds(5).WithFailureThreshold(2)).
		WithLivenessProbe(workload.ExecProbe("/bin/sh", "-c", aliveScript).
			WithTimeoutSeconds(10).WithPeriodSeconds(10).WithFailureThreshold(6))
	if in.Cluster.Spec.Edge.TLS != nil {
		c.WithPorts(workload.Port(naming.PortHTTPS, naming.EdgeHTTPSPort))
	}
	return c
}

// health is answered by nginx itself: an edge without backends still serves pages, streams and the 503.
func health() *corev1ac.ProbeApplyConfiguration {
	return workload.HTTPProbe(naming.PortHTTP, healthPath).WithTimeoutSeconds(3)
}

func mounts(in component.Input) []*corev1ac.VolumeMountApplyConfiguration {
	out := []*corev1ac.VolumeMountApplyConfiguration{
		workload.Mount(volumeConfig, configFolder),
		workload.Mount(volumeCache, cacheFolder),
		workload.Mount(volumeRun, runFolder),
	}
	if in.Cluster.Monitored() {
		out = append(out, workload.Mount(volumeRequests, requestsFolder))
	}
	if in.Cluster.Spec.Edge.TLS != nil {
		out = append(out, workload.Mount(volumeCertificate, certificateFolder).WithReadOnly(true))
	}
	return out
}

func volumes(in component.Input, limit resource.Quantity) []*corev1ac.VolumeApplyConfiguration {
	out := []*corev1ac.VolumeApplyConfiguration{
		workload.ConfigVolume(volumeSource, naming.Child(in.Cluster, naming.Edge)),
		workload.SmallScratch(volumeConfig),
		workload.Scratch(volumeCache, limit),
		workload.SmallScratch(volumeRun),
	}
	if in.Cluster.Monitored() {
		// In memory, where a full volume refuses to take more: without an exporter that empties it, requests are not counted and
		// nothing else happens.
		out = append(out, corev1ac.Volume().WithName(volumeRequests).WithEmptyDir(corev1ac.EmptyDirVolumeSource().
			WithMedium(corev1.StorageMediumMemory).WithSizeLimit(resource.MustParse(requestsSize))))
	}
	if tls := in.Cluster.Spec.Edge.TLS; tls != nil {
		out = append(out, workload.SecretVolume(volumeCertificate, string(tls.SecretName)))
	}
	return out
}
