package controller_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	cnpgv1 "github.com/cloudnative-pg/api/pkg/api/v1"
	. "github.com/onsi/gomega"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component/naming"
	"github.com/xatube/xatube-operator/internal/controller"
	"github.com/xatube/xatube-operator/internal/guard"
)

const (
	// soon is well above the 4.5 s after the last renewal at which a lost primary is given up.
	soon = 20 * time.Second
	// longAfter is how long the others are watched after one was given up.
	longAfter = 4 * time.Second
)

// instances plays the instance managers of all platforms: it is what the operator asks for a sign of life.
type instances struct {
	mu     sync.Mutex
	silent map[string]bool
}

func (i *instances) key(pod *corev1.Pod) string { return pod.Namespace + "/" + pod.Name }

func (i *instances) Alive(_ context.Context, pod *corev1.Pod) bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	return !i.silent[i.key(pod)]
}

func (i *instances) Ready(ctx context.Context, pod *corev1.Pod) bool { return i.Alive(ctx, pod) }

func (i *instances) silence(namespace, name string) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.silent == nil {
		i.silent = map[string]bool{}
	}
	i.silent[namespace+"/"+name] = true
}

// primary plays the instance manager that renews the primary's lease.
type primary struct {
	namespace string
	stopped   atomic.Bool
	// late renewals on a busy machine: the guard looks at a lease that has been quiet for 1.5 s.
	late atomic.Int32
}

func (p *primary) run(ctx context.Context, t *testing.T) {
	t.Helper()
	tick := time.NewTicker(500 * time.Millisecond)
	defer tick.Stop()
	for renewed := time.Now(); ; {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if p.stopped.Load() {
			continue
		}
		lease := &coordinationv1.Lease{}
		if err := api.Get(ctx, client.ObjectKey{Namespace: p.namespace, Name: "demo-postgres"}, lease); err != nil {
			continue
		}
		before := lease.DeepCopy()
		lease.Spec.RenewTime = &metav1.MicroTime{Time: time.Now()}
		if err := api.Patch(ctx, lease, client.MergeFrom(before)); err != nil && ctx.Err() == nil {
			t.Errorf("renewing: %v", err)
		}
		if time.Since(renewed) > time.Second {
			p.late.Add(1)
		}
		renewed = time.Now()
	}
}

// guarded makes a platform in a new namespace whose database runs, its primary renewing its lease.
func guarded(t *testing.T, spec func(*v1alpha1.XaTubeCluster)) (*v1alpha1.XaTubeCluster, *primary) {
	t.Helper()
	ns := newNamespace(t)
	return platform(t, ns, spec), &primary{namespace: ns}
}

// bringUp plays CloudNativePG for a platform that the operator has made a Cluster for.
func bringUp(t *testing.T, c *v1alpha1.XaTubeCluster, p *primary) {
	t.Helper()
	elect(t, c.Namespace)
	reportDatabase(t, c.Namespace, func(db *cnpgv1.Cluster) { db.Status.Phase = cnpgv1.PhaseHealthy })
	for _, name := range []string{"demo-postgres-1", "demo-postgres-2", "demo-postgres-3"} {
		instance(t, c, name)
	}
	lease := &coordinationv1.Lease{
		ObjectMeta: metav1.ObjectMeta{Namespace: c.Namespace, Name: "demo-postgres", Labels: naming.Labels(c, naming.Postgres)},
		Spec: coordinationv1.LeaseSpec{
			HolderIdentity: new("demo-postgres-1"), LeaseDurationSeconds: new(int32(3)), RenewTime: &metav1.MicroTime{Time: time.Now()},
		},
	}
	if err := api.Create(t.Context(), lease); err != nil {
		t.Fatal(err)
	}
	go p.run(t.Context(), t)
}

func instance(t *testing.T, c *v1alpha1.XaTubeCluster, name string) {
	t.Helper()
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: c.Namespace, Name: name, Labels: naming.Labels(c, naming.Postgres)},
		Spec: corev1.PodSpec{NodeName: "node", Containers: []corev1.Container{{
			Name: "postgres", Image: "postgres", ReadinessProbe: &corev1.Probe{ProbeHandler: corev1.ProbeHandler{
				HTTPGet: &corev1.HTTPGetAction{Path: "/readyz", Port: intstr.FromInt32(8000)},
			}},
		}}},
	}
	if err := api.Create(t.Context(), pod); err != nil {
		t.Fatal(err)
	}
	report(t, pod, func() {
		pod.Status.Phase = corev1.PodRunning
		pod.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}}
	})
}

