package cel

import (
	"fmt"
	"strings"
	"testing"
)

// family is a type of value with the fields that have it. Each spec holds one %s.
type family struct {
	name   string
	fields map[string]string
	good   []string
	bad    []string
	// says is part of the message for every bad value.
	says string
	// long is a value of more than limit characters, where the pattern does not bound the length by itself.
	long  string
	limit int
}

const longHost = "a23456789-a23456789-a23456789-a23456789-a23456789-a23456789-a23"

var families = []family{
	{
		name: "sizes",
		fields: map[string]string{
			"spec.backend.uploads.size":          "backend: {uploads: {size: %s}}",
			"spec.backend.uploads.maxUploadSize": "backend: {uploads: {maxUploadSize: %s}}",
			"spec.edge.cache.size":               "edge: {cache: {size: %s}}",
			"spec.postgres.storage.size":         "postgres: {storage: {size: %s}}",
			"spec.postgres.walStorage.size":      "postgres: {walStorage: {size: %s}}",
			"spec.redis.maxMemory":               "redis: {maxMemory: %s}",
			"spec.redis.persistence.size":        "redis: {persistence: {size: %s}}",
			"spec.rabbitmq.storage.size":         "rabbitmq: {storage: {size: %s}}",
			"spec.rtmp.scratch":                  "rtmp: {scratch: %s}",
			"spec.rtmp.recording.size":           "rtmp: {recording: {size: %s}}",

			"spec.monitoring.prometheus.storage.size": "monitoring: {prometheus: {storage: {size: %s}}}",
			"spec.logging.elasticsearch.storage.size": "logging: {elasticsearch: {storage: {size: %s}}}",
			"spec.logging.elasticsearch.memory":       "logging: {elasticsearch: {memory: %s}}",
		},
		good: []string{"1500Mi", "1.5Gi", "20G", "1Pi", `"21474836480"`},
		bad:  []string{`"0"`, "0Gi", "20GB", "-1Gi", `"1,5Gi"`, "20 Gi", `""`, "2Pi", "a lot", `"1Gi;"`},
		says: "must be a size above zero and at most 1Pi; write e.g. 10Gi",
		long: `"` + strings.Repeat("1", 21) + `"`, limit: 20,
	},
	{
		name: "images",
		fields: map[string]string{
			"spec.backend.image":  "backend: {image: %s}",
			"spec.frontend.image": "frontend: {image: %s}",
			"spec.edge.image":     "edge: {image: %s}",
			"spec.postgres.image": "postgres: {image: %s}",
			"spec.redis.image":    "redis: {image: %s}",
			"spec.rabbitmq.image": "rabbitmq: {image: %s}",
			"spec.rtmp.image":     "rtmp: {image: %s}",

			"spec.postgres.pooler.image":   "postgres: {pooler: {image: %s}}",
			"spec.redis.exporter.image":    "redis: {exporter: {image: %s}}",
			"spec.edge.exporter.image":     "edge: {exporter: {image: %s}}",
			"spec.rtmp.exporter.image":     "rtmp: {exporter: {image: %s}}",
			"spec.logging.collector.image": "logging: {elasticsearch: {}, collector: {image: %s}}",

			"spec.monitoring.prometheus.image":   "monitoring: {prometheus: {image: %s}}",
			"spec.monitoring.grafana.image":      "monitoring: {prometheus: {}, grafana: {image: %s}}",
			"spec.monitoring.nodeExporter.image": "monitoring: {nodeExporter: {image: %s}}",
		},
		good: []string{"nginx:18", "localhost:5000/a/b_c:18.6-standard", "example.com/a:18@sha256:" + strings.Repeat("0a", 32)},
		bad:  []string{`""`, "Nginx:18", "a b:18", "https://example.com/a:18", "a:18@sha256:12", `"a:18\nb"`, "a//b:18", "$(id):18"},
		says: "must be an image reference; write e.g.",
	},
	{
		name: "hosts",
		fields: map[string]string{
			"spec.ingress.host":                  "ingress: {host: %s}",
			"spec.gateway.hostnames":             "gateway: {parentRefs: [{name: gw}], hostnames: [%s]}",
			"spec.backend.settings.allowedHosts": "backend: {settings: {allowedHosts: [%s]}}",
		},
		good: []string{"localhost", "tube.example.com", "1.tube-1.example.com", longHost + ".example.com"},
		bad: []string{
			`""`, "Tube.example.com", "https://tube.example.com", "tube.example.com:443", "tube.example.com/", "tube_.example.com",
			"-tube.example.com", "tube..example.com", "tube.example.com.", "x" + longHost + ".example.com",
			`"a; return 200"`, `"a\nb"`, `"a{}"`, `"$host"`, `"a b"`, `"a#"`, `"~^a"`, `"\"a"`, `"*.example.com"`,
		},
		says: "must be a host name in lower case, without scheme, port or path; write e.g. tube.example.com",
	},
	{
		name:   "origins",
		fields: map[string]string{"spec.backend.settings.corsOrigins": "backend: {settings: {corsOrigins: [%s]}}"},
		good:   []string{"https://tube.example.com", "http://localhost:3000"},
		bad:    []string{`""`, "tube.example.com", "ftp://tube.example.com", "https://tube.example.com/", `"https://a b"`, `"*"`, `"https://a,https://b"`},
		says:   "must be a web origin, scheme and host without a path; write e.g. https://tube.example.com",
	},
	{
		name: "sources of a policy",
		fields: map[string]string{
			"spec.edge.headers.frameAncestors": "edge: {headers: {frameAncestors: [%s]}}",
			"spec.edge.headers.mediaSources":   "edge: {headers: {mediaSources: [%s]}}",
		},
		good: []string{`"*"`, "https://cdn.example.com", `"https://*.example.com"`, "http://localhost:3000"},
		bad: []string{
			`""`, "cdn.example.com", "https://", "https://cdn.example.com/", "wss://cdn.example.com", `"'none'"`, `"data:"`, `"https://*"`,
			`"https://a b"`, `"https://a; script-src *"`, `"https://a\""`, `"https://a$host"`, `"https://a\nb"`, "https://A.example.com",
			`"https://a{}"`, `"**"`, "https://a:123456",
		},
		says: "must be scheme and host without a path, or *; write e.g. https://cdn.example.com or https://*.example.com",
	},
	{
		name: "networks",
		fields: map[string]string{
			"spec.edge.trustedProxies":                   "edge: {trustedProxies: [%s]}",
			"spec.edge.service.loadBalancerSourceRanges": "edge: {service: {type: LoadBalancer, loadBalancerSourceRanges: [%s]}}",
			"spec.rtmp.service.loadBalancerSourceRanges": "rtmp: {service: {loadBalancerSourceRanges: [%s]}}",
		},
		good: []string{"10.0.0.0/8", `"fd00::/8"`, "192.0.2.1/32"},
		bad:  []string{`""`, "10.0.0.0", "10.0.0.0/33", "10.0.0/8", "example.com/8", `"10.0.0.0/8;"`, `"fd00::/129"`, "10.0.0.1/8", `"fd00::1/8"`, `"::ffff:10.0.0.0/104"`},
		says: "must be a network in CIDR notation with no bits beyond the prefix; write e.g. 10.0.0.0/8",
		long: "10.0.0.0/" + strings.Repeat("0", 35), limit: 43,
	},
	{
		name:   "registries",
		fields: map[string]string{"spec.imageDefaults.registry": "imageDefaults: {registry: %s}"},
		good:   []string{"mirror.example.com", "localhost:5000/xatube/team"},
		bad:    []string{`""`, "https://mirror.example.com", "mirror.example.com/", "Mirror.example.com", "mirror example"},
		says:   "without scheme and trailing slash; write e.g. mirror.example.com/xatube",
	},
	{
		name: "durations",
		fields: map[string]string{
			"spec.backend.migration.timeout": "backend: {migration: {timeout: %s}}",
			"spec.rtmp.drainTimeout":         "rtmp: {drainTimeout: %s}",
		},
		good: []string{"10s", "10m", "1h30m", "24h", "1h5m30s", "1.5h"},
		bad:  []string{`""`, `"10"`, "10 m", "1d", "-1m", "ten", "10M", `"10s;"`, "999999h999999h9999h", "25h"},
		says: "24h; write e.g. 1",
		long: "1.001h1.001m1.00001ms", limit: 20,
	},
	{
		name:   "deadlines",
		fields: map[string]string{"spec.backend.rollout.deadline": "backend: {rollout: {deadline: %s}}"},
		good:   []string{"30s", "10m", "24h", "1.5h"},
		bad:    []string{`""`, "29s", `"5"`, "5 m", "1d", "-5m", "25h", `"5m;"`},
		says:   "deadline must lie between 30s and 24h; write e.g. 5m",
		long:   "1.001h1.001m1.00001ms", limit: 20,
	},
	{
		name:   "lifetimes",
		fields: map[string]string{"spec.backend.settings.accessTokenExpiry": "backend: {settings: {accessTokenExpiry: %s}}"},
		good:   []string{"1h", "90m", "8760h"},
		bad:    []string{`""`, "59m", "1d", "8761h", "0s"},
		says:   "must lie between 1h and 8760h; write e.g. 720h",
		long:   "1.001h1.001m1.00001ms", limit: 20,
	},
	{
		name:   "times of the API cache",
		fields: map[string]string{"spec.edge.cache.api": "edge: {cache: {api: %s}}"},
		good:   []string{"0s", "500ms", "1m"},
		bad:    []string{`""`, "61s", "2 s", "-1s", `"2s;"`},
		says:   "the API cache holds 0s to 1m: its answers change; write e.g. 2s",
		long:   "1.001s1.001s1.00001ms", limit: 20,
	},
	{
		name:   "memories of browsers",
		fields: map[string]string{"spec.edge.headers.strictTransportSecurity.maxAge": "edge: {headers: {strictTransportSecurity: {maxAge: %s}}}"},
		good:   []string{"0s", "1h", "17520h"},
		bad:    []string{`""`, "17521h", "1y", `"1h; preload"`},
		says:   "maxAge must lie between 0s and 17520h; write e.g. 8760h",
		long:   "1.001h1.001m1.00001ms", limit: 20,
	},
	{
		name:   "times of the static cache",
		fields: map[string]string{"spec.edge.cache.static": "edge: {cache: {static: %s}}"},
		good:   []string{"0s", "24h", "8760h"},
		bad:    []string{`""`, "9000h", "1w", "-1h", `"24h;"`},
		says:   "the static cache holds 0s to 8760h; write e.g. 24h",
		long:   "1.001h1.001m1.00001ms", limit: 20,
	},
	{
		name:   "fragments",
		fields: map[string]string{"spec.rtmp.hls.fragment": "rtmp: {hls: {fragment: %s, playlistLength: 60s}}"},
		good:   []string{"500ms", "3s", "30s"},
		bad:    []string{`""`, "499ms", "31s", `"3"`, `"3s;"`},
		says:   "fragment must lie between 500ms and 30s; write e.g. 3s",
		long:   "1.001s1.001s1.00001ms", limit: 20,
	},
	{
		name:   "playlists",
		fields: map[string]string{"spec.rtmp.hls.playlistLength": "rtmp: {hls: {playlistLength: %s}}"},
		good:   []string{"3s", "1h"},
		bad:    []string{`""`, "0s", "61m", "long", `"20s;"`},
		says:   "playlistLength must be above 0s and at most 1h; write e.g. 20s",
		long:   "9.001s1.001s1.00001ms", limit: 20,
	},
	{
		name:   "intervals of scrapes",
		fields: map[string]string{"spec.monitoring.interval": "monitoring: {interval: %s}"},
		good:   []string{"5s", "15s", "1m30s", "5m"},
		bad:    []string{`""`, "4s", "301s", `"15"`, "-15s", `"15s;"`, "1.5m", "30s1m", "1m1m"},
		says:   "interval must lie between 5s and 5m, in whole minutes, seconds and milliseconds; write e.g. 15s",
		long:   "9.001s1.001s1.00001ms", limit: 20,
	},
	{
		name:   "times that samples are kept",
		fields: map[string]string{"spec.monitoring.prometheus.retention": "monitoring: {prometheus: {retention: %s}}"},
		good:   []string{"12h", "30d", "1y"},
		bad:    []string{`""`, "0d", `"30"`, "30m", "1d12h", "30 d"},
		says:   "must be a number of hours, days, weeks or years; write e.g. 30d",
		long:   "99999999d", limit: 8,
	},
	{
		name:   "addresses of a Prometheus",
		fields: map[string]string{"spec.monitoring.grafana.prometheusURL": "monitoring: {grafana: {prometheusURL: %s}}"},
		good:   []string{"http://prometheus-operated.monitoring.svc:9090", "https://mimir.example.com/prometheus"},
		bad:    []string{`""`, "prometheus:9090", "https://user:word@prometheus", `"http://prometheus?a=b"`, `"http://a b"`},
		says:   "must be a URL without user and query; write e.g. http://prometheus-operated.monitoring.svc:9090",
	},
	{
		name:   "places of backups",
		fields: map[string]string{"spec.postgres.backup.destinationPath": "postgres: {backup: {destinationPath: %s}}"},
		good:   []string{"s3://backups", "s3://backups/", "s3://my.backups-1/tube/Live_1"},
		bad:    []string{`""`, "backups", "https://s3.example.com/backups", "s3://B/x", "s3://backups//x", `"s3://backups/a b"`, `"s3://backups/$(id)"`},
		says:   "must be a bucket with an optional folder; write e.g. s3://backups/tube",
	},
	{
		name:   "endpoints of object stores",
		fields: map[string]string{"spec.postgres.backup.endpointURL": "postgres: {backup: {destinationPath: 's3://backups', endpointURL: %s}}"},
		good:   []string{"https://s3.example.com", "http://minio:9000/", "https://s3.example.com/path"},
		bad:    []string{`""`, "s3.example.com", "https://user:word@s3.example.com", `"https://s3.example.com?a=b"`, `"https://a b"`},
		says:   "must be a URL without user and query; write e.g. https://s3.example.com",
	},
	{
		name:   "times that backups are kept",
		fields: map[string]string{"spec.postgres.backup.retentionPolicy": "postgres: {backup: {destinationPath: 's3://backups', retentionPolicy: %s}}"},
		good:   []string{"1d", "4w", "9999m"},
		bad:    []string{`""`, "0d", `"30"`, "1y", "-1d", "30 d"},
		says:   "must be a number of days, weeks or months; write e.g. 30d, 4w or 6m",
		long:   "99999d", limit: 5,
	},
	{
		name:   "schedules",
		fields: map[string]string{"spec.postgres.backup.schedule": "postgres: {backup: {destinationPath: 's3://backups', schedule: %s}}"},
		good:   []string{`"0 0 3 * * *"`, `"0 */15 0-6/2 1,15 * 0"`, `"30 5 23 31 12 1-5"`, `"0 0 3 * 1-3,12 6"`},
		bad: []string{
			`""`, `"0 3 * * *"`, `"0 0 0 3 * * *"`, `"60 0 3 * * *"`, `"0 60 3 * * *"`, `"0 0 24 * * *"`, `"0 0 3 0 * *"`, `"0 0 3 32 * *"`,
			`"0 0 3 * 13 *"`, `"0 0 3 * * 7"`, `"0 0 3 * * MON"`, `"@daily"`, `"0 0 */0 * * *"`, `"0  0 3 * * *"`, `"0 0 3 * * V"`,
		},
		says: "must have six fields: second, minute, hour, day of the month, month, day of the week (0 is Sunday); write e.g. 0 0 3 * * *",
		long: `"` + strings.Repeat("0,", 60) + `0 0 3 * * *"`, limit: 128,
	},
	{
		name:   "sizes of any queue",
		fields: map[string]string{"spec.logging.collector.queueSize": "logging: {elasticsearch: {}, collector: {queueSize: %s}}"},
		bad:    []string{"0Gi", "20GB", `"1Gi;"`, "2Pi"},
		says:   "must be a size above zero and at most 1Pi; write e.g. 10Gi",
		long:   `"` + strings.Repeat("1", 21) + `"`, limit: 20,
	},
	{
		name:   "sizes of queues",
		fields: map[string]string{"spec.logging.collector.queueSize": "logging: {elasticsearch: {}, collector: {queueSize: %s}}"},
		good:   []string{"16Mi", "1G", "16Gi"},
		bad:    []string{"15Mi", "17Gi", `"1"`},
		says:   "queueSize must lie between 16Mi and 16Gi; write e.g. 256Mi",
	},
	{
		name:   "sizes of memory",
		fields: map[string]string{"spec.logging.elasticsearch.memory": "logging: {elasticsearch: {memory: %s}}"},
		good:   []string{"1Gi", "4G"},
		bad:    []string{"1G", "1023Mi"},
		says:   "memory must be at least 1Gi; write e.g. 2Gi",
	},
	{
		name:   "addresses of Elasticsearch",
		fields: map[string]string{"spec.logging.endpoint.url": "logging: {endpoint: {url: %s}}"},
		good:   []string{"https://logs.example.com", "http://elasticsearch.logs.svc:9200/", "https://example.com/logs"},
		bad:    []string{`""`, "logs.example.com", "https://user:word@logs.example.com", `"https://logs.example.com?a=b"`, `"https://a b"`, `"https://${env:A}"`},
		says:   "must be a URL without user and query; write e.g. https://logs.example.com:9200",
	},
	{
		name:   "names of data streams",
		fields: map[string]string{"spec.logging.endpoint.dataStream": "logging: {endpoint: {url: 'http://a', dataStream: %s}}"},
		good:   []string{"logs-xatube-berlin", "logs-a.b_c"},
		bad:    []string{`""`, "xatube", "logs-", "logs-A", `"logs-a*"`, `"logs-a b"`, `"logs-${env:A}"`, "logs-a/b"},
		says:   "must start with logs- and hold lower-case letters",
	},
	{
		name:   "times that lines are kept",
		fields: map[string]string{"spec.logging.retention": "logging: {elasticsearch: {}, retention: %s}"},
		good:   []string{"1d", "9999d"},
		bad:    []string{`""`, "0d", `"30"`, "4w", "-1d", "30 d"},
		says:   "must be a number of days; write e.g. 30d",
		long:   "99999d", limit: 5,
	},
	{
		name:   "versions of Elasticsearch",
		fields: map[string]string{"spec.logging.elasticsearch.version": "logging: {elasticsearch: {version: %s}}"},
		good:   []string{"8.14.0", "8.19.7", "9.0.0", "10.1.2"},
		bad:    []string{`""`, "8.13.4", `"9.4"`, "7.17.0", "latest", "9.4.1-SNAPSHOT"},
		says:   "must be a version of Elasticsearch, 8.14 or newer; write e.g. 9.4.1",
		long:   "9.4.11111111111111", limit: 16,
	},
	{
		name: "names of objects",
		fields: map[string]string{
			"spec.imageDefaults.pullSecrets.name":       "imageDefaults: {pullSecrets: [{name: %s}]}",
			"spec.backend.envFrom.secretRef.name":       "backend: {envFrom: [{secretRef: {name: %s}}]}",
			"spec.backend.envFrom.configMapRef.name":    "backend: {envFrom: [{configMapRef: {name: %s}}]}",
			"spec.backend.uploads.storageClassName":     "backend: {uploads: {storageClassName: %s}}",
			"spec.edge.tls.secretName":                  "edge: {tls: {secretName: %s}}",
			"spec.ingress.className":                    "ingress: {host: a.example.com, className: %s}",
			"spec.ingress.tls.secretName":               "ingress: {host: a.example.com, tls: {secretName: %s}}",
			"spec.monitoring.scraperNamespaces":         "monitoring: {scraperNamespaces: [%s]}",
			"spec.gateway.parentRefs.name":              "gateway: {parentRefs: [{name: %s}]}",
			"spec.gateway.parentRefs.sectionName":       "gateway: {parentRefs: [{name: gw, sectionName: %s}]}",
			"spec.gateway.parentRefs.rtmpSectionName":   "gateway: {parentRefs: [{name: gw, rtmpSectionName: %s}]}",
			"spec.postgres.restore.from":                "postgres: {restore: {from: %s}}",
			"spec.postgres.restore.serverName":          "postgres: {restore: {from: a, serverName: %s}}",
			"spec.postgres.external.secretRef.name":     "postgres: {external: {secretRef: {name: %s}}}",
			"spec.postgres.storage.storageClassName":    "postgres: {storage: {size: 1Gi, storageClassName: %s}}",
			"spec.postgres.walStorage.storageClassName": "postgres: {walStorage: {size: 1Gi, storageClassName: %s}}",
			"spec.redis.external.secretRef.name":        "redis: {external: {secretRef: {name: %s}}}",
			"spec.redis.persistence.storageClassName":   "redis: {persistence: {size: 1Gi, storageClassName: %s}}",
			"spec.rabbitmq.external.secretRef.name":     "rabbitmq: {external: {secretRef: {name: %s}}}",
			"spec.rabbitmq.storage.storageClassName":    "rabbitmq: {storage: {size: 1Gi, storageClassName: %s}}",
			"spec.rtmp.recording.storageClassName":      "rtmp: {recording: {size: 1Gi, storageClassName: %s}}",

			"spec.monitoring.prometheus.storage.storageClassName": "monitoring: {prometheus: {storage: {size: 1Gi, storageClassName: %s}}}",
			"spec.logging.endpoint.secretRef.name":                "logging: {endpoint: {url: 'http://a', secretRef: {name: %s}}}",
			"spec.logging.endpoint.caRef.name":                    "logging: {endpoint: {url: 'http://a', caRef: {name: %s, key: ca.crt}}}",
			"spec.backend.migration.sqlFrom.configMapKeyRef.name": "backend: {migration: {sqlFrom: {configMapKeyRef: {name: %s, key: k}}}}",
			"spec.backend.migration.sqlFrom.secretKeyRef.name":    "backend: {migration: {sqlFrom: {secretKeyRef: {name: %s, key: k}}}}",
			"spec.logging.elasticsearch.storage.storageClassName": "logging: {elasticsearch: {storage: {size: 1Gi, storageClassName: %s}}}",
		},
		good: []string{"a", "my-object", `"1"`, "a.b-c.d", "a--b"},
		bad:  []string{`""`, "My-Object", "a_b", "-a", "a/b", `"a b"`, "a..b", "a-.b", "a.-b", "a."},
		says: "should match '^[a-z0-9]((-*|[.])[a-z0-9])*$'",
	},
	{
		name:   "names of namespaces",
		fields: map[string]string{"spec.gateway.parentRefs.namespace": "gateway: {parentRefs: [{name: gw, namespace: %s}]}"},
		good:   []string{"a", "my-gateways"},
		bad:    []string{`""`, "a.b", "-a", "A"},
		says:   "should match '^[a-z0-9]([-a-z0-9]*[a-z0-9])?$'",
	},
	{
		name: "keys of Secrets",
		fields: map[string]string{
			"spec.postgres.external.secretRef.key": "postgres: {external: {secretRef: {name: db, key: %s}}}",
			"spec.redis.external.secretRef.key":    "redis: {external: {secretRef: {name: db, key: %s}}}",
			"spec.rabbitmq.external.secretRef.key": "rabbitmq: {external: {secretRef: {name: db, key: %s}}}",
			"spec.logging.endpoint.caRef.key":      "logging: {endpoint: {url: 'http://a', caRef: {name: a, key: %s}}}",

			"spec.backend.migration.sqlFrom.configMapKeyRef.key": "backend: {migration: {sqlFrom: {configMapKeyRef: {name: a, key: %s}}}}",
			"spec.backend.migration.sqlFrom.secretKeyRef.key":    "backend: {migration: {sqlFrom: {secretKeyRef: {name: a, key: %s}}}}",
		},
		good: []string{"uri", "DATABASE_URL", "tls.crt", ".a", "a..b"},
		bad:  []string{`""`, "a/b", `"a b"`, `"."`, `".."`, "..a"},
		says: "should match '^[.]?[-\\w][-.\\w]*$'",
	},
}

// values tries every type of value in every field that has it.
func values(t *testing.T) {
	for _, f := range families {
		for field, in := range f.fields {
			for _, v := range f.good {
				t.Run(f.name+"/"+field+"/"+v, func(t *testing.T) { accept(t, fmt.Sprintf(in, v)) })
			}
			if f.limit > 0 {
				t.Run(f.name+"/"+field+"/too long", func(t *testing.T) {
					says := fmt.Sprintf("Too long: may not be more than %d bytes", f.limit)
					refuse(t, refusal{field: field, spec: fmt.Sprintf(in, f.long), says: says})
				})
			}
			for _, v := range f.bad {
				t.Run(f.name+"/"+field+"/"+v, func(t *testing.T) {
					refuse(t, refusal{field: field, spec: fmt.Sprintf(in, v), says: f.says})
				})
			}
		}
	}
}
