package cel

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
)

// transition is a change of a stored resource. It is admitted when field is empty.
type transition struct {
	from, to    string
	field, says string
}

const (
	grows      = "size can only grow"
	class      = "storageClassName cannot be set, changed or removed once the volume exists"
	stays      = "when absent, can only grow and keeps its class"
	notRemoved = "cannot be added or removed later"
)

// volumes are the fields with a volume of their own, each with its rules. The specs hold one %s.
var volumes = map[string]string{
	"spec.backend.uploads":     "backend: {uploads: %s}",
	"spec.postgres.storage":    "postgres: {storage: %s}",
	"spec.postgres.walStorage": "postgres: {walStorage: %s}",
	"spec.redis.persistence":   "redis: {persistence: %s}",
	"spec.rabbitmq.storage":    "rabbitmq: {storage: %s}",
	"spec.rtmp.recording":      "rtmp: {recording: %s}",

	"spec.monitoring.prometheus.storage": "monitoring: {prometheus: {storage: %s}}",
	"spec.logging.elasticsearch.storage": "logging: {elasticsearch: {storage: %s}}",
}

// volumeChanges are tried on every volume; field is the one below it.
var volumeChanges = []transition{
	{from: "{size: 30Gi}", to: "{size: 30Gi}"},
	{from: "{size: 30Gi}", to: "{size: 31Gi}"},
	{from: "{size: 1024Mi}", to: "{size: 1Gi}"},
	{from: "{size: 30Gi, storageClassName: a}", to: "{size: 40Gi, storageClassName: a}"},
	{from: "{size: 30Gi}", to: "{size: 29Gi}", field: ".size", says: grows},
	{from: "{size: 1Gi}", to: "{size: 1G}", field: ".size", says: grows},
	{from: "{size: 30Gi, storageClassName: a}", to: "{size: 30Gi, storageClassName: b}", says: class},
	{from: "{size: 30Gi, storageClassName: a}", to: "{size: 30Gi}", says: class},
	{from: "{size: 30Gi}", to: "{size: 30Gi, storageClassName: a}", says: class},
}

// defaulted are the volumes that exist without being written, with their default size in Gi.
var defaulted = map[string]int{"postgres": 20, "rabbitmq": 8}

// defaultedChanges are tried on each of them; SIZE stands for the default size.
var defaultedChanges = []transition{
	{from: "{}", to: "{storage: {size: SIZEGi}}"},
	{from: "{}", to: "{storage: {size: 100Gi}}"},
	{from: "{storage: {size: SIZEGi}}", to: "{}"},
	{from: "{storage: {size: 1Gi}}", to: "{}"},
	{from: "{}", to: "{storage: {size: 1Gi}}", field: ".storage", says: stays},
	{from: "{storage: {size: 100Gi}}", to: "{}", field: ".storage", says: stays},
	{from: "{}", to: "{storage: {size: 100Gi, storageClassName: a}}", field: ".storage", says: stays},
	{from: "{storage: {size: 1Gi, storageClassName: a}}", to: "{}", field: ".storage", says: stays},
}