// changeDatabase changes the Cluster, and its status, as CloudNativePG and users do.
func changeDatabase(t *testing.T, c *v1alpha1.XaTubeCluster, change func(*cnpgv1.Cluster)) {
	t.Helper()
	db := &cnpgv1.Cluster{}
	if err := exists(t.Context(), db, c.Namespace, "demo-postgres")(); err != nil {
		t.Fatal(err)
	}
	before := db.DeepCopy()
	change(db)
	changed := db.DeepCopy()
	if err := api.Patch(t.Context(), db, client.MergeFrom(before)); err != nil {
		t.Fatal(err)
	}
	report(t, db, func() { db.Status = changed.Status })
}

// givenUp says whether the pod of the first primary is gone or going.
func givenUp(t *testing.T, c *v1alpha1.XaTubeCluster) func() bool {
	t.Helper()
	return func() bool {
		pod := &corev1.Pod{}
		err := exists(t.Context(), pod, c.Namespace, "demo-postgres-1")()
		return (err != nil && client.IgnoreNotFound(err) == nil) || pod.DeletionTimestamp != nil
	}
}

func TestALostPrimaryIsGivenUpOnceAndNoOtherIs(t *testing.T) {
	withDatabase(t)
	g := NewWithT(t)
	all := []string{"demo-postgres-1"}
	of := func(f v1alpha1.FailoverProfile) func(*v1alpha1.XaTubeCluster) {
		return func(c *v1alpha1.XaTubeCluster) { c.Spec.Postgres.Failover = f }
	}
	annotate := func(key, value string) func(*cnpgv1.Cluster) {
		return func(db *cnpgv1.Cluster) {
			if db.Annotations == nil {
				db.Annotations = map[string]string{}
			}
			db.Annotations[key] = value
		}
	}
	tests := []struct {
		name    string
		spec    func(*v1alpha1.XaTubeCluster)
		db      func(*cnpgv1.Cluster)
		renews  bool
		silent  []string
		givenUp bool
		c       *v1alpha1.XaTubeCluster
	}{
		{name: "lost", silent: all, givenUp: true},
		{name: "renews", renews: true, silent: all},
		{name: "answers"},
		{name: "a standby is silent", silent: []string{"demo-postgres-1", "demo-postgres-3"}},
		{name: "switchover", silent: all, db: func(db *cnpgv1.Cluster) { db.Status.TargetPrimary = "demo-postgres-2" }},
		{name: "at work", silent: all, db: func(db *cnpgv1.Cluster) { db.Status.Phase = cnpgv1.PhaseUpgrade }},
		{name: "fenced", silent: all, db: annotate("cnpg.io/fencedInstances", `["demo-postgres-1"]`)},
		{name: "Balanced", silent: all, spec: of(v1alpha1.FailoverBalanced)},
		{name: "Tolerant", silent: all, spec: of(v1alpha1.FailoverTolerant)},
		// A20.
		{name: "durability Available", silent: all, spec: func(c *v1alpha1.XaTubeCluster) {
			c.Spec.Postgres.Durability = v1alpha1.DurabilityAvailable
		}},
	}
	asked := &instances{}
	namespaces := make([]string, len(tests))
	primaries := make([]*primary, len(tests))
	for i := range tests {
		tests[i].c, primaries[i] = guarded(t, tests[i].spec)
		namespaces[i] = tests[i].c.Namespace
	}
	op := startAsking(t, asked, namespaces...)
	for i := range tests {
		bringUp(t, tests[i].c, primaries[i])
	}
	// The guard must have met each primary before it may judge its silence.
	g.Consistently(func() []request { return op.writes.deletions() }).WithTimeout(3 * time.Second).Should(BeEmpty())

	for i, tt := range tests {
		if tt.db != nil {
			changeDatabase(t, tt.c, tt.db)
		}
		for _, name := range tt.silent {
			asked.silence(tt.c.Namespace, name)
		}
		primaries[i].stopped.Store(!tt.renews)
	}
	began := time.Now()
	pod := &corev1.Pod{}
	g.Expect(exists(t.Context(), pod, tests[0].c.Namespace, "demo-postgres-1")()).To(Succeed())
	g.Eventually(givenUp(t, tests[0].c)).WithTimeout(soon).WithPolling(50 * time.Millisecond).Should(BeTrue())
	// Its last renewal may have been half a second before.
	g.Expect(time.Since(began)).To(BeNumerically(">", 3500*time.Millisecond), "given up too early")
	g.Consistently(func() []request { return op.writes.deletions() }).WithTimeout(longAfter).Should(HaveLen(1))
	for _, tt := range tests {
		g.Expect(givenUp(t, tt.c)()).To(Equal(tt.givenUp), tt.name)
	}
	options := op.writes.deletions()[0].options(t)
	g.Expect(options.Preconditions).To(HaveField("UID", HaveValue(Equal(pod.UID))))
	g.Expect(options.GracePeriodSeconds).To(HaveValue(Equal(int64(1))))

	lease := &coordinationv1.Lease{}
	g.Expect(exists(t.Context(), lease, tests[0].c.Namespace, "demo-postgres")()).To(Succeed())
	g.Expect(lease.Spec.HolderIdentity).To(BeNil(), "the lease is free for the candidate")
	eventually(g, events(t, tests[0].c, v1alpha1.ReasonPrimaryLost)).Should(ConsistOf(ContainSubstring("2 ready standbys answer")))
	g.Expect(op.writes.to("demo-postgres-guard", tests[0].c.Namespace)).To(BeNumerically("<", 20), "looks are paced")
	if late := primaries[1].late.Load(); late == 0 {
		g.Expect(op.writes.to("demo-postgres-guard", tests[1].c.Namespace)).To(BeZero(), "nothing is written while the primary renews")
	} else {
		t.Logf("the primary of this test renewed %d times too late to tell whether the guard is quiet", late)
	}
}

