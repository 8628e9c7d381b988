package cel

import (
	"fmt"
	"maps"
	"strings"
	"testing"
)

var components = []string{"backend", "frontend", "edge", "postgres", "redis", "rabbitmq", "rtmp"}

// podRefusals are tried on every component; their fields and specs are those under its pod.
var podRefusals = []refusal{
	{".resources", "resources: {requests: {cpu: -1}}", "amounts must be quantities, not negative; write e.g. cpu: 250m"},
	{".resources", "resources: {limits: {memory: -1Gi}}", "amounts must be quantities, not negative; write e.g. cpu: 250m"},
	{".resources", "resources: {requests: {cpu: 2}, limits: {cpu: 500m}}", "requests must not exceed limits; raise limits or lower requests"},
	{".resources", "resources: {requests: {memory: 1Gi}, limits: {memory: 512Mi}}", "requests must not exceed limits"},
	{".resources.requests.cpu", "resources: {requests: {cpu: 0.5}}", "must be of type"},
	{".resources.limits.memory", "resources: {limits: {memory: true}}", "must be of type"},
	{".resources", "resources: {requests: {cpu: much}}", "write e.g. cpu: 250m"},
	{".resources", "resources: {limits: {memory: 1GB}}", "write e.g. cpu: 250m"},
	{".resources.requests.cpu", "resources: {requests: {cpu: '" + strings.Repeat("1", 33) + "'}}", "may not be more than 32 bytes"},
	{".resources.limits.memory", "resources: {limits: {memory: '" + strings.Repeat("1", 33) + "'}}", "may not be more than 32 bytes"},
	{".resources.requests", "resources: {requests: {" + numbers7 + "}}", "must have at most 6 items"},
	{".resources.limits", "resources: {limits: {" + numbers7 + "}}", "must have at most 6 items"},

	{".nodeSelector", "nodeSelector: {" + repeated("a%d: x", 17) + "}", "must have at most 16 items"},
	{".labels", "labels: {" + repeated("a%d: x", 33) + "}", "must have at most 32 items"},
	{".annotations", "annotations: {" + repeated("a%d: x", 25) + "}", "must have at most 24 items"},
	// What the API server refuses of the pods.
	{".labels.a", "labels: {a: " + strings.Repeat("a", 64) + "}", "may not be more than 63 bytes"},
	{".labels.a", "labels: {a: 'b c'}", "should match '^([A-Za-z0-9]("},
	{".labels.a", "labels: {a: grün}", "should match '^([A-Za-z0-9]("},
	{".nodeSelector.a", "nodeSelector: {a: " + strings.Repeat("a", 64) + "}", "may not be more than 63 bytes"},
	{".nodeSelector.a", "nodeSelector: {a: b-}", "should match '^([A-Za-z0-9]("},
	{".annotations.a", "annotations: {a: " + strings.Repeat("a", 2049) + "}", "may not be more than 2048 bytes"},
	{".tolerations.key", "tolerations: [{key: 'a b'}]", "should match '^([a-z0-9]("},
	{".tolerations.key", "tolerations: [{key: a..b/c}]", "should match '^([a-z0-9]("},
	{".tolerations.value", "tolerations: [{key: a, value: 'b c'}]", "should match '^([A-Za-z0-9]("},
	{".topologySpreadConstraints.topologyKey", "topologySpreadConstraints: [{topologyKey: 'a b'}]", "should match '^([a-z0-9]("},
	{"", "nodeSelector: {'a b': x}", "labels, annotations and nodeSelector need valid names; write e.g. example.com/team"},
	{"", "labels: {/a: x}", "labels, annotations and nodeSelector need valid names; write e.g. example.com/team"},
	{"", "annotations: {a/b/c: x}", "labels, annotations and nodeSelector need valid names; write e.g. example.com/team"},

	{".tolerations", "tolerations: [{}]", "operator Equal, the default, needs a key; operator Exists takes no value"},
	{".tolerations", "tolerations: [{operator: Exists, key: a, value: b}]", "operator Exists takes no value"},
	{".tolerations", "tolerations: [{key: a, tolerationSeconds: 3}]", "tolerationSeconds needs effect: NoExecute"},
	{".tolerations.operator", "tolerations: [{operator: In, key: a}]", "supported values: "},
	{".tolerations.effect", "tolerations: [{key: a, effect: Never}]", "supported values: "},
	{".tolerations.key", "tolerations: [{key: " + strings.Repeat("a", 256) + "}]", "may not be more than 255 bytes"},
	{".tolerations.value", "tolerations: [{key: a, value: " + strings.Repeat("a", 64) + "}]", "may not be more than 63 bytes"},
	{".tolerations", "tolerations: [" + repeated("{key: a%d}", 17) + "]", "must have at most 16 items"},

	{".topologySpreadConstraints.topologyKey", "topologySpreadConstraints: [{}]", "Required value"},
	{".topologySpreadConstraints.topologyKey", "topologySpreadConstraints: [{topologyKey: ''}]", "should match '^([a-z0-9]("},
	{".topologySpreadConstraints.topologyKey", "topologySpreadConstraints: [{topologyKey: " + strings.Repeat("a", 256) + "}]", "may not be more than 255 bytes"},
	{".topologySpreadConstraints.maxSkew", "topologySpreadConstraints: [{topologyKey: a, maxSkew: 0}]", "should be greater than or equal to 1"},
	{".topologySpreadConstraints.maxSkew", "topologySpreadConstraints: [{topologyKey: a, maxSkew: 101}]", "should be less than or equal to 100"},
	{".topologySpreadConstraints.whenUnsatisfiable", "topologySpreadConstraints: [{topologyKey: a, whenUnsatisfiable: Maybe}]", "supported values: "},
	{".topologySpreadConstraints", "topologySpreadConstraints: [{topologyKey: a}, {topologyKey: a}]", "Duplicate value"},
	{".topologySpreadConstraints", "topologySpreadConstraints: [" + repeated("{topologyKey: a%d}", 5) + "]", "must have at most 4 items"},

	{".priorityClassName", "priorityClassName: High", "should match '^[a-z0-9]((-*|[.])[a-z0-9])*$'"},
	{".priorityClassName", "priorityClassName: " + strings.Repeat("a", 254), "may not be more than 253 bytes"},
	{".affinity", "affinity: required", "must be of type object"},

	{".env", "env: [{name: A}]", "set one of value, valueFrom.secretKeyRef and valueFrom.configMapKeyRef"},
	{".env", "env: [{name: A, value: x, valueFrom: {secretKeyRef: {name: s, key: k}}}]", "set one of value"},
	{".env", "env: [{name: A, valueFrom: {secretKeyRef: {name: s, key: k}, configMapKeyRef: {name: s, key: k}}}]", "set one of value"},
	{".env", "env: [{name: A, valueFrom: {}}]", "set one of value"},
	{".env.name", "env: [{value: x}]", "Required value"},
	{".env.name", "env: [{name: 1A, value: x}]", "should match '^[A-Za-z_]\\w*$'"},
	{".env.name", "env: [{name: " + strings.Repeat("A", 129) + ", value: x}]", "may not be more than 128 bytes"},
	{".env.value", "env: [{name: A, value: " + strings.Repeat("x", 4097) + "}]", "may not be more than 4096 bytes"},
	{".env", "env: [{name: A, value: x}, {name: A, value: y}]", "Duplicate value"},
	{".env", "env: [" + repeated("{name: A%d, value: x}", 65) + "]", "must have at most 64 items"},
}

