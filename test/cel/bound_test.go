package cel

import (
	"fmt"
	"strings"
	"testing"
)

// number is a field that holds whole numbers from low to high. The spec holds one %d.
type number struct {
	field, spec string
	low, high   int
}

var numbers = []number{
	{"spec.backend.replicas", "backend: {replicas: %d}", 0, 200},
	{"spec.backend.workers", "backend: {workers: %d}", 1, 32},
	{"spec.backend.chat.maxConnections", "backend: {chat: {maxConnections: %d}}", 1, 4000},
	{"spec.backend.autoscaling.minReplicas", "backend: {autoscaling: {minReplicas: %d, maxReplicas: 200}}", 1, 200},
	{"spec.backend.autoscaling.maxReplicas", "backend: {autoscaling: {minReplicas: 1, maxReplicas: %d}}", 1, 200},
	{"spec.backend.autoscaling.targetCPUUtilization", "backend: {autoscaling: {maxReplicas: 3, targetCPUUtilization: %d}}", 1, 100},
	{"spec.frontend.replicas", "frontend: {replicas: %d}", 1, 100},
	{"spec.frontend.port", "frontend: {port: %d}", 1024, 65535},
	{"spec.edge.replicas", "edge: {replicas: %d}", 1, 50},
	{"spec.edge.rateLimit.api.requestsPerSecond", "edge: {rateLimit: {api: {requestsPerSecond: %d}}}", 1, 1000000},
	{"spec.edge.rateLimit.api.burst", "edge: {rateLimit: {api: {requestsPerSecond: 1, burst: %d}}}", 0, 1000000},
	{"spec.edge.rateLimit.web.requestsPerSecond", "edge: {rateLimit: {web: {requestsPerSecond: %d}}}", 1, 1000000},
	{"spec.edge.rateLimit.web.burst", "edge: {rateLimit: {web: {requestsPerSecond: 1, burst: %d}}}", 0, 1000000},
	{"spec.postgres.instances", "postgres: {durability: Available, instances: %d}", 1, 9},
	{"spec.postgres.pooler.instances", "postgres: {pooler: {instances: %d}}", 1, 20},
	{"spec.postgres.pooler.poolSize", "postgres: {pooler: {poolMode: Transaction, poolSize: %d}}", 1, 1000},
	{"spec.rtmp.replicas", "rtmp: {replicas: %d}", 1, 20},
	{"spec.logging.elasticsearch.nodes", "logging: {elasticsearch: {nodes: %d}}", 1, 9},
	{"spec.logging.elasticsearch.kibana.replicas", "logging: {elasticsearch: {kibana: {replicas: %d}}}", 1, 9},
}

// enum is a field with a closed set of values. The spec holds one %s.
type enum struct {
	field, spec string
	values      []string
}

var enums = []enum{
	{"spec.powerState", "powerState: %s", []string{"Running", "Hibernated"}},
	{"spec.deletionPolicy", "deletionPolicy: %s", []string{"Retain", "Delete"}},
	{"spec.backend.chat.overflow", "backend: {chat: {overflow: %s}}", []string{"Spread", "Refuse"}},
	{"spec.edge.whileHibernated", "edge: {whileHibernated: %s}", []string{"Stop", "Serve"}},
	{"spec.monitoring.mode", "monitoring: {mode: %s}", []string{"Auto", "Enabled", "Disabled"}},
	{"spec.monitoring.alerts", "monitoring: {alerts: %s}", []string{"Enabled", "Disabled"}},
	{"spec.monitoring.grafana.edge", "monitoring: {prometheus: {}, grafana: {edge: %s}}", []string{"Enabled", "Disabled"}},
	{"spec.networkPolicy", "networkPolicy: %s", []string{"Enabled", "Disabled"}},
	{"spec.postgres.pooler.poolMode", "postgres: {pooler: {poolMode: %s}}", []string{"Session", "Transaction"}},
	{"spec.imageDefaults.pullPolicy", "imageDefaults: {pullPolicy: %s}", []string{"Always", "IfNotPresent", "Never"}},
	{"spec.backend.settings.logLevel", "backend: {settings: {logLevel: %s}}", []string{"DEBUG", "INFO", "WARNING", "ERROR"}},
	{"spec.backend.rollout.onFailure", "backend: {rollout: {onFailure: %s}}", []string{"Hold", "Revert"}},
	{"spec.backend.uploads.accessModes", "backend: {uploads: {accessModes: [%s]}}", []string{"ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"}},
	{"spec.edge.service.type", "edge: {service: {type: %s}}", []string{"ClusterIP", "NodePort", "LoadBalancer"}},
	{"spec.edge.headers.permissions", "edge: {headers: {permissions: [%s]}}", []string{"camera", "microphone", "geolocation"}},
	{
		"spec.edge.headers.strictTransportSecurity.includeSubDomains",
		"edge: {headers: {strictTransportSecurity: {includeSubDomains: %s}}}",
		[]string{"Enabled", "Disabled"},
	},
	{"spec.postgres.durability", "postgres: {durability: %s}", []string{"Strict", "Available"}},
	{"spec.postgres.failover", "postgres: {failover: %s}", []string{"Fast", "Balanced", "Tolerant"}},
	{"spec.redis.evictionPolicy", "redis: {evictionPolicy: %s}", []string{
		"noeviction", "allkeys-lru", "allkeys-lfu", "allkeys-random", "volatile-lru", "volatile-lfu", "volatile-random", "volatile-ttl",
	}},
	{"spec.rtmp.dash", "rtmp: {dash: %s}", []string{"Enabled", "Disabled"}},
	{"spec.rtmp.service.type", "rtmp: {service: {type: %s}}", []string{"ClusterIP", "NodePort", "LoadBalancer"}},
}