// A20. TestWhatTheLastLookSawMustBeFresh: between the last look and the deletion the operator stands still for two
// seconds, as under SIGSTOP, or the primary renews its lease. The proof begins anew each time.
func TestWhatTheLastLookSawMustBeFresh(t *testing.T) {
	withDatabase(t)
	for name, interfere := range map[string]func(*clock, *v1alpha1.XaTubeCluster) error{
		"the operator stands still": func(now *clock, _ *v1alpha1.XaTubeCluster) error {
			now.advance(2 * time.Second)
			return nil
		},
		"the primary renews": func(_ *clock, c *v1alpha1.XaTubeCluster) error {
			lease := &coordinationv1.Lease{ObjectMeta: metav1.ObjectMeta{Namespace: c.Namespace, Name: "demo-postgres"}}
			renewal := fmt.Sprintf(`{"spec":{"renewTime":%q}}`, time.Now().UTC().Format(metav1.RFC3339Micro))
			return api.Patch(context.Background(), lease, client.RawPatch(types.MergePatchType, []byte(renewal)))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			asked := &instances{}
			c, p := guarded(t, nil)
			var standing clock
			op := startWith(t, controller.Config{Namespaces: []string{c.Namespace}, ClusterDomain: "cluster.local", Prober: asked, Now: standing.now})
			bringUp(t, c, p)
			g.Consistently(givenUp(t, c)).WithTimeout(2 * time.Second).Should(BeFalse())

			var interfered atomic.Int32
			// The guard reads the Cluster from the API server before a deletion, and at no other time.
			op.writes.fail(func(r *http.Request) bool {
				if r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, "/namespaces/"+c.Namespace+"/clusters/demo-postgres") {
					interfered.Add(1)
					if err := interfere(&standing, c); err != nil {
						t.Errorf("interfering: %v", err)
					}
				}
				return false
			})
			p.stopped.Store(true)
			asked.silence(c.Namespace, "demo-postgres-1")
			g.Eventually(interfered.Load).WithTimeout(soon).Should(BeNumerically(">=", 2))
			g.Expect(op.writes.deletions()).To(BeEmpty())
			op.writes.fail(nil)
			g.Eventually(givenUp(t, c)).WithTimeout(soon).Should(BeTrue(), "a proof without interference counts")
		})
	}
}

// events of a reason about a platform.
func events(t *testing.T, c *v1alpha1.XaTubeCluster, reason string) func() []string {
	t.Helper()
	return func() []string {
		var list corev1.EventList
		if err := api.List(t.Context(), &list, client.InNamespace(c.Namespace)); err != nil {
			return nil
		}
		var out []string
		for _, e := range list.Items {
			if e.Reason == reason && e.InvolvedObject.Name == c.Name {
				out = append(out, e.Message)
			}
		}
		return out
	}
}

