package cel

import (
	"strings"
	"testing"
)

// ruleRefusals are what only CEL can see, within one resource.
var ruleRefusals = []refusal{
	// The data tier: managed or external, never both.
	{"spec.postgres.external", "postgres: {external: {secretRef: {name: db}}, instances: 3}", "or remove external"},
	{"spec.postgres.external", "postgres: {external: {secretRef: {name: db}}, durability: Strict}", "or remove external"},
	{"spec.postgres.external", "postgres: {external: {secretRef: {name: db}}, failover: Fast}", "or remove external"},
	{"spec.postgres.external", "postgres: {external: {secretRef: {name: db}}, storage: {size: 1Gi}}", "or remove external"},
	{"spec.postgres.external", "postgres: {external: {secretRef: {name: db}}, walStorage: {size: 1Gi}}", "or remove external"},
	{"spec.postgres.external", "postgres: {external: {secretRef: {name: db}}, parameters: {work_mem: 8MB}}", "or remove external"},
	{"spec.postgres.external", "postgres: {external: {secretRef: {name: db}}, pooler: {}}", "or remove external"},
	{"spec.postgres.external", "postgres: {external: {secretRef: {name: db}}, backup: {destinationPath: 's3://backups'}}", "or remove external"},
	{"spec.postgres.external", "postgres: {external: {secretRef: {name: db}}, restore: {from: a}}", "or remove external"},
	{"spec.redis.external", "redis: {external: {secretRef: {name: r}}, exporter: {}}", "or remove external"},
	{"spec.redis.external", "redis: {external: {secretRef: {name: r}}, maxMemory: 1Gi}", "or remove external"},
	{"spec.redis.external", "redis: {external: {secretRef: {name: r}}, evictionPolicy: noeviction}", "or remove external"},
	{"spec.redis.external", "redis: {external: {secretRef: {name: r}}, persistence: {size: 1Gi}}", "or remove external"},
	{"spec.redis.external", "redis: {external: {secretRef: {name: r}}, image: redis}", "or remove external"},
	{"spec.rabbitmq.external", "rabbitmq: {external: {secretRef: {name: r}}, replicas: 1}", "or remove external"},
	{"spec.rabbitmq.external", "rabbitmq: {external: {secretRef: {name: r}}, storage: {size: 1Gi}}", "or remove external"},
	{"spec.rabbitmq.external", "rabbitmq: {external: {secretRef: {name: r}}, image: rabbitmq}", "or remove external"},

	// Postgres.
	{"spec.postgres.instances", "postgres: {instances: 2}", "set instances to 3, or durability to Available"},
	{"spec.postgres.instances", "postgres: {instances: 2, durability: Strict}", "set instances to 3, or durability to Available"},
	{"spec.postgres.image", "postgres: {image: postgres}", "the tag must start with the major version of Postgres, 14 or newer"},
	{"spec.postgres.image", "postgres: {image: 'postgres:latest'}", "the tag must start with the major version of Postgres, 14 or newer"},
	{"spec.postgres.image", "postgres: {image: 'localhost:5000/postgres'}", "the tag must start with the major version of Postgres, 14 or newer"},
	{"spec.postgres.image", "postgres: {image: 'postgres:13.9'}", "the tag must start with the major version of Postgres, 14 or newer"},
	{"spec.postgres.image", "postgres: {image: 'postgres:180'}", "the tag must start with the major version of Postgres, 14 or newer"},
	{"spec.postgres.parameters", "postgres: {parameters: {Work_Mem: 8MB}}", "parameter names are lower-case"},
	{"spec.postgres.parameters", "postgres: {parameters: {\"a\\nb\": x}}", "parameter names are lower-case"},
	{"spec.postgres.parameters", "postgres: {parameters: {a.b.c: x}}", "parameter names are lower-case"},
	{"spec.postgres.parameters", "postgres: {parameters: {work_mem: " + xs(1025) + "}}", "a parameter's value has at most 1024 characters"},
	{"spec.postgres.parameters", "postgres: {parameters: {synchronous_standby_names: '*'}}", "CloudNativePG owns this parameter"},
	{"spec.postgres.parameters", "postgres: {parameters: {ssl_ca_file: a}}", "CloudNativePG owns this parameter"},
	{"spec.postgres.parameters", "postgres: {parameters: {archive_command: 'true'}}", "CloudNativePG owns this parameter"},
	{"spec.postgres.parameters", "postgres: {parameters: {fsync: 'off'}}", "would put data at risk"},
	{"spec.postgres.parameters", "postgres: {parameters: {archive_library: basic_archive}}", "would put data at risk"},
	{"spec.postgres.parameters", "postgres: {parameters: {zero_damaged_pages: 'on'}}", "would put data at risk"},
	{"spec.postgres.parameters", "postgres: {parameters: {session_preload_libraries: a}}", "CloudNativePG owns this parameter"},
	{"spec.postgres.parameters", "postgres: {parameters: {synchronous_commit: 'off'}}", "remove it, or set durability to Available"},
	{"spec.postgres.parameters", "postgres: {parameters: {synchronous_commit: local}, durability: Strict}", "remove it, or set durability to Available"},

	{"spec.postgres.pod.env", "postgres: {pod: {env: [{name: PGDATA, value: /x}]}}", "CloudNativePG owns POD_NAME"},
	{"spec.postgres.pod.env", "postgres: {pod: {env: [{name: cnpg_x, value: x}]}}", "start with PG or CNPG_; remove them"},
	{"spec.postgres.pod.env", "postgres: {pod: {env: [{name: A, value: x}, {name: Cluster_Name, value: x}]}}", "start with PG or CNPG_; remove them"},

	{"spec.postgres.pooler.poolSize", "postgres: {pooler: {poolSize: 50}}", "poolSize needs poolMode: Transaction"},
	{"spec.postgres.pooler.poolSize", "postgres: {pooler: {poolMode: Session, poolSize: 50}}", "poolSize needs poolMode: Transaction"},
	{"spec.postgres.restore.targetTime", "postgres: {restore: {from: a, targetTime: yesterday}}", "must be of type date-time"},

	// Volumes, Redis and RabbitMQ.
	{"spec.backend.uploads.size", "backend: {uploads: {size: 1Mi}}", "a volume has at least 64Mi; write e.g. 10Gi"},
	{"spec.postgres.storage.size", "postgres: {storage: {size: '20'}}", "a volume has at least 64Mi; write e.g. 10Gi"},
	{"spec.postgres.walStorage.size", "postgres: {walStorage: {size: 63Mi}}", "a volume has at least 64Mi; write e.g. 10Gi"},
	{"spec.redis.persistence.size", "redis: {persistence: {size: 1k}}", "a volume has at least 64Mi; write e.g. 10Gi"},
	{"spec.rabbitmq.storage.size", "rabbitmq: {storage: {size: 1M}}", "a volume has at least 64Mi; write e.g. 10Gi"},
	{"spec.monitoring.prometheus.storage.size", "monitoring: {prometheus: {storage: {size: 10M}}}", "a volume has at least 64Mi; write e.g. 10Gi"},
	{"spec.rtmp.recording.size", "rtmp: {recording: {size: 10M}}", "a volume has at least 64Mi; write e.g. 10Gi"},
	{"spec.redis.maxMemory", "redis: {maxMemory: 15Mi}", "maxMemory must be at least 16Mi"},
	{"spec.rabbitmq.replicas", "rabbitmq: {replicas: 2}", "replicas must be 1 or 3"},
	{"spec.rabbitmq.replicas", "rabbitmq: {replicas: 0}", "replicas must be 1 or 3"},
	{"spec.rabbitmq.replicas", "rabbitmq: {replicas: -1}", "replicas must be 1 or 3"},
	{"spec.rabbitmq.replicas", "rabbitmq: {replicas: 5}", "replicas must be 1 or 3"},

	// The backend.
	{"spec.backend.autoscaling.maxReplicas", "backend: {autoscaling: {maxReplicas: 2}}", "raise maxReplicas or lower minReplicas"},
	{"spec.backend.autoscaling.maxReplicas", "backend: {autoscaling: {minReplicas: 5, maxReplicas: 4}}", "raise maxReplicas or lower minReplicas"},
	{"spec.backend.uploads.accessModes", "backend: {uploads: {accessModes: [ReadWriteOncePod, ReadWriteMany]}}", "ReadWriteOncePod excludes every other access mode"},
	{"spec.backend.envFrom", "backend: {envFrom: [{}]}", "set exactly one of secretRef and configMapRef"},
	{"spec.backend.envFrom", "backend: {envFrom: [{secretRef: {name: a}, configMapRef: {name: a}}]}", "set exactly one of secretRef and configMapRef"},
	{"spec.backend.migration.sqlFrom", "backend: {migration: {sqlFrom: {}}}", "set exactly one of configMapKeyRef and secretKeyRef"},
	{"spec.backend.migration.sqlFrom", "backend: {migration: {sqlFrom: {configMapKeyRef: {name: a, key: k}, secretKeyRef: {name: a, key: k}}}}", "set exactly one of configMapKeyRef and secretKeyRef"},
	{"spec.backend.migration.timeout", "backend: {migration: {timeout: 9s}}", "timeout must lie between 10s and 24h; write e.g. 10m"},
	{"spec.backend.rollout.deadline", "backend: {rollout: {deadline: 29s}}", "deadline must lie between 30s and 24h; write e.g. 5m"},
	{"spec.rtmp.drainTimeout", "rtmp: {drainTimeout: 25h}", "drainTimeout must lie between 0s and 24h; write e.g. 1h"},

	// Logging: the user's Elasticsearch or ECK's, never both.
	{"spec.logging", "logging: {}", "set exactly one of logging.endpoint, an Elasticsearch that you have, and logging.elasticsearch"},
	{"spec.logging", "logging: {endpoint: {url: 'http://a'}, elasticsearch: {}}", "set exactly one of logging.endpoint"},
	{"spec.logging.elasticsearch.nodes", "logging: {elasticsearch: {nodes: 2}}", "set nodes to 1 or 3"},
	{"spec.logging.elasticsearch.storage.size", "logging: {elasticsearch: {storage: {size: 1Mi}}}", "a volume has at least 64Mi; write e.g. 10Gi"},

	// The way in.
	{"spec.edge.service.loadBalancerSourceRanges", "edge: {service: {loadBalancerSourceRanges: [10.0.0.0/8]}}", "loadBalancerSourceRanges needs type: LoadBalancer"},
	{"spec.edge.service.annotations", "edge: {service: {annotations: {a b: x}}}", "must have valid names"},
	{"spec.rtmp.service.annotations", "rtmp: {service: {annotations: {a b: x}}}", "must have valid names"},
	{"spec.edge.service.annotations", "edge: {service: {annotations: {service.beta.kubernetes.io/load-balancer-source-ranges: a}}}", "set loadBalancerSourceRanges instead"},
	{"spec.rtmp.service.annotations", "rtmp: {service: {annotations: {service.beta.kubernetes.io/load-balancer-source-ranges: 10.0.0.0/8}}}", "set loadBalancerSourceRanges instead"},
	{"spec.rtmp.service.loadBalancerSourceRanges", "rtmp: {service: {type: NodePort, loadBalancerSourceRanges: [10.0.0.0/8]}}", "loadBalancerSourceRanges needs type: LoadBalancer"},
	{"spec.rtmp.hls.playlistLength", "rtmp: {hls: {fragment: 10s, playlistLength: 5s}}", "raise it or shorten fragment"},
	{"spec.rtmp.hls.playlistLength", "rtmp: {hls: {fragment: 30s}}", "playlistLength, 20s when absent"},
	{"spec.ingress.host", "ingress: {host: 10.0.0.1}", "host must be a name, not an address"},
	{"spec.ingress.annotations", "ingress: {host: a, annotations: {a b: x}}", "annotations need valid names"},
	{"spec.ingress.annotations", "ingress: {host: a, className: b, annotations: {kubernetes.io/ingress.class: b}}", "exclude each other"},

	// Monitoring.
	{"spec.monitoring.mode", "monitoring: {mode: Disabled, prometheus: {}}", "remove prometheus, grafana and nodeExporter, or set mode to Auto or Enabled"},
	{"spec.monitoring.mode", "monitoring: {mode: Disabled, nodeExporter: {}}", "remove prometheus, grafana and nodeExporter, or set mode to Auto or Enabled"},
	{"spec.monitoring.grafana", "monitoring: {grafana: {}}", "add prometheus: {}, or set grafana.prometheusURL"},
	{"spec.monitoring.grafana", "monitoring: {prometheus: {}, grafana: {prometheusURL: 'http://a'}}", "not both"},
	{"spec.monitoring.labels", "monitoring: {labels: {a b: x}}", "must have valid names; write e.g. release: kube-prometheus-stack"},
	{"spec.monitoring.labels.a", "monitoring: {labels: {a: 'x y'}}", "should match '^([A-Za-z0-9]("},
	{"spec.monitoring.labels.a", "monitoring: {labels: {a: " + xs(64) + "}}", "may not be more than 63 bytes"},
	{"spec.gateway.parentRefs", "gateway: {parentRefs: [{name: gw}, {name: gw}]}", "two parentRefs to one Gateway need a sectionName each"},
	{"spec.gateway.parentRefs", "gateway: {parentRefs: [{name: gw, sectionName: a}, {name: gw}]}", "two parentRefs to one Gateway need a sectionName each"},
	{"spec.gateway.parentRefs", "gateway: {parentRefs: [{name: gw, namespace: a, sectionName: a}, {name: gw, namespace: a, sectionName: a}]}", "no listener twice"},
	{"spec.gateway.parentRefs", "gateway: {parentRefs: [{name: gw, sectionName: a, rtmpSectionName: r}, {name: gw, sectionName: b, rtmpSectionName: r}]}", "no listener twice"},
	{"spec.gateway.hostnames", "gateway: {parentRefs: [{name: gw}], hostnames: [a, 10.0.0.1]}", "hostnames must be names, not addresses"},
}