// long is a string that may have at most max characters. The spec holds one %s; the text is repeated.
type long struct {
	field, spec, text string
	max               int
}

var longs = []long{
	{"spec.imageDefaults.registry", "imageDefaults: {registry: %s}", "a", 255},
	{"spec.imageDefaults.pullSecrets.name", "imageDefaults: {pullSecrets: [{name: %s}]}", "a", 253},
	{"spec.backend.image", "backend: {image: %s}", "a", 512},
	{"spec.frontend.image", "frontend: {image: %s}", "a", 512},
	{"spec.edge.image", "edge: {image: %s}", "a", 512},
	{"spec.redis.image", "redis: {image: %s}", "a", 512},
	{"spec.rabbitmq.image", "rabbitmq: {image: %s}", "a", 512},
	{"spec.rtmp.image", "rtmp: {image: %s}", "a", 512},
	{"spec.backend.command", "backend: {command: [%s]}", "a", 1024},
	{"spec.backend.migration.command", "backend: {migration: {command: [%s]}}", "a", 4096},
	{"spec.backend.migration.sqlFrom.configMapKeyRef.name", "backend: {migration: {sqlFrom: {configMapKeyRef: {name: %s, key: k}}}}", "a", 253},
	{"spec.backend.migration.sqlFrom.configMapKeyRef.key", "backend: {migration: {sqlFrom: {configMapKeyRef: {name: s, key: %s}}}}", "a", 253},
	{"spec.backend.migration.sqlFrom.secretKeyRef.name", "backend: {migration: {sqlFrom: {secretKeyRef: {name: %s, key: k}}}}", "a", 253},
	{"spec.backend.migration.sqlFrom.secretKeyRef.key", "backend: {migration: {sqlFrom: {secretKeyRef: {name: s, key: %s}}}}", "a", 253},
	{"spec.frontend.command", "frontend: {command: [%s]}", "a", 1024},
	{"spec.backend.envFrom.secretRef.name", "backend: {envFrom: [{secretRef: {name: %s}}]}", "a", 253},
	{"spec.backend.envFrom.configMapRef.name", "backend: {envFrom: [{configMapRef: {name: %s}}]}", "a", 253},
	{"spec.backend.settings.allowedHosts", "backend: {settings: {allowedHosts: [%s]}}", "a.", 253},
	{"spec.backend.settings.corsOrigins", "backend: {settings: {corsOrigins: ['http://%s']}}", "a", 246},
	{"spec.backend.uploads.storageClassName", "backend: {uploads: {storageClassName: %s}}", "a", 253},
	{"spec.edge.headers.frameAncestors", "edge: {headers: {frameAncestors: ['http://%s']}}", "a", 246},
	{"spec.edge.headers.mediaSources", "edge: {headers: {mediaSources: ['http://%s']}}", "a", 246},
	{"spec.edge.tls.secretName", "edge: {tls: {secretName: %s}}", "a", 253},
	{"spec.ingress.host", "ingress: {host: %s}", "a.", 253},
	{"spec.ingress.className", "ingress: {host: a, className: %s}", "a", 253},
	{"spec.ingress.annotations.a", "ingress: {host: a, annotations: {a: %s}}", "a", 2048},
	{"spec.edge.service.annotations.a", "edge: {service: {annotations: {a: %s}}}", "a", 2048},
	{"spec.rtmp.service.annotations.a", "rtmp: {service: {annotations: {a: %s}}}", "a", 2048},
	{"spec.ingress.tls.secretName", "ingress: {host: a, tls: {secretName: %s}}", "a", 253},
	{"spec.gateway.hostnames", "gateway: {parentRefs: [{name: gw}], hostnames: [%s]}", "a.", 253},
	{"spec.gateway.parentRefs.name", "gateway: {parentRefs: [{name: %s}]}", "a", 253},
	{"spec.monitoring.scraperNamespaces", "monitoring: {scraperNamespaces: [%s]}", "a", 63},
	{"spec.gateway.parentRefs.namespace", "gateway: {parentRefs: [{name: gw, namespace: %s}]}", "a", 63},
	{"spec.gateway.parentRefs.sectionName", "gateway: {parentRefs: [{name: gw, sectionName: %s}]}", "a", 253},
	{"spec.gateway.parentRefs.rtmpSectionName", "gateway: {parentRefs: [{name: gw, rtmpSectionName: %s}]}", "a", 253},
	{"spec.postgres.external.secretRef.name", "postgres: {external: {secretRef: {name: %s}}}", "a", 253},
	{"spec.postgres.external.secretRef.key", "postgres: {external: {secretRef: {name: db, key: %s}}}", "a", 253},
	{"spec.postgres.image", "postgres: {image: '%s:18'}", "a", 509},
	{"spec.postgres.storage.storageClassName", "postgres: {storage: {size: 1Gi, storageClassName: %s}}", "a", 253},
	{"spec.postgres.walStorage.storageClassName", "postgres: {walStorage: {size: 1Gi, storageClassName: %s}}", "a", 253},
	{"spec.postgres.pooler.image", "postgres: {pooler: {image: %s}}", "a", 512},
	{"spec.postgres.backup.destinationPath", "postgres: {backup: {destinationPath: 's3://backups/%s'}}", "a", 499},
	{"spec.postgres.backup.endpointURL", "postgres: {backup: {destinationPath: 's3://backups', endpointURL: 'http://%s'}}", "a", 505},
	{"spec.postgres.restore.from", "postgres: {restore: {from: %s}}", "a", 253},
	{"spec.postgres.restore.serverName", "postgres: {restore: {from: a, serverName: %s}}", "a", 253},
	{"spec.redis.exporter.image", "redis: {exporter: {image: %s}}", "a", 512},
	{"spec.edge.exporter.image", "edge: {exporter: {image: %s}}", "a", 512},
	{"spec.rtmp.exporter.image", "rtmp: {exporter: {image: %s}}", "a", 512},
	{"spec.monitoring.prometheus.image", "monitoring: {prometheus: {image: %s}}", "a", 512},
	{"spec.monitoring.prometheus.storage.storageClassName", "monitoring: {prometheus: {storage: {size: 1Gi, storageClassName: %s}}}", "a", 253},
	{"spec.monitoring.grafana.image", "monitoring: {prometheus: {}, grafana: {image: %s}}", "a", 512},
	{"spec.monitoring.grafana.prometheusURL", "monitoring: {grafana: {prometheusURL: 'http://%s'}}", "a", 505},
	{"spec.monitoring.nodeExporter.image", "monitoring: {nodeExporter: {image: %s}}", "a", 512},
	{"spec.redis.external.secretRef.name", "redis: {external: {secretRef: {name: %s}}}", "a", 253},
	{"spec.redis.external.secretRef.key", "redis: {external: {secretRef: {name: db, key: %s}}}", "a", 253},
	{"spec.redis.persistence.storageClassName", "redis: {persistence: {size: 1Gi, storageClassName: %s}}", "a", 253},
	{"spec.rabbitmq.external.secretRef.name", "rabbitmq: {external: {secretRef: {name: %s}}}", "a", 253},
	{"spec.rabbitmq.external.secretRef.key", "rabbitmq: {external: {secretRef: {name: db, key: %s}}}", "a", 253},
	{"spec.rabbitmq.storage.storageClassName", "rabbitmq: {storage: {size: 1Gi, storageClassName: %s}}", "a", 253},
	{"spec.rtmp.recording.storageClassName", "rtmp: {recording: {size: 1Gi, storageClassName: %s}}", "a", 253},
	{"spec.logging.endpoint.url", "logging: {endpoint: {url: 'http://%s'}}", "a", 505},
	{"spec.logging.endpoint.dataStream", "logging: {endpoint: {url: 'http://a', dataStream: 'logs-%s'}}", "a", 195},
	{"spec.logging.endpoint.secretRef.name", "logging: {endpoint: {url: 'http://a', secretRef: {name: %s}}}", "a", 253},
	{"spec.logging.endpoint.caRef.name", "logging: {endpoint: {url: 'http://a', caRef: {name: %s, key: a}}}", "a", 253},
	{"spec.logging.endpoint.caRef.key", "logging: {endpoint: {url: 'http://a', caRef: {name: a, key: %s}}}", "a", 253},
	{"spec.logging.elasticsearch.storage.storageClassName", "logging: {elasticsearch: {storage: {size: 1Gi, storageClassName: %s}}}", "a", 253},
	{"spec.logging.collector.image", "logging: {elasticsearch: {}, collector: {image: %s}}", "a", 512},
}

