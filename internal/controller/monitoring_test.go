package controller_test

import (
	"testing"
	"time"

	. "github.com/onsi/gomega"
	monitoringv1 "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/grafana"
)

// monitoringCRDs are the APIs of prometheus-operator and grafana-operator.
const monitoringCRDs = "testdata/monitoring"

// TestMonitoringFollowsItsAPIs: they are noticed when they appear, without a restart, and hold nothing up before.
func TestMonitoringFollowsItsAPIs(t *testing.T) {
	installAPI(t, cnpgCRDs)
	g := NewWithT(t)
	ns := newNamespace(t)
	first := startOperator(t, ns)
	c := platform(t, ns, nil)
	eventually(g, condition(t.Context(), c, v1alpha1.ConditionMonitoringReady)).Should(And(
		HaveField("Status", metav1.ConditionTrue), HaveField("Reason", v1alpha1.ReasonDisabled)))

	update(t, c, func() {
		c.Spec.Monitoring.Mode, c.Spec.Monitoring.Prometheus = v1alpha1.MonitoringEnabled, &v1alpha1.PrometheusSpec{}
	})
	eventually(g, condition(t.Context(), c, v1alpha1.ConditionMonitoringReady)).Should(And(
		HaveField("Reason", v1alpha1.ReasonAPINotInstalled), HaveField("Message", ContainSubstring("install prometheus-operator"))))
	makeReady(t, c)

	installAPI(t, monitoringCRDs)
	monitor, rule, server := &monitoringv1.ServiceMonitor{}, &monitoringv1.PrometheusRule{}, &monitoringv1.Prometheus{}
	eventually(g, exists(t.Context(), monitor, ns, "demo-backend")).Should(Succeed())
	eventually(g, exists(t.Context(), rule, ns, "demo-monitoring")).Should(Succeed())
	eventually(g, exists(t.Context(), server, ns, "demo-prometheus")).Should(Succeed())
	eventually(g, exists(t.Context(), &rbacv1.RoleBinding{}, ns, "demo-prometheus")).Should(Succeed())
	eventually(g, exists(t.Context(), &grafana.Dashboard{}, ns, "demo-dashboard-cluster-overview")).Should(Succeed())
	eventually(g, exists(t.Context(), &corev1.ConfigMap{}, ns, "demo-dashboard-cluster-overview")).Should(Succeed())

	seen := -1
	g.Eventually(func() bool {
		before := seen
		seen = first.writes.count()
		return seen == before
	}).WithTimeout(within).WithPolling(2*time.Second).Should(BeTrue(), "the operator comes to rest")
	g.Consistently(func() []string { return first.writes.since(seen) }).WithTimeout(5*time.Second).Should(BeEmpty(), "nothing is written twice")
	g.Expect(api.Delete(t.Context(), monitor)).To(Succeed())
	eventually(g, exists(t.Context(), monitor, ns, "demo-backend")).Should(Succeed(), "a deleted monitor comes back")

	update(t, c, func() { c.Spec.Monitoring = v1alpha1.MonitoringSpec{Mode: v1alpha1.MonitoringDisabled} })
	for _, o := range []struct {
		name string
		gone func() error
	}{
		{"monitor", exists(t.Context(), monitor, ns, "demo-backend")},
		{"Service", exists(t.Context(), &corev1.Service{}, ns, "demo-backend-metrics")},
		{"Prometheus", exists(t.Context(), server, ns, "demo-prometheus")},
		{"dashboard", exists(t.Context(), &corev1.ConfigMap{}, ns, "demo-dashboard-cluster-overview")},
	} {
		eventually(g, func() bool { return apierrors.IsNotFound(o.gone()) }).Should(BeTrue(), o.name)
	}
}
