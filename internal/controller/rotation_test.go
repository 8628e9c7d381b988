package controller_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	cnpgv1 "github.com/cloudnative-pg/api/pkg/api/v1"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component/naming"
)

// stage is a ready platform whose operator is replaced between the steps of a test.
type stage struct {
	*WithT
	t        *testing.T
	ns       string
	platform *v1alpha1.XaTubeCluster
	operator *operator
}

func newStage(t *testing.T) *stage {
	t.Helper()
	withDatabase(t)
	s := &stage{WithT: NewWithT(t), t: t, ns: newNamespace(t)}
	s.operator = startOperator(t, s.ns)
	s.platform = platform(t, s.ns, nil)
	makeReady(t, s.platform)
	s.pod(naming.Redis, "demo-redis-0", "")
	return s
}

// restart the operator.
func (s *stage) restart() {
	s.operator.stop()
	s.operator = startOperator(s.t, s.ns)
}

// pod of a component that answers and uses a Secret.
func (s *stage) pod(comp, name, secret string) *corev1.Pod {
	s.t.Helper()
	container := corev1.Container{Name: comp, Image: "example.com/x:1"}
	if secret != "" {
		container.Env = []corev1.EnvVar{{Name: "URL", ValueFrom: &corev1.EnvVarSource{SecretKeyRef: &corev1.SecretKeySelector{
			LocalObjectReference: corev1.LocalObjectReference{Name: secret}, Key: "uri",
		}}}}
	}
	p := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: s.ns, Name: name, Labels: naming.Labels(s.platform, comp)},
		Spec:       corev1.PodSpec{Containers: []corev1.Container{container}, TerminationGracePeriodSeconds: new(int64(0))},
	}
	s.Expect(api.Create(s.t.Context(), p)).To(Succeed())
	report(s.t, p, func() {
		p.Status = corev1.PodStatus{Phase: corev1.PodRunning, ContainerStatuses: []corev1.ContainerStatus{{Name: comp, Ready: true}}}
	})
	return p
}

func (s *stage) wish(entry string) {
	s.t.Helper()
	patch := fmt.Sprintf(`{"metadata":{"annotations":{%q:%q}}}`, naming.AnnotationRotate, entry)
	s.Expect(api.Patch(s.t.Context(), s.platform, client.RawPatch(types.MergePatchType, []byte(patch)))).To(Succeed())
}

func (s *stage) secret(name string) *corev1.Secret {
	s.t.Helper()
	found := &corev1.Secret{}
	eventually(s.WithT, exists(s.t.Context(), found, s.ns, name)).Should(Succeed(), name)
	return found
}

func (s *stage) gone(name string) {
	s.t.Helper()
	eventually(s.WithT, exists(s.t.Context(), &corev1.Secret{}, s.ns, name)).Should(Satisfy(apierrors.IsNotFound), name)
}

// says waits until the condition of the credentials holds a text.
func (s *stage) says(text string) {
	s.t.Helper()
	eventually(s.WithT, condition(s.t.Context(), s.platform, v1alpha1.ConditionCredentialsReady)).Should(HaveField("Message", ContainSubstring(text)))
}

// tell waits for the Job that tells a server, and lets it end. It returns what the Job ran.
func (s *stage) tell(comp, other string) (name, command string) {
	s.t.Helper()
	var job batchv1.Job
	eventually(s.WithT, func() bool {
		var jobs batchv1.JobList
		_ = api.List(s.t.Context(), &jobs, client.InNamespace(s.ns), client.MatchingLabels{naming.LabelComponent: naming.Credentials})
		for _, job = range jobs.Items {
			if strings.HasPrefix(job.Name, "demo-"+comp+"-login-") && job.Name != other && len(job.Status.Conditions) == 0 {
				return true
			}
		}
		return false
	}).Should(BeTrue(), "a Job that tells "+comp)
	complete(s.t, s.ns, job.Name, batchv1.JobComplete)
	return job.Name, strings.Join(job.Spec.Template.Spec.Containers[0].Command[3:], " ")
}

// takes waits until the backends take a variable from a Secret.
func (s *stage) takes(variable, secret string) {
	s.t.Helper()
	eventually(s.WithT, func() string { return s.source(variable) }).Should(Equal(secret))
}

