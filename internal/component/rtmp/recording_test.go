package rtmp

import (
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/golden"
	"github.com/xatube/xatube-operator/internal/outcome"
)

func TestRecordingsOfAnExistingStatefulSet(t *testing.T) {
	class := "fast"
	claim := func(size string) *corev1.PersistentVolumeClaim {
		c := &corev1.PersistentVolumeClaim{ObjectMeta: metav1.ObjectMeta{Name: "recordings"}}
		c.Spec.StorageClassName = &class
		c.Spec.Resources.Requests = corev1.ResourceList{corev1.ResourceStorage: resource.MustParse(size)}
		return c
	}
	existing := func(templates ...corev1.PersistentVolumeClaim) *appsv1.StatefulSet {
		return &appsv1.StatefulSet{Spec: appsv1.StatefulSetSpec{VolumeClaimTemplates: templates}}
	}
	want := &v1alpha1.VolumeSpec{Size: "20Gi"}
	for _, c := range []struct {
		name     string
		spec     *v1alpha1.VolumeSpec
		set      *appsv1.StatefulSet
		template string // size of the rendered template
		class    string
		grown    string // size of the grown claim of pod 0
		err      string
	}{
		{name: "off"},
		{name: "off, and the StatefulSet has none", set: existing()},
		{name: "on, new", spec: want, template: "20Gi"},
		{name: "on since the beginning", spec: want, set: existing(*claim("20Gi")), template: "20Gi"},
		{name: "grown: the template stays, the volume follows", spec: want, set: existing(*claim("10Gi")), template: "10Gi", grown: "20Gi"},
		{name: "switched off later: the template stays", set: existing(*claim("10Gi")), template: "10Gi", class: "fast"},
		{name: "switched on later", spec: want, set: existing(), err: "kubectl delete statefulset demo-rtmp --cascade=orphan"},
	} {
		t.Run(c.name, func(t *testing.T) {
			in := golden.Input(t, "testdata/minimal/in.yaml", New())
			in.Cluster.Spec.RTMP.Recording = c.spec
			if c.set != nil {
				in.Facts.StatefulSets = map[string]*appsv1.StatefulSet{"demo-rtmp": c.set}
				for _, template := range c.set.Spec.VolumeClaimTemplates {
					in.Facts.Claims = map[string]*corev1.PersistentVolumeClaim{"recordings-demo-rtmp-0": &template}
				}
			}
			got, err := recordingsOf(in)
			if c.err != "" {
				expectTerminal(t, err, c.err)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if size := sizeOf(got.claim); size != c.template {
				t.Errorf("the template asks for %q, want %q", size, c.template)
			}
			if c.class != "" && *got.claim.Spec.StorageClassName != c.class {
				t.Errorf("the template has class %s, want %s", *got.claim.Spec.StorageClassName, c.class)
			}
			if size := sizeOf(got.grownClaim()); size != c.grown {
				t.Errorf("the claim grows to %q, want %q", size, c.grown)
			}
		})
	}
}

// grownClaim is the first claim that grows, if any.
func (r recordings) grownClaim() *corev1ac.PersistentVolumeClaimApplyConfiguration {
	for _, o := range r.grown {
		return o.(*corev1ac.PersistentVolumeClaimApplyConfiguration)
	}
	return nil
}

// expectTerminal wants an error that only the user can mend, with the cure in its message.
func expectTerminal(t *testing.T, err error, cure string) {
	t.Helper()
	if blocked, ok := outcome.AsBlocked(err); !ok || !blocked.Terminal || !strings.Contains(blocked.Message, cure) {
		t.Fatalf("got error %v, want a terminal one with %q", err, cure)
	}
}

func sizeOf(claim *corev1ac.PersistentVolumeClaimApplyConfiguration) string {
	if claim == nil {
		return ""
	}
	requests := corev1.ResourceList(*claim.Spec.Resources.Requests)
	return requests.Storage().String()
}
