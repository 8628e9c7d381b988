package controller_test

import (
	"context"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component/naming"
)

// expire lets the deadline of the backend's rollout pass while its former pods serve.
func expire(t *testing.T, ns string) {
	t.Helper()
	d := &appsv1.Deployment{}
	if err := exists(t.Context(), d, ns, "demo-backend")(); err != nil {
		t.Fatal(err)
	}
	report(t, d, func() {
		d.Status = appsv1.DeploymentStatus{
			ObservedGeneration: d.Generation, Replicas: 4, UpdatedReplicas: 1, ReadyReplicas: 3, AvailableReplicas: 3,
			Conditions: []appsv1.DeploymentCondition{{
				Type: appsv1.DeploymentProgressing, Status: corev1.ConditionFalse, Reason: "ProgressDeadlineExceeded",
			}},
		}
	})
}

// backendImage that the Deployment has.
func backendImage(ctx context.Context, ns string) func() string {
	return func() string {
		d := &appsv1.Deployment{}
		if exists(ctx, d, ns, "demo-backend")() != nil {
			return ""
		}
		return d.Spec.Template.Spec.Containers[0].Image
	}
}

// migrate completes the migration of an image.
func migrate(t *testing.T, c *v1alpha1.XaTubeCluster, image string) {
	t.Helper()
	var name string
	NewWithT(t).Eventually(func() string {
		var jobs batchv1.JobList
		if err := api.List(t.Context(), &jobs, client.InNamespace(c.Namespace)); err != nil {
			return ""
		}
		for _, j := range jobs.Items {
			if j.Spec.Template.Spec.InitContainers[0].Image == image && len(j.Status.Conditions) == 0 {
				name = j.Name
			}
		}
		return name
	}).WithTimeout(within).ShouldNot(BeEmpty())
	complete(t, c.Namespace, name, batchv1.JobComplete)
}

func TestABadImageIsHeldThenTakenBackUntilTheSpecChanges(t *testing.T) {
	withDatabase(t)
	g := NewWithT(t)
	ns := newNamespace(t)
	first := startOperator(t, ns)
	c := platform(t, ns, nil)
	makeReady(t, c)
	const bad = "example.com/backend:bad"
	good := backendImage(t.Context(), ns)()
	eventually(g, func() string { _ = condition(t.Context(), c, "")(); return c.Status.Backend.Revision }).ShouldNot(BeEmpty())
	revision := c.Status.Backend.Revision

	update(t, c, func() { c.Spec.Backend.Image = bad })
	migrate(t, c, bad)
	eventually(g, backendImage(t.Context(), ns)).Should(Equal(bad))
	expire(t, ns)
	eventually(g, condition(t.Context(), c, v1alpha1.ConditionBackendReady)).Should(HaveField("Reason", v1alpha1.ReasonRolloutFailed))
	eventually(g, condition(t.Context(), c, v1alpha1.ConditionStalled)).Should(HaveField("Status", metav1.ConditionTrue))
	first.settle(t)
	g.Expect(c.Status.Backend.Image).To(Equal(bad))

	update(t, c, func() { c.Spec.Backend.Rollout.OnFailure = v1alpha1.RolloutRevert })
	eventually(g, backendImage(t.Context(), ns)).Should(Equal(good))
	g.Expect(readyWorkloads(t.Context(), ns)).To(Succeed())
	eventually(g, condition(t.Context(), c, v1alpha1.ConditionBackendReady)).Should(And(
		HaveField("Reason", v1alpha1.ReasonRolloutReverted), HaveField("Message", And(ContainSubstring(bad), ContainSubstring(good)))))
	eventually(g, condition(t.Context(), c, v1alpha1.ConditionStalled)).Should(HaveField("Status", metav1.ConditionTrue))
	eventually(g, func() v1alpha1.BackendStatus { _ = condition(t.Context(), c, "")(); return *c.Status.Backend }).Should(And(
		HaveField("Image", good), HaveField("Revision", revision), HaveField("Ready", "3/3")))
	first.settle(t)

	// No write while it is taken back, by this operator or by its successor.
	first.stop()
	second := startOperator(t, ns)
	g.Consistently(func() []string { return second.writes.since(0) }).WithTimeout(5 * time.Second).Should(BeEmpty())

	// A new value of the annotation tries again, and a correction ends it.
	update(t, c, func() { c.Annotations = map[string]string{naming.AnnotationRetry: "1"} })
	migrate(t, c, bad)
	eventually(g, backendImage(t.Context(), ns)).Should(Equal(bad))
	expire(t, ns)
	eventually(g, backendImage(t.Context(), ns)).Should(Equal(good))
	const corrected = "example.com/backend:corrected"
	update(t, c, func() { c.Spec.Backend.Image = corrected })
	migrate(t, c, corrected)
	eventually(g, backendImage(t.Context(), ns)).Should(Equal(corrected))
	rollOn(t, c)
}

