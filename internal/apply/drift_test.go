package apply

import (
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/yaml"
)

func TestDrift(t *testing.T) {
	tests := []struct {
		name, live, want string
		contained        bool
	}{
		{"equal", `a: 1`, `a: 1`, true},
		{"live has defaults", `{a: 1, b: {c: 2}}`, `a: 1`, true},
		{"other value", `a: 2`, `a: 1`, false},
		{"field is gone", `b: 1`, `a: 1`, false},
		{"nested value changed", `a: {b: {c: x}}`, `a: {b: {c: y}}`, false},
		{"empty value dropped by the API server", `{}`, `{a: "", b: 0, c: [], d: {}}`, true},
		{"quantity in canonical form", `cpu: "1"`, `cpu: 1000m`, true},
		{"other quantity", `cpu: "2"`, `cpu: 1000m`, false},
		{"element changed", `containers: [{name: a, image: y}]`, `containers: [{name: a, image: x}]`, false},
		{"list that is ours as a whole has grown", `args: [a, b]`, `args: [a]`, false},
		{"list that is ours as a whole in another order", `args: [b, a]`, `args: [a, b]`, false},
		{"type differs", `a: {b: 1}`, `a: [1]`, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := (shape{}).drift(parse(t, tt.live), parse(t, tt.want)); (got == "") != tt.contained {
				t.Errorf("drift(%s, %s) = %q", tt.live, tt.want, got)
			}
		})
	}
}

func TestDriftNamesTheField(t *testing.T) {
	live := parse(t, `spec: {template: {spec: {containers: [{name: a}], args: [x]}}}`)
	want := parse(t, `spec: {template: {spec: {containers: [{name: a}], args: [y]}}}`)
	if got := (shape{}).drift(live, want); got != "spec.template.spec.args[0]" {
		t.Errorf("got %q", got)
	}
}

// TestDriftFollowsTheSchema: A21.
func TestDriftFollowsTheSchema(t *testing.T) {
	tests := []struct {
		name, kind, live, want string
		contained              bool
	}{
		{"container added", "apps/v1 Deployment", `{spec: {template: {spec: {containers: [{name: a}, {name: sidecar}]}}}}`, `{spec: {template: {spec: {containers: [{name: a}]}}}}`, true},
		{"container gone", "apps/v1 Deployment", `{spec: {template: {spec: {containers: [{name: sidecar}]}}}}`, `{spec: {template: {spec: {containers: [{name: a}]}}}}`, false},
		{"argument added", "apps/v1 Deployment", `{spec: {template: {spec: {containers: [{name: a, args: [x, y]}]}}}}`, `{spec: {template: {spec: {containers: [{name: a, args: [x]}]}}}}`, false},
		{"toleration added", "apps/v1 Deployment", `{spec: {template: {spec: {tolerations: [{key: a}, {key: b}]}}}}`, `{spec: {template: {spec: {tolerations: [{key: a}]}}}}`, false},
		{"node selector grown", "apps/v1 Deployment", `{spec: {template: {spec: {nodeSelector: {a: b, c: d}}}}}`, `{spec: {template: {spec: {nodeSelector: {a: b}}}}}`, false},
		{"label added", "apps/v1 Deployment", `{metadata: {labels: {a: b, c: d}}}`, `{metadata: {labels: {a: b}}}`, true},
		{"port of a Service added", "v1 Service", `{spec: {ports: [{port: 1, protocol: TCP}, {port: 2, protocol: TCP}]}}`, `{spec: {ports: [{port: 1}]}}`, true},
		{"selector of a Service grown", "v1 Service", `{spec: {selector: {a: b, c: d}}}`, `{spec: {selector: {a: b}}}`, false},
		{"port of a policy added", "networking.k8s.io/v1 NetworkPolicy", `{spec: {ingress: [{ports: [{port: 1, protocol: TCP}, {port: 2, protocol: TCP}]}]}}`, `{spec: {ingress: [{ports: [{port: 1}]}]}}`, false},
		{"peer of a policy widened", "networking.k8s.io/v1 NetworkPolicy", `{spec: {ingress: [{from: [{podSelector: {matchLabels: {a: b, c: d}}}]}]}}`, `{spec: {ingress: [{from: [{podSelector: {matchLabels: {a: b}}}]}]}}`, false},
		{"default of a port of a policy", "networking.k8s.io/v1 NetworkPolicy", `{spec: {ingress: [{ports: [{port: 1, protocol: TCP}]}]}}`, `{spec: {ingress: [{ports: [{port: 1}]}]}}`, true},
		{"verb of a role added", "rbac.authorization.k8s.io/v1 Role", `{rules: [{verbs: [get, list]}]}`, `{rules: [{verbs: [get]}]}`, false},
		{"key of a ConfigMap added", "v1 ConfigMap", `{data: {a: b, c: d}}`, `{data: {a: b}}`, true},
		{"list of a custom resource grown", "postgresql.cnpg.io/v1 Cluster", `{spec: {env: [{name: a}, {name: b}]}}`, `{spec: {env: [{name: a}]}}`, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			version, kind, _ := strings.Cut(tt.kind, " ")
			s, err := shapeOf(schema.FromAPIVersionAndKind(version, kind))
			if err != nil {
				t.Fatal(err)
			}
			if got := s.drift(parse(t, tt.live), parse(t, tt.want)); (got == "") != tt.contained {
				t.Errorf("drift(%s, %s) = %q", tt.live, tt.want, got)
			}
		})
	}
}

func parse(t *testing.T, s string) map[string]any {
	t.Helper()
	var m map[string]any
	if err := yaml.Unmarshal([]byte(s), &m); err != nil {
		t.Fatal(err)
	}
	return m
}