// extendedRefusals are tried on every component and container; the rule stands at the spec.
var extendedRefusals = []string{
	"limits: {example.com/gpu: 500m}",
	"limits: {example.com/gpu: '1.5'}",
	"requests: {example.com/gpu: 1}",
	"requests: {example.com/gpu: 1}, limits: {example.com/gpu: 2}",
	"limits: {gpu: 1}",
	"limits: {a b/c: 1}",
	"requests: {hugepages-2Mi: 2Mi}",
	"limits: {hugepages-two: 2Mi}",
	// What the API server refuses of pods: pages that are not whole, and nothing but pages.
	"limits: {memory: 1Gi, hugepages-2Mi: 3Mi}",
	"limits: {memory: 1Gi, hugepages-1Gi: 512Mi}",
	"limits: {hugepages-2Mi: 2Mi}",
}

// keyRefusals are tried on both kinds of object that an environment variable may come from.
var keyRefusals = []refusal{
	{".name", "{key: k}", "Required value"},
	{".name", "{name: S_S, key: k}", "should match '^[a-z0-9]((-*|[.])[a-z0-9])*$'"},
	{".name", "{name: " + strings.Repeat("a", 254) + ", key: k}", "may not be more than 253 bytes"},
	{".key", "{name: s}", "Required value"},
	{".key", "{name: s, key: a/b}", "should match '^[.]?[-\\w][-.\\w]*$'"},
	{".key", "{name: s, key: " + strings.Repeat("a", 254) + "}", "may not be more than 253 bytes"},
}