// many is a list or map that may have at most max entries. The spec holds one %s; entry makes the n-th of them.
type many struct {
	field, spec string
	entry       func(n int) string
	max         int
}

func numbered(format string) func(int) string {
	return func(n int) string { return fmt.Sprintf(format, n) }
}

var manies = []many{
	{"spec.imageDefaults.pullSecrets", "imageDefaults: {pullSecrets: [%s]}", numbered("{name: s%d}"), 8},
	{"spec.backend.command", "backend: {command: [%s]}", numbered("a%d"), 32},
	{"spec.backend.migration.command", "backend: {migration: {command: [%s]}}", numbered("a%d"), 32},
	{"spec.backend.envFrom", "backend: {envFrom: [%s]}", numbered("{secretRef: {name: s%d}}"), 16},
	{"spec.backend.settings.allowedHosts", "backend: {settings: {allowedHosts: [%s]}}", numbered("h%d"), 32},
	{"spec.backend.settings.corsOrigins", "backend: {settings: {corsOrigins: [%s]}}", numbered("'http://h%d'"), 32},
	{"spec.frontend.command", "frontend: {command: [%s]}", numbered("a%d"), 32},
	{"spec.edge.trustedProxies", "edge: {trustedProxies: [%s]}", numbered("10.0.%d.0/24"), 32},
	{"spec.edge.headers.frameAncestors", "edge: {headers: {frameAncestors: [%s]}}", numbered("'http://h%d'"), 16},
	{"spec.edge.headers.mediaSources", "edge: {headers: {mediaSources: [%s]}}", numbered("'http://h%d'"), 16},
	{"spec.monitoring.scraperNamespaces", "monitoring: {scraperNamespaces: [%s]}", numbered("n%d"), 16},
	{"spec.edge.service.annotations", "edge: {service: {annotations: {%s}}}", numbered("a%d: x"), 24},
	{"spec.edge.service.loadBalancerSourceRanges", "edge: {service: {type: LoadBalancer, loadBalancerSourceRanges: [%s]}}", numbered("10.0.%d.0/24"), 64},
	{"spec.rtmp.service.annotations", "rtmp: {service: {annotations: {%s}}}", numbered("a%d: x"), 24},
	{"spec.rtmp.service.loadBalancerSourceRanges", "rtmp: {service: {loadBalancerSourceRanges: [%s]}}", numbered("10.0.%d.0/24"), 64},
	{"spec.ingress.annotations", "ingress: {host: a, annotations: {%s}}", numbered("a%d: x"), 24},
	{"spec.gateway.parentRefs", "gateway: {parentRefs: [%s]}", numbered("{name: gw%d}"), 8},
	{"spec.gateway.hostnames", "gateway: {parentRefs: [{name: gw}], hostnames: [%s]}", numbered("h%d"), 16},
	{"spec.postgres.parameters", "postgres: {parameters: {%s}}", numbered("a%d: x"), 64},
	{"spec.monitoring.labels", "monitoring: {labels: {%s}}", numbered("a%d: x"), 16},
}

