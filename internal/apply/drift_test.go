package apply

import (
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
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
		{"empty value is gone", `{}`, `{a: false}`, false},
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
		{"range added to a port of a policy", "networking.k8s.io/v1 NetworkPolicy", `{spec: {ingress: [{ports: [{port: 1, protocol: TCP, endPort: 9}]}]}}`, `{spec: {ingress: [{ports: [{port: 1}]}]}}`, false},
		{"rule of a policy widened", "networking.k8s.io/v1 NetworkPolicy", `{spec: {ingress: [{from: [{podSelector: {}}]}, {from: [{podSelector: {}}], ports: [{port: 2}]}]}}`, `{spec: {ingress: [{from: [{podSelector: {}}]}, {from: [{podSelector: {}}]}]}}`, false},
		{"namespaces added to a peer of a policy", "networking.k8s.io/v1 NetworkPolicy", `{spec: {ingress: [{from: [{podSelector: {}, namespaceSelector: {}}]}]}}`, `{spec: {ingress: [{from: [{podSelector: {}}]}]}}`, false},
		{"defaults of a custom resource", "monitoring.coreos.com/v1 ServiceMonitor", `{spec: {endpoints: [{port: a, relabelings: [{action: replace, regex: x}]}]}}`, `{spec: {endpoints: [{port: a, relabelings: [{regex: x}]}]}}`, true},
		{"plugin turned off", "postgresql.cnpg.io/v1 Cluster", `{spec: {plugins: [{name: a, enabled: false}]}}`, `{spec: {plugins: [{name: a}]}}`, false},
		{"default of a plugin", "postgresql.cnpg.io/v1 Cluster", `{spec: {plugins: [{name: a, enabled: true}]}}`, `{spec: {plugins: [{name: a}]}}`, true},
		{"group of a Service in a route", "gateway.networking.k8s.io/v1 HTTPRoute", `{spec: {rules: [{backendRefs: [{group: "", kind: Service, name: a, weight: 1}]}]}}`, `{spec: {rules: [{backendRefs: [{name: a}]}]}}`, true},
		{"default of a rule of a route", "gateway.networking.k8s.io/v1 HTTPRoute", `{spec: {rules: [{matches: [{path: {type: PathPrefix, value: /}}], backendRefs: [{kind: Service, name: a, weight: 1}]}]}}`, `{spec: {rules: [{backendRefs: [{name: a}]}]}}`, true},
		{"match added to a rule of a route", "gateway.networking.k8s.io/v1 HTTPRoute", `{spec: {rules: [{matches: [{path: {type: PathPrefix, value: /a}}], backendRefs: [{name: a}]}]}}`, `{spec: {rules: [{backendRefs: [{name: a}]}]}}`, false},
		{"key made optional", "apps/v1 Deployment", `{spec: {template: {spec: {containers: [{name: a, env: [{name: b, valueFrom: {secretKeyRef: {name: c, key: d, optional: true}}}]}]}}}}`, `{spec: {template: {spec: {containers: [{name: a, env: [{name: b, valueFrom: {secretKeyRef: {name: c, key: d}}}]}]}}}}`, false},
		{"defaults of a claim", "apps/v1 StatefulSet", `{spec: {volumeClaimTemplates: [{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: a, creationTimestamp: null}, spec: {volumeMode: Filesystem}, status: {phase: Pending}}]}}`, `{spec: {volumeClaimTemplates: [{metadata: {name: a}, spec: {}}]}}`, true},
		{"default of a field", "apps/v1 Deployment", `{spec: {template: {spec: {containers: [{name: a, env: [{name: b, valueFrom: {fieldRef: {apiVersion: v1, fieldPath: c}}}]}]}}}}`, `{spec: {template: {spec: {containers: [{name: a, env: [{name: b, valueFrom: {fieldRef: {fieldPath: c}}}]}]}}}}`, true},
		{"selector of a custom resource grown", "monitoring.coreos.com/v1 ServiceMonitor", `{spec: {selector: {matchLabels: {a: b, c: d}}}}`, `{spec: {selector: {matchLabels: {a: b}}}}`, false},
		{"element of a custom resource grown", "monitoring.coreos.com/v1 ServiceMonitor", `{spec: {endpoints: [{port: a, path: /x}]}}`, `{spec: {endpoints: [{port: a}]}}`, false},
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

// A21: what the API server drops is no drift, and what a foreign hand has taken out is.
func TestDriftOfEmptyValues(t *testing.T) {
	tests := []struct {
		name, live, want, drift string
	}{
		{"dropped by the API server", `{template: {spec: {containers: [{name: a}]}}}`, `{template: {spec: {hostNetwork: false, nodeName: "", tolerations: [], containers: [{name: a, stdin: false}]}}}`, ""},
		{"taken out of the pod", `{template: {spec: {containers: [{name: a}]}}}`, `{template: {spec: {automountServiceAccountToken: false, containers: [{name: a}]}}}`, "spec.template.spec.automountServiceAccountToken"},
		{"taken out of a container", `{template: {spec: {containers: [{name: a, securityContext: {}}]}}}`, `{template: {spec: {containers: [{name: a, securityContext: {allowPrivilegeEscalation: false}}]}}}`, "spec.template.spec.containers[0]"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			object := func(spec string) *unstructured.Unstructured {
				return &unstructured.Unstructured{Object: map[string]any{"apiVersion": "apps/v1", "kind": "Deployment", "spec": parse(t, spec)}}
			}
			live, want := object(tt.live), object(tt.want)
			s, err := shapeOf(want.GroupVersionKind())
			if err != nil {
				t.Fatal(err)
			}
			if got, err := s.driftOf(clientgoscheme.Scheme, live, want); err != nil || got != tt.drift {
				t.Errorf("got %q, %v", got, err)
			}
		})
	}
}