func TestAFailedMigrationIsTriedAgainOnRequest(t *testing.T) {
	withDatabase(t)
	g := NewWithT(t)
	ns := newNamespace(t)
	startOperator(t, ns)
	c := platform(t, ns, nil)
	elect(t, ns)
	failed := migrationJob(t, ns, "")
	complete(t, ns, failed, batchv1.JobFailed)
	eventually(g, condition(t.Context(), c, v1alpha1.ConditionStalled)).Should(HaveField("Reason", v1alpha1.ReasonMigrationFailed))

	update(t, c, func() { c.Annotations = map[string]string{naming.AnnotationRetry: "1"} })
	var retried string
	eventually(g, func() string { retried = migrationJob(t, ns, failed); return retried }).ShouldNot(Equal(failed))
	eventually(g, exists(t.Context(), &batchv1.Job{}, ns, failed)).Should(Satisfy(apierrors.IsNotFound), "one that failed is no history")
	complete(t, ns, retried, batchv1.JobComplete)
	eventually(g, exists(t.Context(), &appsv1.Deployment{}, ns, "demo-backend")).Should(Succeed())
}

func TestAnAutoscalerThatIsTakenAwayLeavesTheWantedNumber(t *testing.T) {
	withDatabase(t)
	g := NewWithT(t)
	ns := newNamespace(t)
	startOperator(t, ns)
	c := platform(t, ns, func(c *v1alpha1.XaTubeCluster) {
		c.Spec.Backend.Autoscaling = &v1alpha1.AutoscalingSpec{MinReplicas: 3, MaxReplicas: 9, TargetCPUUtilization: 70}
	})
	elect(t, ns)
	complete(t, ns, migrationJob(t, ns, ""), batchv1.JobComplete)
	backend := &appsv1.Deployment{}
	eventually(g, exists(t.Context(), backend, ns, "demo-backend")).Should(Succeed())
	lowest := watchReplicas(t, ns)

	scale(t, backend, 6)
	g.Consistently(func() int32 {
		_ = exists(t.Context(), backend, ns, "demo-backend")()
		return *backend.Spec.Replicas
	}).WithTimeout(5*time.Second).Should(Equal(int32(6)), "the number is the autoscaler's")
	update(t, c, func() { c.Spec.Backend.Autoscaling, c.Spec.Backend.Replicas = nil, ptr.To[int32](4) })
	eventually(g, func() int32 {
		_ = exists(t.Context(), backend, ns, "demo-backend")()
		return *backend.Spec.Replicas
	}).Should(Equal(int32(4)))
	update(t, c, func() {
		c.Spec.Backend.Autoscaling = &v1alpha1.AutoscalingSpec{MinReplicas: 3, MaxReplicas: 9, TargetCPUUtilization: 70}
	})
	eventually(g, func() error {
		_ = condition(t.Context(), c, "")()
		if c.Status.ObservedGeneration != c.Generation {
			return apierrors.NewTimeoutError("not observed yet", 0)
		}
		return nil
	}).Should(Succeed())
	g.Expect(exists(t.Context(), backend, ns, "demo-backend")()).To(Succeed())
	g.Expect(*backend.Spec.Replicas).To(Equal(int32(4)))
	g.Expect(lowest()).To(BeNumerically(">=", 4), "no turn of the autoscaler drops pods")
}

