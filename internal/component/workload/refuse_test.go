package workload

import (
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/runtime"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/outcome"
)

// TestRefuseSettings names what Kubernetes would refuse in the template of a pod. That it misses nothing, test/fuzz shows.
func TestRefuseSettings(t *testing.T) {
	affinity := func(text string) v1alpha1.PodSettings {
		return v1alpha1.PodSettings{Affinity: &runtime.RawExtension{Raw: []byte(text)}}
	}
	annotation := func(name, value string) v1alpha1.PodSettings {
		return v1alpha1.PodSettings{Annotations: map[string]v1alpha1.AnnotationValue{name: v1alpha1.AnnotationValue(value)}}
	}
	const nodes, pods = `{"nodeAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":{"nodeSelectorTerms":[`, `{"podAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":[`
	for name, tt := range map[string]struct {
		settings v1alpha1.PodSettings
		says     string
	}{
		"nothing":            {},
		"annotation":         {settings: annotation("example.com/a", "anything, at all")},
		"AppArmor":           {annotation("container.apparmor.security.beta.kubernetes.io/x", "unconfined"), "Kubernetes' own; remove it"},
		"seccomp":            {annotation("container.seccomp.security.alpha.kubernetes.io/x", "-1"), "Kubernetes' own; remove it"},
		"cost":               {settings: annotation("controller.kubernetes.io/pod-deletion-cost", "-5")},
		"wrong cost":         {annotation("controller.kubernetes.io/pod-deletion-cost", "+5"), "must be a whole number"},
		"empty affinity":     {settings: affinity(`{}`)},
		"unknown field":      {affinity(`{"nodeAfinity":{}}`), "spec.edge.pod.affinity is not as in a Pod"},
		"no terms":           {affinity(nodes + `]}}}`), "needs nodeSelectorTerms"},
		"nodes":              {settings: affinity(nodes + `{"matchExpressions":[{"key":"a","operator":"In","values":["b"]},{"key":"a","operator":"Lt","values":["5"]}],"matchFields":[{"key":"metadata.name","operator":"In","values":["n"]}]}]}}}`)},
		"In without values":  {affinity(nodes + `{"matchExpressions":[{"key":"a","operator":"In"}]}]}}}`), "operator In of a needs values"},
		"Exists with values": {affinity(nodes + `{"matchExpressions":[{"key":"a","operator":"Exists","values":["b"]}]}]}}}`), "takes no values"},
		"Gt of a word":       {affinity(nodes + `{"matchExpressions":[{"key":"a","operator":"Gt","values":["b"]}]}]}}}`), "needs a whole number"},
		"unknown operator":   {affinity(nodes + `{"matchExpressions":[{"key":"a","operator":"Is"}]}]}}}`), `operator "Is" of a is unknown`},
		"unknown node field": {affinity(nodes + `{"matchFields":[{"key":"a","operator":"In","values":["b"]}]}]}}}`), "matchFields knows only metadata.name"},
		"weight":             {affinity(`{"nodeAffinity":{"preferredDuringSchedulingIgnoredDuringExecution":[{"weight":0,"preference":{}}]}}`), "weight 0 does not lie between 1 and 100"},
		"pods":               {settings: affinity(pods + `{"topologyKey":"zone","labelSelector":{"matchLabels":{"a":"b"}},"matchLabelKeys":["c"]}]}}`)},
		"no topology":        {affinity(pods + `{}]}}`), `topologyKey "" is not the name of a label`},
		"namespace":          {affinity(pods + `{"topologyKey":"a","namespaces":["A"]}]}}`), `"A" is not the name of a namespace`},
		"selector":           {affinity(pods + `{"topologyKey":"a","labelSelector":{"matchLabels":{"a":"b c"}}}]}}`), "b c"},
		"key twice":          {affinity(pods + `{"topologyKey":"a","labelSelector":{},"matchLabelKeys":["a"],"mismatchLabelKeys":["a"]}]}}`), "stands there twice"},
		"key and selector":   {affinity(pods + `{"topologyKey":"a","labelSelector":{"matchLabels":{"a":"b"}},"matchLabelKeys":["a"]}]}}`), "and in labelSelector"},
	} {
		t.Run(name, func(t *testing.T) {
			err := RefuseSettings("edge", tt.settings)
			if tt.says == "" {
				if err != nil {
					t.Errorf("refused: %v", err)
				}
				return
			}
			blocked, ok := outcome.AsBlocked(err)
			if !ok || !blocked.Terminal || blocked.Reason != v1alpha1.ReasonInvalid || !strings.Contains(blocked.Message, tt.says) {
				t.Errorf("got %v, want a terminal error with %q", err, tt.says)
			}
		})
	}
}
