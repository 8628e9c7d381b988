package logging

import (
	"fmt"
	"math"
	"path"
	"regexp"
	"strings"

	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"
	"sigs.k8s.io/yaml"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component"
	"github.com/xatube/xatube-operator/internal/component/naming"
	"github.com/xatube/xatube-operator/internal/component/workload"
)

const (
	configFile = "collector.yaml"
	configPath = "/etc/otelcol"
	statePath  = "/var/lib/otelcol"
	// podLogs is where every kubelet keeps the lines of its pods: <namespace>_<pod>_<uid>/<container>/<restarts>.log.
	podLogs = "/var/log/pods"

	offsets = "file_storage/offsets"
	queue   = "file_storage/queue"
)

// values is a part of the collector's configuration.
type values = map[string]any

func configMap(in component.Input, to sink) *corev1ac.ConfigMapApplyConfiguration {
	return workload.ConfigMap(in, naming.Child(in.Cluster, naming.Logging), naming.Logging,
		map[string]string{configFile: configuration(in, to), retentionFile: retentionScript})
}

// configuration of the collector. Maps and lists always have a YAML form.
func configuration(in component.Input, to sink) string {
	text, _ := yaml.Marshal(values{
		"receivers": values{"file_log": receiver(in.Cluster)},
		"exporters": values{"elasticsearch": exporter(in, to)},
		"extensions": values{
			offsets:        values{"directory": path.Join(statePath, "offsets"), "create_directory": true},
			queue:          values{"directory": path.Join(statePath, "queue"), "create_directory": true, "compaction": compaction()},
			"health_check": values{"endpoint": fmt.Sprintf(":%d", naming.CollectorHealth)},
		},
		"service": values{
			"extensions": []string{offsets, queue, "health_check"},
			"pipelines":  values{"logs": values{"receivers": []string{"file_log"}, "exporters": []string{"elasticsearch"}}},
			"telemetry": values{
				"logs": values{"encoding": "json"},
				"metrics": values{"readers": []any{values{"pull": values{"exporter": values{"prometheus": values{
					"host": "", "port": naming.CollectorMetrics,
				}}}}}},
			},
		},
	})
	return string(text)
}

// compaction gives the disk back after the queue was long.
func compaction() values {
	return values{"on_start": true, "on_rebound": true, "directory": path.Join(statePath, "queue"), "cleanup_on_start": true}
}

// receiver reads the files of the platform's pods from their beginning and remembers how far it is. What the queue does
// not take it tries again without an end, and reads no further meanwhile.
func receiver(c *v1alpha1.XaTubeCluster) values {
	pods := path.Join(podLogs, fmt.Sprintf("%s_%s-*_*", c.Namespace, c.Name))
	return values{
		// The second pattern is that of a file that the kubelet has turned away and not packed yet.
		"include": []string{pods + "/*/*.log", pods + "/*/*.log.*"},
		"exclude": []string{
			pods + "/*/*.gz", pods + "/*/*.tmp",
			path.Join(podLogs, fmt.Sprintf("%s_%s-*_*", c.Namespace, naming.Child(c, naming.Logging)), "*", "*"),
		},
		"start_at":                      "beginning",
		"include_file_path":             true,
		"include_file_name":             false,
		"include_file_record_offset":    true,
		"preserve_trailing_whitespaces": true,
		"poll_interval":                 "500ms",
		"storage":                       offsets,
		"retry_on_failure":              values{"enabled": true, "max_elapsed_time": "0s"},
		"operators":                     operators(c),
	}
}

// exporter with a queue on the disk. What Elasticsearch does not take for a reason that may pass, a wrong login
// included, is tried again without an end; a full queue makes the receiver wait.
func exporter(in component.Input, to sink) values {
	out := values{
		"endpoint":        to.url,
		"logs_index":      to.stream,
		"logs_dynamic_id": values{"enabled": true},
		"mapping":         values{"mode": "bodymap"},
		// Of each request.
		"timeout": "30s",
		"retry": values{
			"enabled": true, "max_retries": math.MaxInt32, "initial_interval": "500ms", "max_interval": "10s",
			"retry_on_status": []int{401, 403, 404, 408, 429, 500, 502, 503, 504},
		},
		"sending_queue": values{
			"storage": queue, "sizer": "bytes", "queue_size": queueSize(in.Cluster), "block_on_overflow": true, "num_consumers": 2,
			"batch": values{"sizer": "bytes", "flush_timeout": "1s", "min_size": 1 << 20, "max_size": 4 << 20},
		},
	}
	switch {
	case to.login == "":
	case to.withKey(in):
		out["api_key"] = "${env:" + envAPIKey + "}"
	default:
		out["user"], out["password"] = "${env:"+envUsername+"}", "${env:"+envPassword+"}"
	}
	if to.ca != nil {
		out["tls"] = values{"ca_file": path.Join(caPath, caFile)}
	}
	return out
}

