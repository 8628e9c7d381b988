package postgres

import (
	"fmt"
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/ptr"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component"
	"github.com/xatube/xatube-operator/internal/component/naming"
)

const (
	labelVolumeRole = "cnpg.io/pvcRole"
	roleLog         = "PG_WAL"
)

// outgrown finds a volume that CloudNativePG has not enlarged. Where the storage class does not let it, CloudNativePG says so
// in its log alone and repairs no pods until it may: the Cluster goes on being called healthy.
func outgrown(in component.Input) (component.Health, bool) {
	for _, name := range slices.Sorted(maps.Keys(in.Facts.Claims)) {
		claim := in.Facts.Claims[name]
		if claim.Labels[naming.LabelComponent] != naming.Postgres {
			continue
		}
		field, desired := desiredVolume(in, claim)
		size, err := desired.Size.Quantity()
		if is := claim.Spec.Resources.Requests.Storage(); err == nil && is.Cmp(size) < 0 {
			return component.NotReady(v1alpha1.ReasonProgressing, fmt.Sprintf(
				"volume claim %s grows from %s to the %s of %s.size; CloudNativePG waits if its StorageClass %q lacks allowVolumeExpansion: true",
				name, is, desired.Size, field, ptr.Deref(claim.Spec.StorageClassName, ""))), true
		}
	}
	return component.Health{}, false
}

// desiredVolume is what the volume of a claim is to be, and the field that says so.
func desiredVolume(in component.Input, claim *corev1.PersistentVolumeClaim) (field string, v v1alpha1.VolumeSpec) {
	if wal := logVolume(in); wal != nil && claim.Labels[labelVolumeRole] == roleLog {
		return "spec.postgres.walStorage", *wal
	}
	return "spec.postgres.storage", dataVolume(in)
}
