package workload

import (
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/utils/ptr"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component"
	"github.com/xatube/xatube-operator/internal/component/naming"
	"github.com/xatube/xatube-operator/internal/observe"
)

// A11: a claim that was grown by hand, or that an earlier platform has left, is asked for as it is.
func TestClaimKeepsWhatItHas(t *testing.T) {
	for name, c := range map[string]struct {
		live *corev1.PersistentVolumeClaimSpec
		want v1alpha1.VolumeSpec
		mode corev1.PersistentVolumeAccessMode
	}{
		"a new one": {nil, v1alpha1.VolumeSpec{Size: "20Gi"}, corev1.ReadWriteMany},
		"smaller":   {claimSpec("10Gi", nil), v1alpha1.VolumeSpec{Size: "20Gi"}, corev1.ReadWriteOnce},
		"larger":    {claimSpec("40Gi", nil), v1alpha1.VolumeSpec{Size: "40Gi"}, corev1.ReadWriteOnce},
		"of another class": {
			claimSpec("20Gi", new("fast")),
			v1alpha1.VolumeSpec{Size: "20Gi", StorageClassName: new(v1alpha1.ObjectName("fast"))},
			corev1.ReadWriteOnce,
		},
	} {
		t.Run(name, func(t *testing.T) {
			in := component.Input{Cluster: &v1alpha1.XaTubeCluster{}, Facts: observe.Facts{}}
			if c.live != nil {
				in.Facts.Claims = map[string]*corev1.PersistentVolumeClaim{"demo-uploads": {Spec: *c.live}}
			}
			got, err := Claim(in, "demo-uploads", naming.Backend, v1alpha1.VolumeSpec{Size: "20Gi"}, corev1.ReadWriteMany)
			if err != nil {
				t.Fatal(err)
			}
			size := (*got.Spec.Resources.Requests)[corev1.ResourceStorage]
			if size.Cmp(resource.MustParse(string(c.want.Size))) != 0 || !slices.Equal(got.Spec.AccessModes, []corev1.PersistentVolumeAccessMode{c.mode}) ||
				ptr.Deref(got.Spec.StorageClassName, "") != string(ptr.Deref(c.want.StorageClassName, "")) {
				t.Errorf("got %s, %v, class %v", size.String(), got.Spec.AccessModes, got.Spec.StorageClassName)
			}
		})
	}
}

func claimSpec(size string, class *string) *corev1.PersistentVolumeClaimSpec {
	return &corev1.PersistentVolumeClaimSpec{
		AccessModes: []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce}, StorageClassName: class,
		Resources: corev1.VolumeResourceRequirements{Requests: corev1.ResourceList{corev1.ResourceStorage: resource.MustParse(size)}},
	}
}