// TestAHealthyPrimaryOutlivesAnOutageOfTheAPIServer: for longer than a lost primary is given, neither the primary nor
// the operator gets through, or only the operator's reads do, and the instance manager does not answer either.
func TestAHealthyPrimaryOutlivesAnOutageOfTheAPIServer(t *testing.T) {
	withDatabase(t)
	for name, hit := range map[string]func(*http.Request) bool{
		"no request gets through": func(*http.Request) bool { return true },
		"no write gets through":   func(r *http.Request) bool { return r.Method != http.MethodGet },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			asked := &instances{}
			c, p := guarded(t, nil)
			op := startAsking(t, asked, c.Namespace)
			bringUp(t, c, p)
			g.Consistently(givenUp(t, c)).WithTimeout(2 * time.Second).Should(BeFalse())

			op.writes.fail(hit)
			p.stopped.Store(true)
			asked.silence(c.Namespace, "demo-postgres-1")
			g.Consistently(givenUp(t, c)).WithTimeout(8 * time.Second).Should(BeFalse())
			op.writes.fail(nil)
			// A primary comes back within its retry period and the time to connect.
			g.Consistently(givenUp(t, c)).WithTimeout(1500 * time.Millisecond).Should(BeFalse())
			p.stopped.Store(false)
			g.Consistently(givenUp(t, c)).WithTimeout(longAfter).Should(BeFalse())

			// The same guard still does its work.
			p.stopped.Store(true)
			g.Eventually(givenUp(t, c)).WithTimeout(soon).Should(BeTrue())
		})
	}
}

// TestTheLeaseOfADeadPrimaryIsReleasedForTheCandidate: kubelet reported the end of the primary's container, and
// CloudNativePG named another; the candidate need not wait until the lease runs out.
func TestTheLeaseOfADeadPrimaryIsReleasedForTheCandidate(t *testing.T) {
	withDatabase(t)
	g := NewWithT(t)
	c, p := guarded(t, nil)
	startAsking(t, &instances{}, c.Namespace)
	bringUp(t, c, p)
	holder := func() string {
		lease := &coordinationv1.Lease{}
		if err := exists(t.Context(), lease, c.Namespace, "demo-postgres")(); err != nil {
			return err.Error()
		}
		if lease.Spec.HolderIdentity == nil {
			return ""
		}
		return *lease.Spec.HolderIdentity
	}
	// Were the death not known, the lease would be released when it has run out, and no sooner.
	const duration = 30 * time.Second
	lease := &coordinationv1.Lease{}
	g.Expect(exists(t.Context(), lease, c.Namespace, "demo-postgres")()).To(Succeed())
	before := lease.DeepCopy()
	lease.Spec.LeaseDurationSeconds = new(int32(duration.Seconds()))
	g.Expect(api.Patch(t.Context(), lease, client.MergeFrom(before))).To(Succeed())
	g.Consistently(holder).WithTimeout(2 * time.Second).Should(Equal("demo-postgres-1"))
	p.stopped.Store(true)
	g.Consistently(holder).WithTimeout(time.Second).Should(Equal("demo-postgres-1"))
	died := time.Now()
	pod := &corev1.Pod{}
	g.Expect(exists(t.Context(), pod, c.Namespace, "demo-postgres-1")()).To(Succeed())
	report(t, pod, func() {
		pod.Status.ContainerStatuses = []corev1.ContainerStatus{{Name: "postgres", State: corev1.ContainerState{
			Terminated: &corev1.ContainerStateTerminated{ExitCode: 137, FinishedAt: metav1.NewTime(died.Add(500 * time.Millisecond))},
		}}}
	})
	reportDatabase(t, c.Namespace, func(db *cnpgv1.Cluster) { db.Status.TargetPrimary = cnpgv1.PendingFailoverMarker })
	g.Consistently(holder).WithTimeout(time.Second).Should(Equal("demo-postgres-1"), "nobody waits for it yet")
	reportDatabase(t, c.Namespace, func(db *cnpgv1.Cluster) { db.Status.TargetPrimary = "demo-postgres-2" })
	g.Eventually(holder).WithTimeout(soon).WithPolling(50 * time.Millisecond).Should(BeEmpty())
	g.Expect(time.Since(died)).To(BeNumerically("<", duration-10*time.Second), "before the lease has run out")
}

var errOutage = errors.New("connection refused by the test")

// request is one that the operator sent.
type request struct{ method, path, body string }

// options of a deletion.
func (r request) options(t *testing.T) *metav1.DeleteOptions {
	t.Helper()
	o, _, err := clientgoscheme.Codecs.UniversalDeserializer().Decode([]byte(r.body), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	options, ok := o.(*metav1.DeleteOptions)
	if !ok {
		t.Fatalf("the body of a deletion is a %T", o)
	}
	return options
}

// read is the body of a request, which can be sent after that.
func read(r *http.Request) string {
	if r.Body == nil {
		return ""
	}
	b, err := io.ReadAll(r.Body)
	if err != nil {
		return err.Error()
	}
	r.Body = io.NopCloser(strings.NewReader(string(b)))
	return string(b)
}

// startAsking starts an operator that asks the prober for a primary's signs of life.
func startAsking(t *testing.T, prober guard.Prober, namespaces ...string) *operator {
	t.Helper()
	return startWith(t, controller.Config{Namespaces: namespaces, ClusterDomain: "cluster.local", Prober: prober})
}
