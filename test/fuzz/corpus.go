package main

import (
	"encoding/json"
	"slices"
	"strings"
)

// texts are for strings that the schema leaves open, and now and then for others.
var texts = []string{
	"", "a", " ", "a b", " a", "a ", "ümläut", "日本語", "😀", "a\nb", "a\tb", "'", `"`, `\`, "`", "$(PATH)", "$$", "${X}", "%s", "{{ .x }}",
	"a;b", "a#b", "a: b", "- a", "null", "true", "0", "-1", "1e9", "#", "a=b", "<a>", "a\r\nb", "\u0000", "\u007f", "..", ".", "/", "a/b", "../..",
	"A", "-a", "a-", "a_b", "a.b", "a..b", "a.-b", strings.Repeat("a", 63), strings.Repeat("a", 64), strings.Repeat("a", 253), strings.Repeat("a", 4096),
	strings.Repeat("ü", 60), strings.Repeat("a ", 500), strings.Repeat("x", 40000),
}

var labelNames = []string{
	"a", "A", "a.b", "a_b", "example.com/team", "example.com/A_b.c", "app", "app.kubernetes.io/name", "app.kubernetes.io/instance",
	"app.kubernetes.io/component", "app.kubernetes.io/managed-by", "app.kubernetes.io/version", "xatube.io/applied", "xatube.io/checksum",
	"xatube.io/revision", "xatube.io/scrape", "cnpg.io/cluster", "kubernetes.io/os", "topology.kubernetes.io/zone", "kubernetes.io/hostname",
	"sidecar.istio.io/inject", strings.Repeat("a", 63), strings.Repeat("a", 253) + "/b", strings.Repeat("ab.", 80) + "c/" + strings.Repeat("d", 63),
	"a b", "a/b/c", "/a", "a/", "", "Example.COM/x", "kubernetes.io/metadata.name", "node-role.kubernetes.io/control-plane",
}

// annotationNames of which Kubernetes reads the values, beside others.
var annotationNames = append([]string{
	"container.apparmor.security.beta.kubernetes.io/backend", "container.apparmor.security.beta.kubernetes.io/none",
	"container.seccomp.security.alpha.kubernetes.io/backend", "seccomp.security.alpha.kubernetes.io/pod",
	"scheduler.alpha.kubernetes.io/critical-pod", "kubernetes.io/config.mirror", "kubernetes.io/config.source",
	"kubectl.kubernetes.io/last-applied-configuration", "kubectl.kubernetes.io/restartedAt", "kubernetes.io/ingress.class",
	"deployment.kubernetes.io/revision", "service.kubernetes.io/topology-mode", "service.kubernetes.io/topology-aware-hints",
	"service.beta.kubernetes.io/load-balancer-source-ranges", "service.alpha.kubernetes.io/tolerate-unready-endpoints",
	"prometheus.io/scrape", "cluster-autoscaler.kubernetes.io/safe-to-evict", "controller.kubernetes.io/pod-deletion-cost",
	"batch.kubernetes.io/job-tracking", "podpreset.admission.kubernetes.io/exclude", "scheduler.alpha.kubernetes.io/preferAvoidPods",
	"endpoints.kubernetes.io/over-capacity", "networking.istio.io/exportTo", "internal.kubernetes.io/x", "k8s.io/x",
}, labelNames...)

var annotationValues = append([]string{"runtime/default", "localhost/a", "unconfined", "10.0.0.0/8, 1.2.3.4/32", "Auto", "2026-01-01T00:00:00Z"}, texts...)

var networks = []string{
	"10.0.0.0/8", "0.0.0.0/0", "::/0", "10.0.0.1/8", "10.0.0.1/32", "fd00::/8", "fd00::1/64", "2001:db8::/32", "::1/128", "::ffff:10.0.0.0/104",
	"255.255.255.255/32", "192.168.0.0/16", "10.0.0.0/0", "10.0.0.0", "10.0.0.0/33", "010.0.0.0/8", "fe80::1%eth0/64", "fd00:0:0:0:0:0:0:0/8", "FD00::/8", "",
}

var resourceNames = []string{
	"cpu", "memory", "ephemeral-storage", "cpu", "memory", "hugepages-2Mi", "hugepages-1Gi", "example.com/gpu", "nvidia.com/gpu", "storage", "pods",
	"requests.cpu", "limits.memory", "CPU", "a b", "kubernetes.io/x", "x.kubernetes.io/y", "requests.example.com/gpu", "attachable-volumes-x", "",
	strings.Repeat("a", 64), "example.com/" + strings.Repeat("a", 63),
}