func (m many) with(n int) string {
	entries := make([]string, n)
	for i := range entries {
		entries[i] = m.entry(i)
	}
	return fmt.Sprintf(m.spec, strings.Join(entries, ", "))
}

// bounds tries the last value that is in and the first that is out.
func bounds(t *testing.T) {
	for _, n := range numbers {
		t.Run(n.field, func(t *testing.T) {
			accept(t, fmt.Sprintf(n.spec, n.low))
			accept(t, fmt.Sprintf(n.spec, n.high))
			refuse(t, refusal{n.field, fmt.Sprintf(n.spec, n.low-1), fmt.Sprintf("should be greater than or equal to %d", n.low)})
			refuse(t, refusal{n.field, fmt.Sprintf(n.spec, n.high+1), fmt.Sprintf("should be less than or equal to %d", n.high)})
		})
	}
	for _, e := range enums {
		t.Run(e.field, func(t *testing.T) {
			for _, v := range e.values {
				accept(t, fmt.Sprintf(e.spec, v))
			}
			for _, v := range []string{"Bogus", `""`, strings.ToLower(e.values[0]) + "x"} {
				refuse(t, refusal{e.field, fmt.Sprintf(e.spec, v), "supported values: "})
			}
		})
	}
	for _, l := range longs {
		t.Run(l.field+" length", func(t *testing.T) {
			fits := strings.Repeat(l.text, l.max)[:l.max]
			accept(t, fmt.Sprintf(l.spec, fits))
			refuse(t, refusal{l.field, fmt.Sprintf(l.spec, "a"+fits), "Too long: may not be more than "})
		})
	}
	for _, m := range manies {
		t.Run(m.field+" entries", func(t *testing.T) {
			accept(t, m.with(m.max))
			refuse(t, refusal{m.field, m.with(m.max + 1), fmt.Sprintf("must have at most %d items", m.max)})
		})
	}
	for _, r := range entries {
		t.Run(r.field+" "+r.says, func(t *testing.T) { refuse(t, r) })
	}
}

