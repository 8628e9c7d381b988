// Package guard watches the Lease by which a primary shows that it lives. When a primary is lost together with its node,
// Kubernetes takes most of a minute to say so; the guard gives its Pod up after seconds, so that CloudNativePG fails
// over. What counts as lost is decided in package failover; who is promoted is CloudNativePG's decision alone.
//
// Every replica of the operator guards, not only the leader: the node that is lost may be the leader's. Each write
// carries a precondition, so that only one of several has an effect.
package guard

import (
	"context"
	"fmt"
	"time"

	cnpgv1 "github.com/cloudnative-pg/api/pkg/api/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	k8sevents "k8s.io/client-go/tools/events"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component/naming"
	"github.com/xatube/xatube-operator/internal/component/postgres"
	"github.com/xatube/xatube-operator/internal/failover"
	"github.com/xatube/xatube-operator/internal/metrics"
	"github.com/xatube/xatube-operator/internal/observe"
)

// Capabilities tells which optional APIs exist.
type Capabilities interface {
	Installed(ctx context.Context) (map[schema.GroupVersionKind]bool, error)
}

// Guard of the primaries of all platforms whose failover is Fast.
type Guard struct {
	// Client reads from the operator's caches, and writes.
	Client client.Client
	// Live reads from the API server.
	Live         client.Reader
	Prober       Prober
	Capabilities Capabilities
	Recorder     k8sevents.EventRecorder
	Metrics      *metrics.Failovers
	// Identity of this replica of the operator.
	Identity string
	// Now is the clock.
	Now func() time.Time

	memories memories
}

const (
	// pause between two looks at a primary that may be lost.
	pause = 250 * time.Millisecond
	// calm is the pause after a look that found the primary alive though its lease is silent: it is cut off from the
	// API server alone, which may last.
	calm = 2 * time.Second
	// step is how soon a failover that is under way is looked at again, in the caches alone.
	step = 200 * time.Millisecond
	// idle is how soon a silent lease is looked at again that something stands in the way of.
	idle = 5 * time.Second
)

// subject is what the caches hold of a guarded database.
type subject struct {
	platform *v1alpha1.XaTubeCluster
	db       *cnpgv1.Cluster
	lease    *coordinationv1.Lease
	// primary is nil when there is no such pod.
	primary *corev1.Pod
	// standbys are the other instances that kubelet calls ready.
	standbys []*corev1.Pod
}

// Reconcile looks after one platform. While its primary renews its lease, this costs neither a request nor a write.
func (g *Guard) Reconcile(ctx context.Context, req reconcile.Request) (reconcile.Result, error) {
	s, err := g.read(ctx, req.NamespacedName)
	if err != nil {
		return reconcile.Result{}, err
	}
	if s == nil {
		g.memories.forget(req.NamespacedName)
		return reconcile.Result{}, nil
	}
	m := g.memories.of(req.NamespacedName)
	record, since := m.see(failover.RecordOf(s.lease), g.Now())
	if failover.InProgress(s.db) {
		return g.assist(ctx, s, m)
	}
	terms := failover.TermsFor(record.Duration)
	if quiet := g.Now().Sub(since); record.Duration > 0 && quiet < terms.Quiet {
		m.rest()
		g.acquaint(ctx, s, m)
		return reconcile.Result{RequeueAfter: terms.Quiet - quiet}, nil
	}
	if why := obstacle(s, record); why != "" {
		return reconcile.Result{RequeueAfter: m.wait(ctx, s, why, g.Now())}, nil
	}
	return g.inquire(ctx, s, m)
}

func obstacle(s *subject, r failover.Record) string {
	if why := failover.Obstacle(s.db, s.primary); why != "" {
		return why
	}
	if r.Holder != s.db.Status.CurrentPrimary {
		return "the lease is not the primary's"
	}
	return ""
}

// read the subject from the caches; nil when there is nothing to guard.
func (g *Guard) read(ctx context.Context, key types.NamespacedName) (*subject, error) {
	s := &subject{platform: &v1alpha1.XaTubeCluster{}, db: &cnpgv1.Cluster{}, lease: &coordinationv1.Lease{}}
	if err := g.Client.Get(ctx, key, s.platform); err != nil {
		return nil, client.IgnoreNotFound(err)
	}
	if !guarded(s.platform) {
		return nil, nil
	}
	apis, err := g.Capabilities.Installed(ctx)
	if err != nil || !apis[observe.CNPGCluster] {
		return nil, err
	}
	name := client.ObjectKey{Namespace: key.Namespace, Name: naming.Child(s.platform, naming.Postgres)}
	for _, o := range []client.Object{s.db, s.lease} {
		if err := g.Client.Get(ctx, name, o); err != nil {
			return nil, client.IgnoreNotFound(err)
		}
	}
	return s, g.instances(ctx, s)
}

func guarded(c *v1alpha1.XaTubeCluster) bool {
	return c.DeletionTimestamp.IsZero() && c.Spec.Postgres.External == nil && postgres.FailsOverFast(c)
}

func (g *Guard) instances(ctx context.Context, s *subject) error {
	for _, name := range s.db.Status.InstanceNames {
		pod := &corev1.Pod{}
		err := g.Client.Get(ctx, client.ObjectKey{Namespace: s.db.Namespace, Name: name}, pod)
		switch {
		case client.IgnoreNotFound(err) != nil:
			return fmt.Errorf("reading instance %s: %w", name, err)
		case err != nil:
		case name == s.db.Status.CurrentPrimary:
			s.primary = pod
		case pod.DeletionTimestamp == nil && observe.PodReady(pod):
			s.standbys = append(s.standbys, pod)
		}
	}
	return nil
}

// acquaint learns, while all is well, whether the operator can reach the primary's instance manager at all.
func (g *Guard) acquaint(ctx context.Context, s *subject, m *memory) {
	if s.primary == nil || !m.ask(s.primary.UID, g.Now()) {
		return
	}
	if g.Prober.Alive(ctx, s.primary) {
		m.answer(s.primary.UID)
		return
	}
	ctrl.LoggerFrom(ctx).Info("Primary's instance manager does not answer the operator; only its node's Lease can tell a loss of the node",
		"pod", s.primary.Name)
}

// Silence is since when the lease of a platform's primary has not been renewed; zero while it is, or when nobody knows.
func (g *Guard) Silence(key types.NamespacedName) time.Time {
	m := g.memories.known(key)
	if m == nil {
		return time.Time{}
	}
	return m.silence(g.Now())
}
