package rollout

import (
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component"
	"github.com/xatube/xatube-operator/internal/component/naming"
	"github.com/xatube/xatube-operator/internal/component/workload"
)

// choose the revision of a workload that goes out.
func choose(in component.Input, comp string, gate Gate, o *unstructured.Unstructured) (choice, error) {
	h, err := read(in, comp, o)
	if err != nil {
		return choice{}, err
	}
	if !gate.Open {
		return choice{out: h.current, keep: []*revision{h.good}, shown: notReady(v1alpha1.ReasonWaiting, gate.Message)}, nil
	}
	if comp != naming.Backend {
		return choice{out: h.wanted, rolls: h.rolls()}, nil
	}
	return h.judge(in), nil
}

// rolls says that the wanted revision replaces pods of another one.
func (h history) rolls() bool { return h.current != nil && h.current != h.wanted }

// judge the wanted revision of the backend: one that was rolled out completely is good for ever; one that fails is held
// or taken back.
func (h history) judge(in component.Input) choice {
	h.wanted.rolledOut = h.wanted.rolledOut || rolledOut(in, h.wanted)
	if h.wanted.rolledOut {
		h.wanted.failed, h.wanted.failure = "", ""
		return choice{out: h.wanted, rolls: h.rolls()}
	}
	wish, failure := wish(in.Cluster), workload.RolloutFailure(in, naming.Backend, h.wanted.name)
	if h.wanted.failed == wish && h.good != nil {
		failure = h.wanted.failure
	}
	h.wanted.failed, h.wanted.failure = "", ""
	switch {
	case failure == "":
		return choice{out: h.wanted, keep: []*revision{h.good}, rolls: h.rolls()}
	case in.Cluster.Spec.Backend.Rollout.OnFailure != v1alpha1.RolloutRevert || h.good == nil:
		return choice{out: h.wanted, keep: []*revision{h.good}, shown: h.heldFailure(in, failure)}
	}
	h.wanted.failed, h.wanted.failure = wish, bounded(failure)
	return choice{out: h.good, keep: []*revision{h.wanted}, shown: h.reverted()}
}

// rolledOut says that the backend runs a revision and nothing else. Without pods nothing is proved.
func rolledOut(in component.Input, r *revision) bool {
	d := in.Facts.Deployments[naming.Child(in.Cluster, naming.Backend)]
	return d != nil && d.Annotations[naming.AnnotationRevision] == r.name && d.Status.AvailableReplicas > 0 && workload.RolledOut(d)
}

// wish is what a user says about the backend, its number aside, as a hash. A revision that failed is tried again when it
// changes.
func wish(c *v1alpha1.XaTubeCluster) string {
	spec := c.Spec.Backend.DeepCopy()
	spec.Replicas, spec.Autoscaling = nil, nil
	// Specs always have a JSON form.
	hash, _ := workload.Checksum(spec, c.Annotations[naming.AnnotationRetry])
	return hash
}

func (h history) heldFailure(in component.Input, failure string) *component.Health {
	cure := "correct spec.backend"
	if h.good != nil && in.Cluster.Spec.Backend.Rollout.OnFailure != v1alpha1.RolloutRevert {
		cure += ", or set spec.backend.rollout.onFailure to Revert to have the last good revision applied again"
	}
	return notReady(v1alpha1.ReasonRolloutFailed, fmt.Sprintf("%s does not become ready%s: %s: %s",
		h.wanted.describe(), serving(in), cure, failure))
}

// serving tells of the former pods, which a rollout takes away only after their successors are ready.
func serving(in component.Input) string {
	d := in.Facts.Deployments[naming.Child(in.Cluster, naming.Backend)]
	if d == nil || d.Status.AvailableReplicas == 0 {
		return ""
	}
	return fmt.Sprintf(", %d other pods serve on", d.Status.AvailableReplicas)
}

func (h history) reverted() *component.Health {
	return notReady(v1alpha1.ReasonRolloutReverted, fmt.Sprintf(
		"%s did not become ready, so %s was applied again: correct spec.backend, or give annotation %s a new value to try again: %s",
		h.wanted.describe(), h.good.describe(), naming.AnnotationRetry, h.wanted.failure))
}

// describe a revision of the backend for people.
func (r *revision) describe() string {
	template := &unstructured.Unstructured{Object: r.data}
	containers, _, _ := unstructured.NestedSlice(template.Object, "spec", "template", "spec", "containers")
	for _, c := range containers {
		if c, ok := c.(map[string]any); ok {
			return fmt.Sprintf("revision %s (image %v)", r.name, c["image"])
		}
	}
	return "revision " + r.name
}

// bounded keeps a failure fit for an annotation.
func bounded(failure string) string {
	const limit = 2048
	if len(failure) <= limit {
		return failure
	}
	return strings.ToValidUTF8(failure[:limit-3], "") + "..."
}