// entries are lists that are empty or hold the same thing twice, and required fields that are absent.
var entries = []refusal{
	{"spec.backend.command", "backend: {command: []}", "should have at least 1 items"},
	{"spec.backend.migration.command", "backend: {migration: {command: []}}", "should have at least 1 items"},
	{"spec.monitoring.prometheus.storage.size", "monitoring: {prometheus: {storage: {}}}", "Required value"},
	{"spec.frontend.command", "frontend: {command: []}", "should have at least 1 items"},
	{"spec.backend.uploads.accessModes", "backend: {uploads: {accessModes: []}}", "should have at least 1 items"},
	{"spec.backend.uploads.accessModes", "backend: {uploads: {accessModes: [ReadWriteOnce, ReadWriteMany, ReadWriteOnce, ReadWriteMany]}}", "must have at most 3 items"},
	{"spec.gateway.parentRefs", "gateway: {parentRefs: []}", "should have at least 1 items"},

	{"spec.imageDefaults.pullSecrets", "imageDefaults: {pullSecrets: [{name: a}, {name: a}]}", "Duplicate value"},
	{"spec.backend.settings.allowedHosts", "backend: {settings: {allowedHosts: [a, a]}}", "Duplicate value"},
	{"spec.backend.settings.corsOrigins", "backend: {settings: {corsOrigins: ['http://a', 'http://a']}}", "Duplicate value"},
	{"spec.edge.trustedProxies", "edge: {trustedProxies: [10.0.0.0/8, 10.0.0.0/8]}", "Duplicate value"},
	{"spec.edge.headers.frameAncestors", "edge: {headers: {frameAncestors: ['*', '*']}}", "Duplicate value"},
	{"spec.edge.headers.mediaSources", "edge: {headers: {mediaSources: ['*', '*']}}", "Duplicate value"},
	{"spec.edge.headers.permissions", "edge: {headers: {permissions: [camera, camera]}}", "Duplicate value"},
	{"spec.edge.headers.permissions", "edge: {headers: {permissions: [camera, microphone, geolocation, camera]}}", "must have at most 3 items"},
	{"spec.monitoring.scraperNamespaces", "monitoring: {scraperNamespaces: [a, a]}", "Duplicate value"},
	{"spec.edge.service.loadBalancerSourceRanges", "edge: {service: {type: LoadBalancer, loadBalancerSourceRanges: [10.0.0.0/8, 10.0.0.0/8]}}", "Duplicate value"},
	{"spec.rtmp.service.loadBalancerSourceRanges", "rtmp: {service: {loadBalancerSourceRanges: [10.0.0.0/8, 10.0.0.0/8]}}", "Duplicate value"},
	{"spec.gateway.hostnames", "gateway: {parentRefs: [{name: gw}], hostnames: [a, a]}", "Duplicate value"},

	{"spec.imageDefaults.pullSecrets.name", "imageDefaults: {pullSecrets: [{}]}", "Required value"},
	{"spec.backend.autoscaling.maxReplicas", "backend: {autoscaling: {}}", "Required value"},
	{"spec.backend.envFrom.secretRef.name", "backend: {envFrom: [{secretRef: {}}]}", "Required value"},
	{"spec.backend.envFrom.configMapRef.name", "backend: {envFrom: [{configMapRef: {}}]}", "Required value"},
	{"spec.backend.migration.sqlFrom.configMapKeyRef.name", "backend: {migration: {sqlFrom: {configMapKeyRef: {key: k}}}}", "Required value"},
	{"spec.backend.migration.sqlFrom.configMapKeyRef.key", "backend: {migration: {sqlFrom: {configMapKeyRef: {name: s}}}}", "Required value"},
	{"spec.backend.migration.sqlFrom.secretKeyRef.name", "backend: {migration: {sqlFrom: {secretKeyRef: {key: k}}}}", "Required value"},
	{"spec.backend.migration.sqlFrom.secretKeyRef.key", "backend: {migration: {sqlFrom: {secretKeyRef: {name: s}}}}", "Required value"},
	{"spec.edge.rateLimit.api.requestsPerSecond", "edge: {rateLimit: {api: {burst: 3}}}", "Required value"},
	{"spec.edge.rateLimit.web.requestsPerSecond", "edge: {rateLimit: {web: {burst: 3}}}", "Required value"},
	{"spec.edge.tls.secretName", "edge: {tls: {}}", "Required value"},
	{"spec.ingress.host", "ingress: {}", "Required value"},
	{"spec.ingress.tls.secretName", "ingress: {host: a, tls: {}}", "Required value"},
	{"spec.gateway.parentRefs", "gateway: {}", "Required value"},
	{"spec.gateway.parentRefs.name", "gateway: {parentRefs: [{}]}", "Required value"},
	{"spec.postgres.external.secretRef", "postgres: {external: {}}", "Required value"},
	{"spec.postgres.external.secretRef.name", "postgres: {external: {secretRef: {}}}", "Required value"},
	{"spec.redis.external.secretRef", "redis: {external: {}}", "Required value"},
	{"spec.redis.external.secretRef.name", "redis: {external: {secretRef: {}}}", "Required value"},
	{"spec.rabbitmq.external.secretRef", "rabbitmq: {external: {}}", "Required value"},
	{"spec.rabbitmq.external.secretRef.name", "rabbitmq: {external: {secretRef: {}}}", "Required value"},
	{"spec.postgres.storage.size", "postgres: {storage: {}}", "Required value"},
	{"spec.logging.endpoint.url", "logging: {endpoint: {}}", "Required value"},
	{"spec.logging.endpoint.secretRef.name", "logging: {endpoint: {url: 'http://a', secretRef: {}}}", "Required value"},
	{"spec.logging.elasticsearch.storage.size", "logging: {elasticsearch: {storage: {storageClassName: a}}}", "Required value"},
	{"spec.postgres.backup.destinationPath", "postgres: {backup: {}}", "Required value"},
	{"spec.postgres.backup.credentials.accessKeyID", "postgres: {backup: {destinationPath: 's3://backups', credentials: {secretAccessKey: {name: a, key: b}}}}", "Required value"},
	{"spec.postgres.backup.credentials.secretAccessKey", "postgres: {backup: {destinationPath: 's3://backups', credentials: {accessKeyID: {name: a, key: b}}}}", "Required value"},
	{"spec.postgres.restore.from", "postgres: {restore: {}}", "Required value"},
	{"spec.postgres.walStorage.size", "postgres: {walStorage: {}}", "Required value"},
	{"spec.redis.persistence.size", "redis: {persistence: {}}", "Required value"},
	{"spec.rabbitmq.storage.size", "rabbitmq: {storage: {}}", "Required value"},
	{"spec.rtmp.recording.size", "rtmp: {recording: {}}", "Required value"},
}
