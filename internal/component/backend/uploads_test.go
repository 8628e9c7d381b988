package backend

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// TestAPodAffinityOfTheUserJoinsThatOfTheVolume: a neighbour of A12. A volume of one node needs all pods there, whatever
// else they are to be near to.
func TestAPodAffinityOfTheUserJoinsThatOfTheVolume(t *testing.T) {
	in := input(t, "one-node")
	in.Cluster.Spec.Backend.Pod.Affinity = &runtime.RawExtension{Raw: []byte(
		`{"podAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [{"topologyKey": "rack", "labelSelector": {"matchLabels": {"app": "search"}}}]}}`)}
	var keys []string
	for _, term := range podTemplate(t, in).Spec.Affinity.PodAffinity.RequiredDuringSchedulingIgnoredDuringExecution {
		keys = append(keys, *term.TopologyKey)
	}
	if len(keys) != 2 || keys[0] != "rack" || keys[1] != corev1.LabelHostname {
		t.Errorf("required near to others by %v, want rack and %s", keys, corev1.LabelHostname)
	}
}