func scale(t *testing.T, d *appsv1.Deployment, n int32) {
	t.Helper()
	before := d.DeepCopy()
	d.Spec.Replicas = &n
	if err := api.Patch(t.Context(), d, client.MergeFrom(before), client.FieldOwner("horizontal-pod-autoscaler")); err != nil {
		t.Fatal(err)
	}
}

// watchReplicas tells the lowest number that the backend was given since its first change.
func watchReplicas(t *testing.T, ns string) func() int32 {
	t.Helper()
	watching, err := client.NewWithWatch(env, client.Options{Scheme: api.Scheme()})
	if err != nil {
		t.Fatal(err)
	}
	w, err := watching.Watch(t.Context(), &appsv1.DeploymentList{}, client.InNamespace(ns))
	if err != nil {
		t.Fatal(err)
	}
	lowest := make(chan int32, 1)
	go func() {
		low, changed := int32(1000), false
		for e := range w.ResultChan() {
			if d, ok := e.Object.(*appsv1.Deployment); ok && d.Name == "demo-backend" {
				n := ptr.Deref(d.Spec.Replicas, 1)
				if changed = changed || n > 1; changed {
					low = min(low, n)
				}
			}
		}
		lowest <- low
	}()
	return func() int32 {
		w.Stop()
		return <-lowest
	}
}

func TestAChangedSecretRollsThePodsThatUseItAndNoOthers(t *testing.T) {
	withDatabase(t)
	g := NewWithT(t)
	ns := newNamespace(t)
	redis := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "my-redis"}, StringData: map[string]string{"uri": "redis://:first@redis:6379/0"}}
	mail := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "mail"}, StringData: map[string]string{"token": "first", "unused": "x"}}
	theme := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "theme"}, Data: map[string]string{"colour": "red"}}
	tube := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "tube"}, Type: corev1.SecretTypeTLS, Data: certificate(t)}
	for _, o := range []client.Object{redis, mail, theme, tube} {
		g.Expect(api.Create(t.Context(), o)).To(Succeed())
	}
	operator := startOperator(t, ns)
	c := platform(t, ns, func(c *v1alpha1.XaTubeCluster) {
		c.Spec.Redis.External = &v1alpha1.ExternalSpec{SecretRef: v1alpha1.SecretKey{Name: "my-redis", Key: "uri"}}
		c.Spec.Edge.TLS = &v1alpha1.TLSSpec{SecretName: "tube"}
		c.Spec.Backend.EnvFrom = []v1alpha1.EnvFromSource{{SecretRef: &v1alpha1.LocalSecret{Name: "mail"}}}
		c.Spec.Frontend.Pod.Env = []v1alpha1.EnvVar{{Name: "COLOUR", ValueFrom: &v1alpha1.EnvVarSource{
			ConfigMapKeyRef: &v1alpha1.KeySelector{Name: "theme", Key: "colour"},
		}}}
	})
	makeReady(t, c)
	for _, change := range []struct {
		name  string
		do    func()
		rolls []string
	}{
		{"the user's external Redis", func() { put(t, redis, "uri", "redis://:second@redis:6379/0") }, []string{"demo-backend"}},
		{"the user's environment", func() { put(t, mail, "token", "second") }, []string{"demo-backend"}},
		{"the user's ConfigMap", func() {
			before := theme.DeepCopy()
			theme.Data["colour"] = "blue"
			g.Expect(api.Patch(t.Context(), theme, client.MergeFrom(before))).To(Succeed())
		}, []string{"demo-frontend"}},
		{"the certificate", func() {
			before := tube.DeepCopy()
			tube.Data = certificate(t)
			g.Expect(api.Patch(t.Context(), tube, client.MergeFrom(before))).To(Succeed())
		}, []string{"demo-edge"}},
		{"the signing key", func() {
			put(t, secretOf(t, ns, "demo-backend"), "SECRET_KEY", "another-key-of-more-than-32-characters")
		}, []string{"demo-backend"}},
		// The brokers are told while they run.
		{"the broker's login", func() {
			put(t, secretOf(t, ns, "demo-rabbitmq"), "uri", "amqp://xatube:another-password@demo-rabbitmq:5672/")
		}, []string{"demo-backend"}},
		{"the brokers' cookie", func() { put(t, secretOf(t, ns, "demo-rabbitmq-erlang-cookie"), "cookie", "another-cookie") }, []string{"demo-rabbitmq"}},
	} {
		operator.settle(t)
		before := templates(t, ns)
		change.do()
		eventually(g, func() []string { return differing(before, templates(t, ns)) }).Should(ConsistOf(change.rolls), change.name)
		operator.settle(t)
		g.Expect(differing(before, templates(t, ns))).To(ConsistOf(change.rolls), change.name)
	}
}

