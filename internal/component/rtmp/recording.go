package rtmp

import (
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component"
	"github.com/xatube/xatube-operator/internal/component/naming"
	"github.com/xatube/xatube-operator/internal/component/workload"
	"github.com/xatube/xatube-operator/internal/outcome"
)

// recordingsVolume is the name of the volume claim template; the claims are called recordings-<name>-rtmp-<n>.
const recordingsVolume = "recordings"

// recordings are the volumes of the ingest.
type recordings struct {
	// claim is the volume claim template; nil without one.
	claim *corev1ac.PersistentVolumeClaimApplyConfiguration
	// grown are existing claims at their new size.
	grown []component.Object
}

// recordingsOf decides on the volume claim template, which Kubernetes fixes at the creation of the StatefulSet: one
// that is there stays there when the recording is switched off, and none can be added.
func recordingsOf(in component.Input) (recordings, error) {
	set := naming.Child(in.Cluster, naming.RTMP)
	spec := in.Cluster.Spec.RTMP.Recording
	fixed, exists := fixedClaim(in, set)
	switch {
	case spec == nil && fixed == nil:
		return recordings{}, nil
	case spec == nil:
		spec = fixed
	case exists && fixed == nil:
		return recordings{}, outcome.Terminal(v1alpha1.ReasonInvalid,
			"spec.rtmp.recording cannot be added to StatefulSet %s, whose volumes were fixed when it was created; "+
				"remove the field again, or run kubectl delete statefulset %s --cascade=orphan: the operator makes it anew "+
				"and the pods, which run on, are replaced one at a time", set, set)
	}
	claim, err := workload.ClaimTemplate(in, set, recordingsVolume, naming.RTMP, *spec)
	if err != nil {
		return recordings{}, err
	}
	grown, err := workload.GrownClaims(in, set, recordingsVolume, naming.RTMP, *spec, in.Cluster.Spec.RTMP.Replicas)
	return recordings{claim: claim, grown: grown}, err
}

// fixedClaim is the volume claim template with which the StatefulSet was created, if any, and whether there is a
// StatefulSet.
func fixedClaim(in component.Input, set string) (claim *v1alpha1.VolumeSpec, exists bool) {
	live := in.Facts.StatefulSets[set]
	if live == nil {
		return nil, false
	}
	for _, t := range live.Spec.VolumeClaimTemplates {
		if t.Name != recordingsVolume {
			continue
		}
		v := &v1alpha1.VolumeSpec{Size: v1alpha1.Size(t.Spec.Resources.Requests.Storage().String())}
		if t.Spec.StorageClassName != nil {
			class := v1alpha1.ObjectName(*t.Spec.StorageClassName)
			v.StorageClassName = &class
		}
		return v, true
	}
	return nil, true
}
