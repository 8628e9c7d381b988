// Package naming holds every name, label and port of a platform, each written once.
package naming

import (
	"strings"

	"github.com/xatube/xatube-operator/api/v1alpha1"
)

// FieldManager owns every field that the operator applies.
const FieldManager = "xatube-operator"

// The names of the components: the value of the component label and the suffix of the names of children.
const (
	Postgres  = "postgres"
	Redis     = "redis"
	RabbitMQ  = "rabbitmq"
	Migration = "migration"
	Backend   = "backend"
	Frontend  = "frontend"
	Edge      = "edge"
	RTMP      = "rtmp"
	Routes    = "routes"

	// Credentials hands generated credentials over from one Secret to the next.
	Credentials = "credentials"

	Backup  = "backup"
	Network = "network"
	Logging = "logging"

	// LogRetention is the Job of logging, whose pods are none of its DaemonSet.
	LogRetention = Logging + "-retention"

	// Monitoring is what a Prometheus needs to know; the others run only when asked for, with pods of their own.
	Monitoring   = "monitoring"
	Prometheus   = "prometheus"
	Grafana      = "grafana"
	NodeExporter = "node-exporter"

	// Pooler is PgBouncer in front of Postgres, a part of that component with pods of its own.
	Pooler = Postgres + "-pooler"
)

// The recommended labels.
const (
	LabelName      = "app.kubernetes.io/name"
	LabelInstance  = "app.kubernetes.io/instance"
	LabelComponent = "app.kubernetes.io/component"
	LabelPartOf    = "app.kubernetes.io/part-of"
	LabelManagedBy = "app.kubernetes.io/managed-by"
	LabelVersion   = "app.kubernetes.io/version"

	// LabelScrape on a Service names the component whose pods are scraped through it.
	LabelScrape = "xatube.io/scrape"

	// AppName is the value of LabelName and LabelPartOf.
	AppName = "xatube"
	// ManagedBy is the value of LabelManagedBy on every child, and what the operator's caches select.
	ManagedBy = "xatube-operator"
)

const (
	// Finalizer lets the operator keep or delete data when the resource is deleted.
	Finalizer = "xatube.io/finalizer"
	// AnnotationApplied holds the hash of what was applied last, so that an unchanged child costs no write.
	AnnotationApplied = "xatube.io/applied"
	// AnnotationChecksum on a pod template rolls the pods when the configuration or a credential changes.
	AnnotationChecksum = "xatube.io/checksum"
	// AnnotationPods on the pods of the edge and the ingest is a hash of their template without the image of the exporter: a
	// new version of the operator, whose image that is, replaces no pods that are otherwise the same.
	AnnotationPods = "xatube.io/pods"
	// AnnotationRevision on a workload and on its pods names the ControllerRevision of the pod template that they have.
	AnnotationRevision = "xatube.io/revision"
	// AnnotationRolledOut on a ControllerRevision says that all pods ran it and were ready.
	AnnotationRolledOut = "xatube.io/rolled-out"
	// AnnotationFailed on a ControllerRevision holds the hash of the wish under which it failed and was taken back.
	AnnotationFailed = "xatube.io/failed"
	// AnnotationFailure on a ControllerRevision tells why it failed.
	AnnotationFailure = "xatube.io/failure"
	// AnnotationRetry on the resource, changed to any new value, runs a failed migration again, and rolls out again
	// what was taken back.
	AnnotationRetry = "xatube.io/retry-migration"
	// AnnotationRotate on the resource names the credentials to rotate. On a Secret it is the wish that the Secret
	// was made for, so that each wish is granted once.
	AnnotationRotate = "xatube.io/rotate"
	// AnnotationRotation on a Secret counts the rotations that led to it: of two Secrets it tells the newer one.
	AnnotationRotation = "xatube.io/rotation"
	// AnnotationPromote on the resource names the instance of Postgres to make the primary, e.g. demo-postgres-2. What
	// follows an @ makes it another request: demo-postgres-2@again.
	AnnotationPromote = "xatube.io/promote"
)

// Port names, shared by containers, Services and monitors.
const (
	PortHTTP    = "http"
	PortHTTPS   = "https"
	PortMetrics = "metrics"
	PortRTMP    = "rtmp"
	PortRedis   = "redis"
	PortAMQP    = "amqp"
	PortAdmin   = "management"
	PortEPMD    = "epmd"
	PortErlang  = "erlang"
	PortChat    = "chat"
)

