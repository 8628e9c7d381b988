package controller_test

import (
	"context"
	"testing"

	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/xatube/xatube-operator/api/v1alpha1"
)

func TestAVolumeThatCannotGrowIsNamedUntilItsClassLetsIt(t *testing.T) {
	withDatabase(t)
	g := NewWithT(t)
	ns := newNamespace(t)
	class := &storagev1.StorageClass{ObjectMeta: metav1.ObjectMeta{GenerateName: "fixed-"}, Provisioner: "disk.example.com"}
	g.Expect(api.Create(t.Context(), class)).To(Succeed())
	t.Cleanup(func() { g.Expect(api.Delete(context.WithoutCancel(t.Context()), class)).To(Succeed()) })
	startOperator(t, ns)
	c := platform(t, ns, func(c *v1alpha1.XaTubeCluster) {
		name := v1alpha1.ObjectName(class.Name)
		c.Spec.Backend.Uploads = v1alpha1.UploadsSpec{Size: "1Gi", StorageClassName: &name}
	})
	claim := &corev1.PersistentVolumeClaim{}
	eventually(g, exists(t.Context(), claim, ns, "demo-uploads")).Should(Succeed())
	report(t, claim, func() {
		claim.Status.Phase = corev1.ClaimBound
		claim.Status.Capacity = corev1.ResourceList{corev1.ResourceStorage: resource.MustParse("1Gi")}
	})

	g.Expect(exists(t.Context(), c, ns, c.Name)()).To(Succeed())
	before := c.DeepCopy()
	c.Spec.Backend.Uploads.Size = "2Gi"
	g.Expect(api.Patch(t.Context(), c, client.MergeFrom(before))).To(Succeed())
	eventually(g, condition(t.Context(), c, v1alpha1.ConditionBackendReady)).Should(And(
		HaveField("Reason", v1alpha1.ReasonVolumeNotExpandable),
		HaveField("Message", And(ContainSubstring("spec.backend.uploads.size"), ContainSubstring(class.Name)))))
	eventually(g, condition(t.Context(), c, v1alpha1.ConditionStalled)).Should(HaveField("Status", metav1.ConditionTrue))

	class.AllowVolumeExpansion = new(true)
	g.Expect(api.Update(t.Context(), class)).To(Succeed())
	eventually(g, func() string {
		g.Expect(exists(t.Context(), claim, ns, claim.Name)()).To(Succeed())
		return claim.Spec.Resources.Requests.Storage().String()
	}).Should(Equal("2Gi"))
	eventually(g, condition(t.Context(), c, v1alpha1.ConditionBackendReady)).ShouldNot(HaveField("Reason", v1alpha1.ReasonVolumeNotExpandable))
}