var podAccepted = []string{
	"resources: {requests: {cpu: 250m, memory: 256Mi}, limits: {cpu: 1, memory: 1073741824, example.com/gpu: 1}}",
	"resources: {requests: {cpu: 1}, limits: {cpu: 1000m}}",
	"resources: {requests: {ephemeral-storage: 1Gi, example.com/gpu: 2}, limits: {example.com/gpu: '2'}}",
	"resources: {limits: {memory: 1Gi, hugepages-2Mi: 512Mi}}",
	"resources: {requests: {cpu: 1}, limits: {hugepages-1Gi: 2Gi}}",
	"resources: {requests: {cpu: '0.5'}, limits: {memory: 1Gi}}",
	"nodeSelector: {disk: ssd, topology.kubernetes.io/zone: a}",
	"labels: {example.com/team: video, empty: ''}",
	"annotations: {example.com/note: 'anything, at all'}",
	"tolerations: [{operator: Exists}, {key: a}, {key: a, value: b, effect: NoExecute, tolerationSeconds: 30}, {key: a, operator: Exists, effect: NoSchedule}]",
	"topologySpreadConstraints: [{topologyKey: topology.kubernetes.io/zone, maxSkew: 2, whenUnsatisfiable: DoNotSchedule}, {topologyKey: rack}]",
	"priorityClassName: high",
	"affinity: {podAntiAffinity: {}}",
	"env: [{name: A, value: ''}, {name: _b, valueFrom: {secretKeyRef: {name: s, key: tls.key}}}, {name: C, valueFrom: {configMapKeyRef: {name: s, key: K}}}]",
}

var numbers7 = repeated("example.com/a%d: 1", 7)

// repeated joins n copies of a pattern, each with its number.
func repeated(format string, n int) string {
	out := make([]string, n)
	for i := range out {
		out[i] = fmt.Sprintf(format, i)
	}
	return strings.Join(out, ", ")
}

// containers have resources of their own beside those of the pods.
var containers = map[string]string{
	"spec.postgres.pooler": "postgres: {pooler: {%s}}",
	"spec.redis.exporter":  "redis: {exporter: {%s}}",
	"spec.edge.exporter":   "edge: {exporter: {%s}}",

	"spec.monitoring.prometheus": "monitoring: {prometheus: {%s}}",
	"spec.monitoring.grafana":    "monitoring: {prometheus: {}, grafana: {%s}}",
	"spec.logging.collector":     "logging: {elasticsearch: {}, collector: {%s}}",
}

// keys of Secrets that are named like those of environment variables.
var keys = map[string]string{
	"spec.postgres.backup.credentials.accessKeyID":     "postgres: {backup: {destinationPath: 's3://b-1', credentials: {accessKeyID: %s, secretAccessKey: {name: a, key: b}}}}",
	"spec.postgres.backup.credentials.secretAccessKey": "postgres: {backup: {destinationPath: 's3://b-1', credentials: {secretAccessKey: %s, accessKeyID: {name: a, key: b}}}}",
	"spec.logging.endpoint.caRef":                      "logging: {endpoint: {url: 'http://a', caRef: %s}}",
}

// parts have some of the settings that pods have.
func parts(t *testing.T) {
	for path, in := range containers {
		for _, text := range podAccepted {
			if strings.HasPrefix(text, "resources:") {
				accept(t, fmt.Sprintf(in, text))
			}
		}
		for _, r := range podRefusals {
			if strings.HasPrefix(r.spec, "resources:") {
				t.Run(path+" "+r.spec, func(t *testing.T) { refuse(t, refusal{path + r.field, fmt.Sprintf(in, r.spec), r.says}) })
			}
		}
	}
	for in := range maps.Values(containers) {
		extended(t, in)
	}
	for path, in := range keys {
		for _, r := range keyRefusals {
			t.Run(path+" "+r.spec[:min(len(r.spec), 60)], func(t *testing.T) { refuse(t, refusal{path + r.field, fmt.Sprintf(in, r.spec), r.says}) })
		}
	}
}

// extended tries amounts of resources that nodes offer beside cpu, memory and ephemeral-storage.
func extended(t *testing.T, in string) {
	t.Helper()
	for _, text := range extendedRefusals {
		refuse(t, refusal{"spec", fmt.Sprintf(in, "resources: {"+text+"}"), "write e.g. limits: {example.com/gpu: 1}"})
	}
}

func pods(t *testing.T) {
	parts(t)
	for _, component := range components {
		path, in := "spec."+component+".pod", component+": {pod: {%s}}"
		t.Run(component, func(t *testing.T) {
			extended(t, in)
			for _, text := range podAccepted {
				accept(t, fmt.Sprintf(in, text))
			}
			for _, r := range podRefusals {
				t.Run(r.spec[:min(len(r.spec), 60)], func(t *testing.T) {
					refuse(t, refusal{path + r.field, fmt.Sprintf(in, r.spec), r.says})
				})
			}
			for _, source := range []string{"secretKeyRef", "configMapKeyRef"} {
				for _, r := range keyRefusals {
					from := fmt.Sprintf("env: [{name: A, valueFrom: {%s: %s}}]", source, r.spec)
					refuse(t, refusal{path + ".env.valueFrom." + source + r.field, fmt.Sprintf(in, from), r.says})
				}
			}
		})
	}
}
