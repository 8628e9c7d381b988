package helm

import (
	"strings"
	"testing"

	"helm.sh/helm/v4/pkg/chart/common"
	"helm.sh/helm/v4/pkg/chart/v2/lint"
	"helm.sh/helm/v4/pkg/chart/v2/lint/support"
)

func TestSchemaRefuses(t *testing.T) {
	tests := []struct{ values, says string }{
		{"replica: 1", "replica"},
		{"replicas: -1", "replicas"},
		{"replicas: three", "replicas"},
		{"concurrency: 0", "concurrency"},
		{"maxConcurrentRollouts: 0", "maxConcurrentRollouts"},
		{"logLevel: verbose", "logLevel"},
		{"image: {repository: Upper/Case}", "image/repository"},
		{"image: {tag: 'a b'}", "image/tag"},
		{"image: {digest: abc}", "image/digest"},
		{"image: {pullPolicy: Sometimes}", "image/pullPolicy"},
		{"image: {name: x}", "image"},
		{"imagePullSecrets: [regcred]", "imagePullSecrets/0"},
		{"watchNamespaces: a,b", "watchNamespaces"},
		{"watchNamespaces: [a_b]", "watchNamespaces/0"},
		{"watchNamespaces: [a, a]", "watchNamespaces"},
		{"clusterDomain: ''", "clusterDomain"},
		{"extraArgs: ['rm -rf']", "extraArgs/0"},
		{"crds: {keep: maybe}", "crds/keep"},
		{"serviceAccount: {annotations: {a: 1}}", "serviceAccount/annotations/a"},
		{"serviceAccount: {name: A}", "serviceAccount/name"},
		{"resources: {requests: {cpu: lots}}", "resources/requests/cpu"},
		{"resources: {request: {}}", "resources"},
		{"podLabels: {a: true}", "podLabels/a"},
		{"nodeSelector: [a]", "nodeSelector"},
		{"tolerations: {}", "tolerations"},
		{"serviceMonitor: {enabled: maybe}", "serviceMonitor/enabled"},
		{"serviceMonitor: {interval: often}", "serviceMonitor/interval"},
		{"fullnameOverride: A", "fullnameOverride"},
	}
	for _, tt := range tests {
		t.Run(tt.values, func(t *testing.T) {
			_, err := renderFiles("xatube-operator", tt.values)
			if err == nil || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("got %v, want an error that names %s", err, tt.says)
			}
		})
	}
}

func TestSchemaAccepts(t *testing.T) {
	for _, values := range []string{
		"", "replicas: 3", "resources: {limits: {cpu: 0.5, memory: 1Gi}}", "crds: {install: false}", "global: {a: b}",
		"serviceAccount: {name: ''}", "watchNamespaces: [a, b]", "fullnameOverride: op",
	} {
		t.Run(values, func(t *testing.T) {
			if _, err := renderFiles("xatube-operator", values); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestLint is helm lint --strict.
func TestLint(t *testing.T) {
	for _, values := range []map[string]any{{}, {"watchNamespaces": []any{"a"}, "replicas": 2}} {
		version := common.KubeVersion{Version: "v1.34.0", Major: "1", Minor: "34"}
		for _, m := range lint.RunAll(chartFolder, values, namespace, lint.WithKubeVersion(&version)).Messages {
			if m.Severity >= support.WarningSev {
				t.Error(m)
			}
		}
	}
}