// Port numbers that several components share.
const (
	BackendPort       int32 = 8000
	ChatPort          int32 = 8001
	EdgeHTTPPort      int32 = 8080
	EdgeHTTPSPort     int32 = 8443
	EdgeMetricsPort   int32 = 9113
	RTMPPort          int32 = 1935
	RTMPHTTPPort      int32 = 8080
	RTMPMetricsPort   int32 = 9728
	RedisPort         int32 = 6379
	RedisMetricsPort  int32 = 9121
	AMQPPort          int32 = 5672
	RabbitMQAdminPort int32 = 15672
	RabbitMQMetrics   int32 = 15692
	EPMDPort          int32 = 4369
	ErlangPort        int32 = 25672
	PostgresPort      int32 = 5432
	PostgresMetrics   int32 = 9187
	// PostgresStatus is where CloudNativePG, and the operator, ask an instance how it is.
	PostgresStatus int32 = 8000
	PoolerMetrics  int32 = 9127

	PrometheusPort   int32 = 9090
	GrafanaPort      int32 = 3000
	NodeExporterPort int32 = 9100
	// CollectorHealth and CollectorMetrics of the OpenTelemetry collector.
	CollectorHealth  int32 = 13133
	CollectorMetrics int32 = 8888
)

// Labels that CloudNativePG puts on the pods that it makes. Those of PgBouncer carry none of ours.
const (
	LabelDatabase = "cnpg.io/cluster"
	LabelPooler   = "cnpg.io/poolerName"
	// CloudNativePG is its value of LabelManagedBy.
	CloudNativePG = "cloudnative-pg"
)

// LabelPrometheus is what prometheus-operator labels the pods of a Prometheus with; its value is the name of that.
const LabelPrometheus = "operator.prometheus.io/name"

// Child is the name of a component's main child.
func Child(c *v1alpha1.XaTubeCluster, component string) string {
	return c.Name + "-" + component
}

// Headless is the name of the component's Service that resolves to its ready pods.
func Headless(c *v1alpha1.XaTubeCluster, component string) string {
	return Child(c, component) + "-pods"
}

// Metrics is the name of the Service through which the pods of a component are scraped.
func Metrics(c *v1alpha1.XaTubeCluster, component string) string {
	return Child(c, component) + "-metrics"
}

// PostgresAppSecret is the Secret in which CloudNativePG keeps the application's login.
func PostgresAppSecret(c *v1alpha1.XaTubeCluster) string {
	return Child(c, Postgres) + "-app"
}

// PostgresGuard is the operator's own Lease beside the primary's, which it renews while it doubts whether the primary
// lives.
func PostgresGuard(c *v1alpha1.XaTubeCluster) string {
	return Child(c, Postgres) + "-guard"
}

// Alternate is the name of the Secret that holds a credential in turn with another.
func Alternate(secret string) string { return secret + "-alternate" }

// PostgresCASecret is the Secret with the authority that signed the certificates of the instances.
func PostgresCASecret(c *v1alpha1.XaTubeCluster) string {
	return Child(c, Postgres) + "-ca"
}

// FQDN is the full DNS name of a Service: NGINX ignores search domains.
func FQDN(c *v1alpha1.XaTubeCluster, service, clusterDomain string) string {
	return service + "." + c.Namespace + ".svc." + strings.TrimSuffix(clusterDomain, ".")
}

// Selector is what the pods of a component are found by. It never changes: selectors of workloads are immutable.
func Selector(c *v1alpha1.XaTubeCluster, component string) map[string]string {
	return map[string]string{
		LabelName:      AppName,
		LabelInstance:  c.Name,
		LabelComponent: component,
	}
}

// Labels of every child of a component.
func Labels(c *v1alpha1.XaTubeCluster, component string) map[string]string {
	labels := Selector(c, component)
	labels[LabelPartOf] = AppName
	labels[LabelManagedBy] = ManagedBy
	return labels
}

// SizeField is the field of the spec that says how large the volumes of a component are. That of Postgres' log is another.
func SizeField(component string) string {
	switch component {
	case Backend:
		return "spec.backend.uploads.size"
	case Redis:
		return "spec.redis.persistence.size"
	case RTMP:
		return "spec.rtmp.recording.size"
	case Monitoring:
		return "spec.monitoring.prometheus.storage.size"
	}
	return "spec." + component + ".storage.size"
}