// source is the Secret from which the backends take a variable.
func (s *stage) source(variable string) string {
	d := &appsv1.Deployment{}
	if exists(s.t.Context(), d, s.ns, "demo-backend")() != nil {
		return ""
	}
	for _, e := range d.Spec.Template.Spec.Containers[0].Env {
		if e.Name == variable && e.ValueFrom != nil {
			return e.ValueFrom.SecretKeyRef.Name
		}
	}
	return ""
}

// rolled says that the roll of the backends is complete.
func (s *stage) rolled() {
	s.t.Helper()
	eventually(s.WithT, func() error { return readyWorkloads(s.t.Context(), s.ns) }).Should(Succeed())
}

// rest waits until the platform is ready and nothing is written any more.
func (s *stage) rest() {
	s.t.Helper()
	eventually(s.WithT, func() *metav1.Condition {
		_ = readyWorkloads(s.t.Context(), s.ns)
		return condition(s.t.Context(), s.platform, v1alpha1.ConditionReady)()
	}).Should(HaveField("Status", metav1.ConditionTrue))
	s.operator.settle(s.t)
	s.restart()
	n := s.operator.writes.count()
	s.Consistently(func() []string { return s.operator.writes.since(n) }).WithTimeout(3 * time.Second).Should(BeEmpty())
}

func TestALoginIsHandedOverAcrossRestarts(t *testing.T) {
	t.Parallel()
	tests := []struct{ comp, variable, forget string }{
		{naming.Redis, "REDIS_URL", "login.sh only"},
		{naming.RabbitMQ, "RABBITMQ_URL", "login.sh xatube"},
	}
	for _, tt := range tests {
		t.Run(tt.comp, func(t *testing.T) {
			s := newStage(t)
			first, alternate := "demo-"+tt.comp, "demo-"+tt.comp+"-alternate"
			former := s.secret(first)
			serving := s.pod(naming.Backend, "backend-of-before", first)
			s.operator.stop()
			s.wish(tt.comp)
			s.restart()

			newest := s.secret(alternate)
			s.Expect(newest.Data["password"]).NotTo(Equal(former.Data["password"]))
			s.says("told")
			s.Expect(s.source(tt.variable)).To(Equal(first), "before the server knows the other")
			s.restart()
			added, command := s.tell(tt.comp, "")
			s.Expect(command).To(Equal("login.sh"))

			s.takes(tt.variable, alternate)
			s.says("waiting until no pod uses Secret " + first)
			s.restart()
			s.rolled()
			s.Expect(s.secret(first).UID).To(Equal(former.UID), "a pod still uses it")

			s.Expect(api.Delete(t.Context(), serving)).To(Succeed())
			s.gone(first)
			s.says("has forgotten")
			s.restart()
			_, command = s.tell(tt.comp, added)
			s.Expect(command).To(Equal(tt.forget))
			s.says("every credential in use is the newest")
			s.rest()
			s.Expect(s.secret(alternate).UID).To(Equal(newest.UID))
			s.Expect(s.platform.Annotations).To(HaveKeyWithValue(naming.AnnotationRotate, tt.comp))
			s.Expect(s.platform.Status.Inventory).NotTo(ContainElement(v1alpha1.ObjectRef{APIVersion: "v1", Kind: "Secret", Name: first}))
		})
	}
}

func TestTheDatabasesLoginIsHandedOverAcrossRestarts(t *testing.T) {
	s := newStage(t)
	owner := s.secret("demo-postgres-app")
	// Times of objects are of whole seconds.
	eventually(s.WithT, time.Now).Should(BeTemporally(">", owner.CreationTimestamp.Add(time.Second)))
	s.wish("postgres")
	login := s.secret("demo-postgres-login")
	eventually(s.WithT, s.roles).Should(Equal([]string{"xatube_login present"}))
	s.Expect(s.source("POSTGRES_URL")).To(Equal("demo-postgres-app"), "before the role exists")
	s.restart()
	s.made("xatube_login", login)
	s.takes("POSTGRES_URL", "demo-postgres-login")
	s.restart()
	s.rolled()

	// The owner's password is made again, by CloudNativePG.
	s.gone("demo-postgres-app")
	s.Expect(api.Create(t.Context(), &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Namespace: s.ns, Name: owner.Name, Labels: owner.Labels}, Data: owner.Data,
	})).To(Succeed())
	s.rest()

	s.wish("postgres@2")
	next := s.secret("demo-postgres-login-alternate")
	s.made("xatube_login_alternate", next)
	s.takes("POSTGRES_URL", "demo-postgres-login-alternate")
	s.restart()
	s.rolled()
	s.gone("demo-postgres-login")
	eventually(s.WithT, s.roles).Should(Equal([]string{"xatube_login absent", "xatube_login_alternate present"}))
	s.says("every credential in use is the newest")
}