var transitionCases = []transition{
	// Uploads exist without being written too; their defaults are in the schema.
	{from: "{}", to: "backend: {uploads: {size: 1Gi}}", field: "spec.backend.uploads.size", says: grows},
	{from: "backend: {uploads: {size: 30Gi}}", to: "{}", field: "spec.backend.uploads.size", says: grows},
	{from: "{}", to: "backend: {uploads: {storageClassName: a}}", field: "spec.backend.uploads", says: class},
	{from: "{}", to: "backend: {uploads: {accessModes: [ReadWriteOnce]}}", field: "spec.backend.uploads.accessModes", says: "accessModes cannot be changed"},
	{from: "backend: {uploads: {accessModes: [ReadWriteOnce]}}", to: "{}", field: "spec.backend.uploads.accessModes", says: "accessModes cannot be changed"},
	{from: "{}", to: "backend: {uploads: {maxUploadSize: 1Gi}}"},

	// Postgres.
	{from: "{}", to: "postgres: {external: {secretRef: {name: db}}}", field: "spec.postgres.external", says: notRemoved},
	{from: "postgres: {external: {secretRef: {name: db}}}", to: "{}", field: "spec.postgres.external", says: notRemoved},
	{from: "postgres: {external: {secretRef: {name: db}}}", to: "postgres: {external: {secretRef: {name: other}}}"},
	{from: "{}", to: "postgres: {walStorage: {size: 1Gi}}"},
	{from: "postgres: {walStorage: {size: 1Gi}}", to: "{}", field: "spec.postgres.walStorage", says: "walStorage cannot be removed"},
	{from: "postgres: {image: 'localhost:5000/pg:17.2'}", to: "postgres: {image: 'localhost:5000/pg:18.6'}"},
	{from: "postgres: {image: 'localhost:5000/pg:18.6'}", to: "postgres: {image: 'localhost:5000/pg:18.5'}"},
	{from: "postgres: {image: 'localhost:5000/pg:18.6'}", to: "postgres: {image: 'localhost:5000/pg:17.2'}", field: "spec.postgres.image", says: "major version of Postgres cannot be lowered"},
	{from: "postgres: {instances: 3}", to: "postgres: {instances: 1}"},
	{from: "{}", to: "postgres: {pooler: {}, backup: {destinationPath: 's3://backups'}}"},
	{from: "postgres: {pooler: {}, backup: {destinationPath: 's3://backups'}}", to: "{}"},
	{from: "{}", to: "postgres: {restore: {from: a}}", field: "spec.postgres.restore", says: "restore is read once"},
	{from: "postgres: {restore: {from: a}}", to: "{}", field: "spec.postgres.restore", says: "restore is read once"},
	{from: "postgres: {restore: {from: a}}", to: "postgres: {restore: {from: b}}", field: "spec.postgres.restore", says: "restore is read once"},
	{from: "postgres: {restore: {from: a}}", to: "postgres: {restore: {from: a}, instances: 1}"},
	{from: "postgres: {instances: 3}", to: "postgres: {instances: 2}", field: "spec.postgres.instances", says: "or durability to Available"},

	// Redis: a volume claim template cannot come or go, but the managed server as a whole can.
	{from: "{}", to: "redis: {persistence: {size: 1Gi}}", field: "spec.redis.persistence", says: "persistence cannot be added or removed later"},
	{from: "redis: {persistence: {size: 1Gi}}", to: "{}", field: "spec.redis.persistence", says: "persistence cannot be added or removed later"},
	{from: "redis: {persistence: {size: 1Gi}}", to: "redis: {external: {secretRef: {name: r}}}"},
	{from: "redis: {external: {secretRef: {name: r}}}", to: "redis: {persistence: {size: 1Gi}}"},
	{from: "redis: {external: {secretRef: {name: r}}}", to: "{}"},

	// RabbitMQ grows, and never shrinks.
	{from: "{}", to: "rabbitmq: {replicas: 3}"},
	{from: "rabbitmq: {replicas: 1}", to: "{}"},
	{from: "rabbitmq: {replicas: 1}", to: "rabbitmq: {replicas: 3}"},
	{from: "rabbitmq: {replicas: 3}", to: "rabbitmq: {replicas: 1}", field: "spec.rabbitmq.replicas", says: "replicas cannot be lowered"},
	{from: "rabbitmq: {replicas: 3}", to: "{}", field: "spec.rabbitmq.replicas", says: "replicas cannot be lowered"},
	{from: "{}", to: "rabbitmq: {external: {secretRef: {name: r}}}", field: "spec.rabbitmq.external", says: notRemoved},
	{from: "rabbitmq: {external: {secretRef: {name: r}}}", to: "{}", field: "spec.rabbitmq.external", says: notRemoved},

	// Free to change.
	{from: "{}", to: "deletionPolicy: Delete"},
	{from: "powerState: Hibernated", to: "powerState: Running"},
	{from: "backend: {replicas: 3}", to: "backend: {replicas: 0}"},
	{from: "ingress: {host: a}", to: "{}"},
	{from: "monitoring: {mode: Disabled}", to: "monitoring: {mode: Enabled, prometheus: {storage: {size: 1Gi}}, grafana: {}}"},
}

func transitions(t *testing.T) {
	for _, tt := range transitionCases {
		t.Run(tt.from+" to "+tt.to, func(t *testing.T) { try(t, tt) })
	}
	for field, in := range volumes {
		for _, c := range volumeChanges {
			t.Run(field+" "+c.from+" to "+c.to, func(t *testing.T) {
				tt := transition{from: fmt.Sprintf(in, c.from), to: fmt.Sprintf(in, c.to), says: c.says}
				if c.says != "" {
					tt.field = field + c.field
				}
				try(t, tt)
			})
		}
	}
	for component, size := range defaulted {
		for _, c := range defaultedChanges {
			t.Run(component+" "+c.from+" to "+c.to, func(t *testing.T) {
				tt := transition{from: component + ": " + sized(c.from, size), to: component + ": " + sized(c.to, size), says: c.says}
				if c.says != "" {
					tt.field = "spec." + component + c.field
				}
				try(t, tt)
			})
		}
	}
}

func sized(text string, size int) string {
	return strings.ReplaceAll(text, "SIZE", strconv.Itoa(size))
}

func try(t *testing.T, tt transition) {
	t.Helper()
	err := change(t.Context(), stored(t, spec(t, tt.from)), spec(t, tt.to))
	if tt.field != "" {
		expect(t, err, tt.field, tt.says)
	} else if err != nil {
		t.Errorf("refused: %v", err)
	}
}