func TestWhatFormerBackendsUseGoesAfterThem(t *testing.T) {
	withDatabase(t)
	g := NewWithT(t)
	ns := newNamespace(t)
	mine := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "my-redis"}, StringData: map[string]string{"uri": "redis://:pw@redis:6379/0"}}
	g.Expect(api.Create(t.Context(), mine)).To(Succeed())
	startOperator(t, ns)
	c := platform(t, ns, nil)
	makeReady(t, c)
	before := templates(t, ns)

	update(t, c, func() {
		c.Spec.Redis.External = &v1alpha1.ExternalSpec{SecretRef: v1alpha1.SecretKey{Name: "my-redis", Key: "uri"}}
	})
	eventually(g, func() []string { return differing(before, templates(t, ns)) }).Should(ContainElement("demo-backend"))
	redis := exists(t.Context(), &appsv1.StatefulSet{}, ns, "demo-redis")
	g.Consistently(redis).WithTimeout(3*time.Second).Should(Succeed(), "the former backends use it")
	g.Expect(readyWorkloads(t.Context(), ns)).To(Succeed())
	eventually(g, redis).Should(Satisfy(apierrors.IsNotFound))
}

func secretOf(t *testing.T, ns, name string) *corev1.Secret {
	t.Helper()
	s := &corev1.Secret{}
	if err := exists(t.Context(), s, ns, name)(); err != nil {
		t.Fatal(err)
	}
	return s
}

func put(t *testing.T, s *corev1.Secret, key, value string) {
	t.Helper()
	before := s.DeepCopy()
	s.Data[key] = []byte(value)
	if err := api.Patch(t.Context(), s, client.MergeFrom(before)); err != nil {
		t.Fatal(err)
	}
}

// templates are the generations of the workloads, which change with their pod templates: nothing is scaled meanwhile.
func templates(t *testing.T, ns string) map[string]int64 {
	t.Helper()
	out := map[string]int64{}
	var deployments appsv1.DeploymentList
	var sets appsv1.StatefulSetList
	for _, list := range []client.ObjectList{&deployments, &sets} {
		if err := api.List(t.Context(), list, client.InNamespace(ns)); err != nil {
			t.Fatal(err)
		}
	}
	for _, d := range deployments.Items {
		out[d.Name] = d.Generation
	}
	for _, s := range sets.Items {
		out[s.Name] = s.Generation
	}
	return out
}

func differing(a, b map[string]int64) []string {
	var out []string
	for name, generation := range b {
		if a[name] != generation {
			out = append(out, name)
		}
	}
	return out
}