var amounts = []any{
	int64(0), int64(1), int64(2), int64(4), "0", "1", "100m", "1500m", "1", "1Gi", "128Mi", "64Mi", "2", "1e3", "0.5", "0.1", "1k", "1M", "1E", "8Ei", "1Ki",
	"9223372036854775807", "9223372036854775808", "5n", "1u", "+1", "-1", "-0", "", "1 ", "½", "1.5Gi", "0.0001", "1e-9", "1Gi1", int64(1) << 40, int64(-1),
	"2Mi", "4Mi", "1.000", "01", "1000000m",
}

var sizes = []string{"0", "0.001", "1", "1k", "1Ki", "16Mi", "63Mi", "64Mi", "64.5Mi", "1Gi", "1.5Gi", "2G", "10Gi", "100Gi", "1Ti", "0.001Pi", "1Pi", "1.001Pi", "1024Ti", "999999999999", "999999999999Pi", "1.234Gi"}

var durations = []string{"0s", "0.001ms", "1ms", "999ms", "1s", "1.5s", "5s", "10s", "30s", "59.999s", "1m", "90s", "1m30s", "5m", "10m", "59m59s", "1h", "23h59m59.999s", "24h", "24.0h", "36h", "720h", "8760h", "8760.001h", "999999h", "999999h999999h", "0h0m0s"}

var schedules = []string{"0 0 3 * * *", "* * * * * *", "*/5 0-59 0-23 1-31 1-12 0-6", "59 59 23 31 12 6", "0 0 0 1 1 0", "0,30 0 3 * * 1-5", "0 0 3 ? * *", "@daily", "0 3 * * *", "0 0 3 * * 7", "0 0 3 30 2 *", ""}

var parameterNames = []string{
	"work_mem", "max_connections", "shared_buffers", "wal_level", "log_statement", "statement_timeout", "shared_preload_libraries", "pg_stat_statements.track",
	"auto_explain.log_min_duration", "max_wal_size", "min_wal_size", "effective_cache_size", "random_page_cost", "timezone", "wal_retrieve_retry_interval",
	"archive_command", "ssl", "port", "my.custom", "max_slot_wal_keep_size", "wal_keep_size", "max_worker_processes", "max_wal_senders", "synchronous_commit", "huge_pages",
}

var parameterValues = append([]string{"on", "off", "16MB", "1GB", "100", "128kB", "1min", "UTC", "logical", "pg_stat_statements", "5"}, texts...)

// affinities as in a Pod, good and bad: the schema passes on whatever is an object.
var affinities = []string{
	`{}`, `{"podAntiAffinity":{}}`, `{"nodeAffinity":{}}`,
	`{"nodeAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":{"nodeSelectorTerms":[{"matchExpressions":[{"key":"disk","operator":"In","values":["ssd"]}]}]}}}`,
	`{"nodeAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":{"nodeSelectorTerms":[]}}}`,
	`{"nodeAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":{"nodeSelectorTerms":[{}]}}}`,
	`{"nodeAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":{"nodeSelectorTerms":[{"matchExpressions":[{"key":"a b","operator":"Exists"}]}]}}}`,
	`{"nodeAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":{"nodeSelectorTerms":[{"matchExpressions":[{"key":"a","operator":"In"}]}]}}}`,
	`{"nodeAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":{"nodeSelectorTerms":[{"matchExpressions":[{"key":"a","operator":"Gt","values":["x"]}]}]}}}`,
	`{"nodeAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":{"nodeSelectorTerms":[{"matchExpressions":[{"key":"a","operator":"Gt","values":["5"]}]}]}}}`,
	`{"nodeAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":{"nodeSelectorTerms":[{"matchExpressions":[{"key":"a","operator":"Sometimes"}]}]}}}`,
	`{"nodeAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":{"nodeSelectorTerms":[{"matchFields":[{"key":"metadata.name","operator":"In","values":["n1"]}]}]}}}`,
	`{"nodeAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":{"nodeSelectorTerms":[{"matchFields":[{"key":"spec.x","operator":"In","values":["n1"]}]}]}}}`,
	`{"nodeAffinity":{"preferredDuringSchedulingIgnoredDuringExecution":[{"weight":1,"preference":{"matchExpressions":[{"key":"a","operator":"DoesNotExist"}]}}]}}`,
	`{"nodeAffinity":{"preferredDuringSchedulingIgnoredDuringExecution":[{"weight":0,"preference":{"matchExpressions":[{"key":"a","operator":"Exists"}]}}]}}`,
	`{"podAntiAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":[{"topologyKey":"kubernetes.io/hostname","labelSelector":{"matchLabels":{"a":"b"}}}]}}`,
	`{"podAntiAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":[{"labelSelector":{"matchLabels":{"a":"b"}}}]}}`,
	`{"podAntiAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":[{"topologyKey":"a b"}]}}`,
	`{"podAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":[{"topologyKey":"zone","namespaces":["NO"],"labelSelector":{"matchExpressions":[{"key":"a","operator":"In"}]}}]}}`,
	`{"podAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":[{"topologyKey":"zone","labelSelector":{"matchLabels":{"a":"b c"}}}]}}`,
	`{"podAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":[{"topologyKey":"zone","matchLabelKeys":["a"],"mismatchLabelKeys":["a"],"labelSelector":{}}]}}`,
	`{"podAffinity":{"preferredDuringSchedulingIgnoredDuringExecution":[{"weight":100,"podAffinityTerm":{"topologyKey":"zone"}}]}}`,
	`{"podAffinity":{"preferredDuringSchedulingIgnoredDuringExecution":[{"weight":101,"podAffinityTerm":{"topologyKey":"zone"}}]}}`,
	`{"podAffinity":{"preferredDuringSchedulingIgnoredDuringExecution":[{"weight":1}]}}`,
	`{"whatever":1}`, `{"nodeAffinity":"x"}`,
}

