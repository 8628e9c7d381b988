package postgres

import (
	cnpgv1 "github.com/cloudnative-pg/api/pkg/api/v1"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component"
	"github.com/xatube/xatube-operator/internal/component/workload"
)

// defaultStorage of each instance, as the schema's rules have it.
const defaultStorage v1alpha1.Size = "20Gi"

// dataVolume is the desired volume of each instance. The volumes of an existing database never shrink: its platform may
// have been created anew with a spec that leaves their size out.
func dataVolume(in component.Input) v1alpha1.VolumeSpec {
	desired := v1alpha1.VolumeSpec{Size: defaultStorage}
	if s := in.Cluster.Spec.Postgres.Storage; s != nil {
		desired = *s
	}
	if live := in.Facts.Database; live != nil {
		return keepVolume(desired, live.Spec.StorageConfiguration)
	}
	return desired
}

// logVolume is the desired volume of the write-ahead log of each instance; nil when the log shares the data volume. A
// database that has one cannot give it up.
func logVolume(in component.Input) *v1alpha1.VolumeSpec {
	desired := in.Cluster.Spec.Postgres.WALStorage
	live := in.Facts.Database
	if live == nil || live.Spec.WalStorage == nil {
		return desired
	}
	if desired == nil {
		desired = &v1alpha1.VolumeSpec{}
	}
	kept := keepVolume(*desired, *live.Spec.WalStorage)
	return &kept
}

// keepVolume takes over from the live volume what the spec leaves open, and its size where that is larger.
func keepVolume(desired v1alpha1.VolumeSpec, live cnpgv1.StorageConfiguration) v1alpha1.VolumeSpec {
	desired.Size = workload.LargerSize(desired.Size, v1alpha1.Size(live.Size))
	if desired.StorageClassName == nil && live.StorageClass != nil {
		class := v1alpha1.ObjectName(*live.StorageClass)
		desired.StorageClassName = &class
	}
	return desired
}

func volume(v v1alpha1.VolumeSpec) map[string]any {
	out := map[string]any{"size": v.Size}
	if v.StorageClassName != nil {
		out["storageClass"] = *v.StorageClassName
	}
	return out
}
