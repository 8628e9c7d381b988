package naming

import (
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/xatube/xatube-operator/api/v1alpha1"
)

// Default images. Tags are pinned; imageDefaults.registry replaces the registry of all of them at once.
const (
	// XaTube's own images have moving tags and those of commits on its branch stable, seven digits each. This is the commit
	// that the operator was tested with.
	ImageBackend       = "docker.io/saneome2/xatube-backend:6ddf065"
	ImageFrontend      = "docker.io/saneome2/xatube-frontend:6ddf065"
	ImageNginx         = "docker.io/library/nginx:1.30.6"
	ImageRTMP          = "docker.io/xatube/nginx-rtmp:1.30.6"
	ImagePostgres      = "ghcr.io/cloudnative-pg/postgresql:18.6-standard-trixie"
	ImagePgBouncer     = "ghcr.io/cloudnative-pg/pgbouncer:1.25.2"
	ImageRedis         = "docker.io/library/redis:8.0.6"
	ImageRedisExporter = "docker.io/oliver006/redis_exporter:v1.86.0"
	ImageRabbitMQ      = "docker.io/library/rabbitmq:4.3.6"
	ImagePrometheus    = "quay.io/prometheus/prometheus:v3.5.3"
	ImageGrafana       = "docker.io/grafana/grafana:12.3.0"
	ImageNodeExporter  = "quay.io/prometheus/node-exporter:v1.11.1"
	// ImageCollector holds the first fix of exporter/elasticsearch that lets it outlast an outage, and more:
	// opentelemetry-collector-contrib #49834.
	ImageCollector = "docker.io/otel/opentelemetry-collector-contrib:0.165.1"
)

// Image is the reference to use: the override as it is, or the default under the platform's registry.
func Image(c *v1alpha1.XaTubeCluster, override v1alpha1.Image, fallback string) string {
	if override != "" {
		return string(override)
	}
	if d := c.Spec.ImageDefaults; d != nil && d.Registry != "" {
		_, path, _ := strings.Cut(fallback, "/")
		return d.Registry + "/" + path
	}
	return fallback
}

// Version is the tag of an image for the version label; empty for a digest or a tag that is no label value.
func Version(image string) string {
	image, _, _ = strings.Cut(image, "@")
	i := strings.LastIndex(image, ":")
	if i < strings.LastIndex(image, "/") || i < 0 {
		return ""
	}
	tag := image[i+1:]
	if len(validation.IsValidLabelValue(tag)) > 0 {
		return ""
	}
	return tag
}