// examples are for the values at paths with these ends, whose fields have to fit together.
var examples = map[string][]string{
	".resources": {
		`{"requests":{"cpu":"100m","memory":"64Mi"},"limits":{"memory":"1Gi"}}`,
		`{"requests":{"example.com/gpu":"1"},"limits":{"cpu":2,"memory":"64Mi","example.com/gpu":1}}`,
		`{"limits":{"memory":"1Gi","hugepages-2Mi":"4Mi","ephemeral-storage":"1G"}}`,
		`{"requests":{"cpu":"0.5","hugepages-1Gi":"1Gi"},"limits":{"hugepages-1Gi":"1Gi"}}`,
	},
	".tolerations": {
		`{"operator":"Exists"}`, `{"key":"a"}`, `{"key":"a","operator":"Equal","value":"b","effect":"NoSchedule"}`,
		`{"key":"a","operator":"Exists","effect":"PreferNoSchedule"}`, `{"key":"a","operator":"Equal","value":"b","effect":"NoExecute","tolerationSeconds":30}`,
		`{"operator":"Exists","effect":"NoExecute","tolerationSeconds":0}`,
	},
	".autoscaling": {`{"minReplicas":1,"maxReplicas":1}`, `{"minReplicas":200,"maxReplicas":200,"targetCPUUtilization":100}`, `{"minReplicas":3,"maxReplicas":200,"targetCPUUtilization":1}`},
	".envFrom":     {`{"secretRef":{"name":"a"}}`, `{"configMapRef":{"name":"a"}}`, `{"configMapRef":{"name":"b.c"}}`},
	".pooler":      {`{"poolMode":"Transaction","poolSize":1}`, `{"poolMode":"Transaction","poolSize":1000,"instances":1}`},
	".image": {
		`"a"`, `"a/b:latest"`, `"registry.example.com:5000/a/b_c.d--e:1.2.3"`, `"[fd00::1]:5000/a@sha256:` + strings.Repeat("0", 64) + `"`,
	},
	".loadBalancerSourceRanges": {`"10.0.0.0/8"`, `"0.0.0.0/0"`, `"::/0"`, `"2001:db8::/32"`, `"192.0.2.1/32"`},
	".postgres.image": {
		`"a:14"`, `"registry.example.com:5000/a/postgresql:18.6-standard-trixie"`, `"ghcr.io/cloudnative-pg/postgresql:99@sha256:` + strings.Repeat("0", 64) + `"`,
	},
	".targetTime": {`"2026-11-25T08:00:00Z"`, `"2026-11-25T08:00:00.123+02:00"`},
}

// example is one for a value, with what is wanted of its fields; always where that is something, else now and then. The
// elements of a list share its path, so that of a list there is none.
func (d *drawer) example(path string) (any, bool) {
	wanted := d.below(path)
	if examplesFor(path) == nil || len(wanted) == 0 && d.IntN(2) == 0 {
		return nil, false
	}
	var fit []any
	for _, text := range examplesFor(path) {
		var v any
		if json.Unmarshal([]byte(text), &v) == nil && meets(v, wanted) {
			fit = append(fit, v)
		}
	}
	if len(fit) == 0 {
		return nil, false
	}
	return pick(d.Rand, fit), true
}

func examplesFor(path string) []string {
	longest := ""
	for end := range examples {
		if strings.HasSuffix(path, end) && len(end) > len(longest) {
			longest = end
		}
	}
	return examples[longest]
}

// below a path are what is wanted of its fields.
func (d *drawer) below(path string) []target {
	var out []target
	for field, value := range d.wanted {
		if rest, found := strings.CutPrefix(field, path); found && (rest != "" || value == full) {
			out = append(out, target{rest, value})
		}
	}
	return out
}

func meets(v any, wanted []target) bool {
	return !slices.ContainsFunc(wanted, func(t target) bool {
		found := v
		for _, step := range strings.Split(t.path, ".")[1:] {
			m, _ := found.(map[string]any)
			if found = m[step]; step == "*" {
				for _, found = range m {
				}
			}
		}
		return found == nil || t.value != "" && t.value != full && encode(found) != t.value
	})
}