var ruleAccepted = []string{
	"postgres: {external: {secretRef: {name: db}}, pod: {}}",
	"postgres: {external: {secretRef: {name: db}}, image: 'postgres:18'}",
	"backend: {migration: {sqlFrom: {configMapKeyRef: {name: seeds, key: seeds.sql}}}}",
	"backend: {migration: {sqlFrom: {secretKeyRef: {name: seeds, key: seeds.sql}}}}",
	"redis: {external: {secretRef: {name: r}}}",
	"rabbitmq: {external: {secretRef: {name: r}}}",
	"postgres: {instances: 1}",
	"postgres: {instances: 2, durability: Available}",
	"postgres: {image: 'localhost:5000/postgres:18.6-standard-trixie'}",
	"postgres: {image: 'postgres:14'}",
	"postgres: {pod: {env: [{name: APG, value: x}, {name: NAMESPACES, value: x}], labels: {example.com/cnpg.io: x}}}",
	"postgres: {parameters: {work_mem: 8MB, pg_stat_statements.max: '1000', synchronous_commit: remote_apply}}",
	"postgres: {durability: Available, parameters: {synchronous_commit: 'off'}}",
	"postgres: {pooler: {}, backup: {destinationPath: 's3://backups', credentials: {accessKeyID: {name: s3, key: ID}, secretAccessKey: {name: s3, key: KEY}}}}",
	"postgres: {restore: {from: demo-postgres, targetTime: '2026-11-25T08:00:00Z'}}",
	"logging: {endpoint: {url: 'https://logs.example.com:9200', secretRef: {name: login}, caRef: {name: ca, key: ca.crt}}}",
	"logging: {elasticsearch: {nodes: 3, kibana: {}}, retention: 7d, collector: {resources: {limits: {memory: 1Gi}}}}",
	"rabbitmq: {replicas: 1}",
	"rabbitmq: {replicas: 3}",
	"backend: {replicas: 0}",
	"backend: {autoscaling: {minReplicas: 2, maxReplicas: 2}}",
	"backend: {uploads: {accessModes: [ReadWriteOnce]}}",
	"backend: {uploads: {maxUploadSize: 1Gi}}",
	"backend: {envFrom: [{secretRef: {name: a}}, {configMapRef: {name: a}}]}",
	"edge: {service: {type: LoadBalancer, annotations: {example.com/a: b}, loadBalancerSourceRanges: [10.0.0.0/8]}}",
	"rtmp: {service: {annotations: {example.com/a: b}, loadBalancerSourceRanges: [10.0.0.0/8]}}",
	"rtmp: {hls: {fragment: 20s}}",
	"ingress: {host: a.example.com, annotations: {cert-manager.io/cluster-issuer: le}}",
	"gateway: {parentRefs: [{name: gw}], hostnames: [a.example.com]}",
	"gateway: {parentRefs: [{name: gw, sectionName: a, rtmpSectionName: r}, {name: gw, sectionName: b}, {name: gw, namespace: x}, {name: other}]}",
	"monitoring: {labels: {release: kube-prometheus-stack, empty: ''}, interval: 30s, alerts: Disabled}",
	"monitoring: {mode: Enabled, prometheus: {retention: 2w, storage: {size: 10Gi}}, grafana: {edge: Enabled}, nodeExporter: {}}",
}

func rules(t *testing.T) {
	for _, text := range ruleAccepted {
		t.Run(text, func(t *testing.T) { accept(t, text) })
	}
	for _, r := range ruleRefusals {
		t.Run(r.spec[:min(len(r.spec), 80)], func(t *testing.T) { refuse(t, r) })
	}
	t.Run("an unknown field", func(t *testing.T) {
		err := create(t.Context(), platform(spec(t, "backend: {replica: 3}")))
		if err == nil || !strings.Contains(err.Error(), `unknown field "spec.backend.replica"`) {
			t.Errorf("got %v", err)
		}
	})
}

func xs(n int) string { return strings.Repeat("x", n) }