// queueSize in bytes; admission has seen that it is one.
func queueSize(c *v1alpha1.XaTubeCluster) int64 {
	q, err := c.Spec.Logging.Collector.QueueSize.Quantity()
	if err != nil {
		return 0
	}
	return q.Value()
}

// Credentials in URLs: the user part, and what is called so in a query. Upstream's backend prints both.
const (
	credentialInURL   = `(://)[^/?#\s"']*@`
	credentialInQuery = `(?i)([?&](?:password|passwd|pwd|secret|token|access_token|refresh_token|api_key|apikey)=)[^&\s"'#]*`
)

// operators turn a line of a file into a document. The field names are those of the index template.
func operators(c *v1alpha1.XaTubeCluster) []any {
	move := func(from, to string) values {
		return values{"type": "move", "id": "move " + to, "from": from, "to": to}
	}
	add := func(to, value string) values {
		return values{"type": "add", "id": "add " + to, "field": to, "value": value}
	}
	redact := func(id, pattern, with string) values {
		// The collector takes $$ for $.
		return values{"type": "regex_replace", "id": id, "field": "body", "regex": strings.ReplaceAll(pattern, "$", "$$"), "replace_with": with}
	}
	return []any{
		values{"type": "container"},
		// Pods of others whose names only begin like the platform's are left out.
		values{
			"type": "regex_parser", "parse_from": `resource["k8s.pod.name"]`, "parse_to": "attributes",
			"regex": strings.ReplaceAll(podName(c), "$", "$$"), "on_error": "drop_quiet",
		},
		values{
			"type": "add", "id": "name the Jobs of logins", "if": `attributes.component endsWith "-login"`,
			"field": "attributes.component", "value": naming.Credentials,
		},
		redact("redact users in URLs", credentialInURL, "$${1}***@"),
		redact("redact queries", credentialInQuery, "$${1}***"),
		values{
			"type": "json_parser", "if": `body matches "^\\s*[{].*[}]\\s*$$"`, "parse_to": "attributes.json", "on_error": "send_quiet",
		},
		move("body", "attributes.message"),
		move("attributes.message", "body.message"),
		values{"type": "move", "id": "move body.json", "if": "attributes.json != nil", "from": "attributes.json", "to": "body.json"},
		add(`body["@timestamp"]`, `EXPR(timestamp.UTC().Format("2006-01-02T15:04:05.000000000Z07:00"))`),
		move(`attributes["log.iostream"]`, "body.stream"),
		add("body.labels.platform", c.Name),
		move("attributes.component", "body.labels.component"),
		add("body.labels.namespace", `EXPR(resource["k8s.namespace.name"])`),
		add("body.labels.pod", `EXPR(resource["k8s.pod.name"])`),
		add("body.labels.container", `EXPR(resource["k8s.container.name"])`),
		add("body.labels.node", "${env:NODE_NAME}"),
		// The same line gets the same name whenever it is read, so that Elasticsearch takes it once.
		add(`attributes["elasticsearch.document_id"]`, `EXPR([resource["k8s.pod.uid"], resource["k8s.container.name"], resource["k8s.container.restart_count"], string(timestamp.UnixNano()), string(attributes["log.file.record_offset"])] | join("/"))`),
	}
}

// podName matches the names of the platform's pods: those of its Deployments and Jobs end with two words that Kubernetes
// makes up, those of its StatefulSets with a number, those of its instances of Postgres with a number and, while one is
// being made, what for. The label of a component is in no path; asking Kubernetes for it would take a Role.
func podName(c *v1alpha1.XaTubeCluster) string {
	components := strings.Join([]string{
		naming.Backend, naming.Frontend, naming.Edge, naming.RTMP, naming.Redis, naming.RabbitMQ, naming.Postgres, naming.Pooler,
		naming.Migration, naming.Redis + "-login", naming.RabbitMQ + "-login",
	}, "|")
	return fmt.Sprintf(`^%s-(?P<component>%s)-(?:[a-z0-9]{1,10}-[a-z0-9]{5}|[0-9]+(?:-(?:initdb|import|pgbasebackup|full-recovery|snapshot-recovery|join)-[a-z0-9]{5})?)$`,
		regexp.QuoteMeta(c.Name), components)
}
