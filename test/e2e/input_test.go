//go:build e2e

package e2e

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component/naming"
	"github.com/xatube/xatube-operator/test/drive"
)

// TestBadInput gives a platform what only the running cluster can refuse. Each time a condition names the object and the
// cure, what runs goes on, and the platform heals once the cause is gone.
func TestBadInput(t *testing.T) {
	t.Parallel()
	ns := namespace(t)
	foreign := foreignService(t, types.NamespacedName{Namespace: ns, Name: "tube"})
	platform := apply(t, ns, "tube", strings.ReplaceAll(drive.Small, "storage: {", "storage: {storageClassName: "+fixable+", "))
	t.Run("ForeignObject", func(t *testing.T) { leavesAForeignObject(t, platform, foreign) })
	ready(t, platform, readyTimeout)
	t.Run("SecretMissing", func(t *testing.T) { reportsAMissingSecret(t, platform) })
	t.Run("ImageNotPullable", func(t *testing.T) { reportsAnImage(t, platform) })
	t.Run("QuotaExceeded", func(t *testing.T) { reportsAQuota(t, platform) })
	t.Run("VolumeNotExpandable", func(t *testing.T) { reportsAVolumeThatCannotGrow(t, platform) })
	t.Run("VolumePending", func(t *testing.T) { reportsAVolume(t, ns) })
}

func foreignService(t *testing.T, platform types.NamespacedName) *corev1.Service {
	t.Helper()
	service := &corev1.Service{
		ObjectMeta: child(platform, naming.Redis),
		Spec:       corev1.ServiceSpec{Ports: []corev1.ServicePort{{Port: 9999}}},
	}
	check(t, kube.Create(t.Context(), service))
	return service
}

func leavesAForeignObject(t *testing.T, platform types.NamespacedName, foreign *corev1.Service) {
	reports(t, platform, v1alpha1.ConditionCacheReady, v1alpha1.ReasonForeignObject, "Service", foreign.Name)
	now := &corev1.Service{}
	check(t, kube.Get(t.Context(), client.ObjectKeyFromObject(foreign), now))
	if now.ResourceVersion != foreign.ResourceVersion {
		t.Errorf("Service %s was written to", foreign.Name)
	}
	check(t, kube.Delete(t.Context(), foreign))
	heals(t, platform, v1alpha1.ConditionCacheReady)
}

func reportsAMissingSecret(t *testing.T, platform types.NamespacedName) {
	site := open(t, platform)
	check(t, kube.Change(t.Context(), platform,
		`{"spec":{"backend":{"pod":{"env":[{"name":"EXTRA","valueFrom":{"secretKeyRef":{"name":"extra","key":"token"}}}]}}}}`))
	reports(t, platform, v1alpha1.ConditionBackendReady, v1alpha1.ReasonSecretNotFound, "extra")
	get(t, site, "/docs", http.StatusOK)
	secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: platform.Namespace, Name: "extra"}, Data: map[string][]byte{"other": []byte("x")}}
	check(t, kube.Create(t.Context(), secret))
	reports(t, platform, v1alpha1.ConditionBackendReady, v1alpha1.ReasonSecretKeyMissing, "extra", "token")
	get(t, site, "/docs", http.StatusOK)
	edit(t, secret, `{"stringData":{"token":"x"}}`)
	ready(t, platform, changeTimeout)
}

func reportsAnImage(t *testing.T, platform types.NamespacedName) {
	const image = "docker.io/saneome2/xatube-frontend:no-such-tag"
	site := open(t, platform)
	check(t, kube.Change(t.Context(), platform, `{"spec":{"frontend":{"image":"`+image+`"}}}`))
	reports(t, platform, v1alpha1.ConditionFrontendReady, v1alpha1.ReasonImagePull, image)
	check(t, site.Page(t.Context()))
	check(t, kube.Change(t.Context(), platform, `{"spec":{"frontend":{"image":null}}}`))
	ready(t, platform, changeTimeout)
}

// reportsAQuota lets the namespace hold the pods that it has, and asks for one more.
func reportsAQuota(t *testing.T, platform types.NamespacedName) {
	pods := &corev1.PodList{}
	check(t, kube.List(t.Context(), pods, client.InNamespace(platform.Namespace)))
	quota := &corev1.ResourceQuota{
		ObjectMeta: metav1.ObjectMeta{Namespace: platform.Namespace, Name: "tight"},
		Spec: corev1.ResourceQuotaSpec{Hard: corev1.ResourceList{
			corev1.ResourcePods: *resource.NewQuantity(int64(len(pods.Items)), resource.DecimalSI),
		}},
	}
	check(t, kube.Create(t.Context(), quota))
	check(t, kube.Change(t.Context(), platform, fmt.Sprintf(`{"spec":{"frontend":{"replicas":%d}}}`, len(pods.Items)+2)))
	reports(t, platform, v1alpha1.ConditionFrontendReady, v1alpha1.ReasonQuotaExceeded, quota.Name)
	check(t, open(t, platform).Page(t.Context()))
	check(t, kube.Delete(t.Context(), quota))
	check(t, kube.Change(t.Context(), platform, `{"spec":{"frontend":{"replicas":2}}}`))
	ready(t, platform, changeTimeout)
}

// reportsAVolume asks for a storage class that is not there. What does not need the volume comes up.
func reportsAVolume(t *testing.T, ns string) {
	spec := strings.Replace(drive.Small, "rabbitmq: {storage: {", "rabbitmq: {storage: {storageClassName: no-such-class, ", 1)
	platform := apply(t, ns, "waits", spec)
	reports(t, platform, v1alpha1.ConditionBrokerReady, v1alpha1.ReasonVolumePending, "data-waits-rabbitmq-0", "storage class")
	heals(t, platform, v1alpha1.ConditionDatabaseReady)
	heals(t, platform, v1alpha1.ConditionEdgeReady)
}

// reports waits for a condition that names what it should.
func reports(t *testing.T, platform types.NamespacedName, condition, reason string, names ...string) {
	t.Helper()
	found, err := kube.WaitCondition(t.Context(), platform, condition, metav1.ConditionFalse, reason, reportTimeout)
	check(t, err)
	for _, name := range names {
		if !strings.Contains(found.Message, name) {
			t.Errorf("%s does not name %s: %s", condition, name, found.Message)
		}
	}
	t.Logf("%s: %s", condition, found.Message)
}

func heals(t *testing.T, platform types.NamespacedName, condition string) {
	t.Helper()
	_, err := kube.WaitCondition(t.Context(), platform, condition, metav1.ConditionTrue, "", changeTimeout)
	check(t, err)
}