// roles that CloudNativePG is asked for.
func (s *stage) roles() []string {
	db := &cnpgv1.Cluster{}
	if exists(s.t.Context(), db, s.ns, "demo-postgres")() != nil || db.Spec.Managed == nil {
		return nil
	}
	var out []string
	for _, r := range db.Spec.Managed.Roles {
		out = append(out, r.Name+" "+string(r.Ensure))
	}
	return out
}

// made says, as CloudNativePG does, that a role has the password of a Secret.
func (s *stage) made(role string, secret *corev1.Secret) {
	s.t.Helper()
	eventually(s.WithT, func() bool { return slices.Contains(s.roles(), role+" present") }).Should(BeTrue())
	reportDatabase(s.t, s.ns, func(db *cnpgv1.Cluster) {
		if db.Status.ManagedRolesStatus.PasswordStatus == nil {
			db.Status.ManagedRolesStatus.PasswordStatus = map[string]cnpgv1.PasswordState{}
		}
		db.Status.ManagedRolesStatus.PasswordStatus[role] = cnpgv1.PasswordState{SecretResourceVersion: secret.ResourceVersion}
	})
}

func TestTheSigningKeyIsReplacedByARoll(t *testing.T) {
	s := newStage(t)
	former := s.secret("demo-backend")
	s.wish("backend@1")
	s.takes("SECRET_KEY", "demo-backend-alternate")
	s.Expect(s.secret("demo-backend").UID).To(Equal(former.UID), "until the roll has ended")
	s.rolled()
	s.gone("demo-backend")
	s.rest()
}

func TestALostSecretIsReplacedWithoutHarmToThePodsThatUseIt(t *testing.T) {
	s := newStage(t)
	serving := s.pod(naming.Backend, "backend-of-before", "demo-redis")
	s.Expect(api.Delete(t.Context(), s.secret("demo-redis"))).To(Succeed())
	s.secret("demo-redis-alternate")
	added, command := s.tell(naming.Redis, "")
	s.Expect(command).To(Equal("login.sh"), "the server keeps the password that pods still use")
	s.takes("REDIS_URL", "demo-redis-alternate")
	s.rolled()
	s.Expect(api.Delete(t.Context(), serving)).To(Succeed())
	_, command = s.tell(naming.Redis, added)
	s.Expect(command).To(Equal("login.sh only"))
	s.rest()
}

func TestASecretChangedByHandIsToldToTheServer(t *testing.T) {
	s := newStage(t)
	secret := s.secret("demo-redis")
	before := secret.DeepCopy()
	secret.Data["password"], secret.Data["uri"] = []byte("mine"), []byte("redis://:mine@demo-redis:6379/0")
	s.Expect(api.Patch(t.Context(), secret, client.MergeFrom(before))).To(Succeed())
	_, command := s.tell(naming.Redis, "")
	s.Expect(command).To(Equal("login.sh only"))
	s.rest()
	s.Expect(s.secret("demo-redis").Data).To(HaveKeyWithValue("password", []byte("mine")))
}

func TestAWrongRotationIsReportedAndHarmsNothing(t *testing.T) {
	s := newStage(t)
	former := s.secret("demo-redis")
	s.wish("mysql")
	eventually(s.WithT, condition(t.Context(), s.platform, v1alpha1.ConditionCredentialsReady)).Should(HaveField("Reason", v1alpha1.ReasonInvalidAnnotation))
	s.Expect(condition(t.Context(), s.platform, v1alpha1.ConditionStalled)()).To(HaveField("Message", ContainSubstring("annotation xatube.io/rotate")))
	s.Expect(s.secret("demo-redis").UID).To(Equal(former.UID))
	s.wish("")
	s.rest()
}
