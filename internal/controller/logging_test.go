package controller_test

import (
	"testing"

	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component/naming"
	"github.com/xatube/xatube-operator/internal/eck"
)

const eckCRDs = "testdata/eck"

// retention plays the Job that makes the data stream.
func retention(t *testing.T, g *WithT, ns string) {
	t.Helper()
	var jobs batchv1.JobList
	eventually(g, func() []batchv1.Job {
		_ = api.List(t.Context(), &jobs, client.InNamespace(ns), client.MatchingLabels{naming.LabelComponent: naming.Logging})
		return jobs.Items
	}).Should(HaveLen(1))
	if len(jobs.Items[0].Status.Conditions) == 0 {
		complete(t, ns, jobs.Items[0].Name, batchv1.JobComplete)
	}
}

func TestLoggingWaitsForECKAndHoldsNothingUp(t *testing.T) {
	installAPI(t, cnpgCRDs)
	g := NewWithT(t)
	ns := newNamespace(t)
	operator := startOperator(t, ns)
	c := platform(t, ns, func(c *v1alpha1.XaTubeCluster) {
		c.Spec.Logging = &v1alpha1.LoggingSpec{Elasticsearch: &v1alpha1.ElasticsearchSpec{Kibana: &v1alpha1.KibanaSpec{}}}
	})
	eventually(g, condition(t.Context(), c, v1alpha1.ConditionLoggingReady)).Should(And(
		HaveField("Reason", v1alpha1.ReasonAPINotInstalled), HaveField("Message", ContainSubstring("install ECK"))))
	makeReady(t, c)

	installAPI(t, eckCRDs)
	search, view := &eck.Elasticsearch{}, &eck.Kibana{}
	eventually(g, exists(t.Context(), search, ns, "demo")).Should(Succeed())
	eventually(g, exists(t.Context(), view, ns, "demo")).Should(Succeed())
	g.Expect(search.OwnerReferences).To(BeEmpty(), "it holds data")
	login := &corev1.Secret{}
	g.Expect(exists(t.Context(), login, ns, "demo-logging")()).To(Succeed())
	g.Expect(login.Type).To(Equal(corev1.SecretTypeBasicAuth))
	g.Expect(login.Data).To(HaveKeyWithValue("username", []byte("xatube_logs")))

	for o, status := range map[client.Object]*eck.Status{search: &search.Status, view: &view.Status} {
		report(t, o, func() { *status = eck.Status{Health: "green"} })
	}
	retention(t, g, ns)
	g.Eventually(func(g Gomega) {
		g.Expect(readyWorkloads(t.Context(), ns)).To(Succeed())
		g.Expect(condition(t.Context(), c, v1alpha1.ConditionLoggingReady)()).To(HaveField("Status", metav1.ConditionTrue), "%v", c.Status.Conditions)
	}).WithTimeout(within).Should(Succeed())

	writesNothing(t, operator, ns)

	update(t, c, func() { c.Spec.Logging = nil })
	eventually(g, func() bool {
		return apierrors.IsNotFound(exists(t.Context(), &appsv1.DaemonSet{}, ns, "demo-logging")()) &&
			apierrors.IsNotFound(exists(t.Context(), view, ns, "demo")())
	}).Should(BeTrue())
	g.Expect(exists(t.Context(), search, ns, "demo")()).To(Succeed(), "its lines are kept")
	g.Expect(search.DeletionTimestamp).To(BeNil())

	g.Expect(api.Delete(t.Context(), c)).To(Succeed())
	eventually(g, func() bool { return apierrors.IsNotFound(api.Get(t.Context(), client.ObjectKeyFromObject(c), c)) }).Should(BeTrue())
	g.Expect(exists(t.Context(), search, ns, "demo")()).To(Succeed(), "Retain keeps the lines")
	g.Expect(search.DeletionTimestamp).To(BeNil())
}

func TestCollectorsThatAreRefusedAreReported(t *testing.T) {
	withDatabase(t)
	g := NewWithT(t)
	ns := newNamespace(t)
	startOperator(t, ns)
	c := platform(t, ns, func(c *v1alpha1.XaTubeCluster) {
		c.Spec.Logging = &v1alpha1.LoggingSpec{Endpoint: &v1alpha1.LogEndpoint{URL: "http://elasticsearch.logs.svc:9200"}}
	})
	d := &appsv1.DaemonSet{}
	eventually(g, exists(t.Context(), d, ns, "demo-logging")).Should(Succeed())
	report(t, d, func() { d.Status = appsv1.DaemonSetStatus{ObservedGeneration: d.Generation, DesiredNumberScheduled: 2} })
	g.Expect(api.Create(t.Context(), &corev1.Event{
		ObjectMeta:     metav1.ObjectMeta{Name: "demo-logging.1", Namespace: ns},
		InvolvedObject: corev1.ObjectReference{Kind: "DaemonSet", Namespace: ns, Name: "demo-logging"},
		Reason:         "FailedCreate", LastTimestamp: metav1.Now(),
		Message: `Error creating: pods "demo-logging-x" is forbidden: violates PodSecurity "restricted:latest": restricted volume types (volume "logs" uses restricted volume type "hostPath")`,
	})).To(Succeed())
	eventually(g, condition(t.Context(), c, v1alpha1.ConditionLoggingReady)).Should(And(
		HaveField("Reason", v1alpha1.ReasonPodRefused),
		HaveField("Message", ContainSubstring("kubectl label namespace "+ns+" pod-security.kubernetes.io/enforce=privileged"))))
}
