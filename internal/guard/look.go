package guard

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	coordinationv1ac "k8s.io/client-go/applyconfigurations/coordination/v1"
	metav1ac "k8s.io/client-go/applyconfigurations/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component/naming"
	"github.com/xatube/xatube-operator/internal/failover"
)

// lookTimeout bounds the requests of one look. One that takes longer proves nothing.
const lookTimeout = time.Second

// inquire looks once more at a primary whose lease is silent, and gives it up when that has been seen for long enough.
func (g *Guard) inquire(ctx context.Context, s *subject, m *memory) (reconcile.Result, error) {
	l := g.look(ctx, s, m)
	since := m.since
	if l.Failure == nil {
		_, since = m.see(l.Record, l.End)
	}
	why := m.series.Add(l, since, failover.Needed(s.db))
	if why == "" {
		return reconcile.Result{RequeueAfter: step}, g.strike(ctx, s, m, l)
	}
	if m.series.Looks() == 0 {
		m.tell(ctx, why)
	}
	return reconcile.Result{RequeueAfter: next(l)}, nil
}

// next is the pause before the next look.
func next(l failover.Look) time.Duration {
	if l.Failure != nil || l.Primary == failover.Alive {
		return calm
	}
	return pause
}

// look at everything at once: the lease as the API server has it, whether the API server takes a write, the primary's
// instance manager, its node when that never answered, and the standbys.
func (g *Guard) look(ctx context.Context, s *subject, m *memory) failover.Look {
	ctx, cancel := context.WithTimeout(ctx, lookTimeout)
	defer cancel()
	l := failover.Look{Start: g.Now()}
	lease := &coordinationv1.Lease{}
	var read, wrote error
	var standbys atomic.Int32
	var wg sync.WaitGroup
	wg.Go(func() { read = g.Live.Get(ctx, client.ObjectKeyFromObject(s.lease), lease) })
	wg.Go(func() { wrote = g.canary(ctx, s.platform) })
	wg.Go(func() { l.Primary = g.primary(ctx, s.primary, m) })
	for _, pod := range s.standbys {
		wg.Go(func() {
			if g.Prober.Ready(ctx, pod) {
				standbys.Add(1)
			}
		})
	}
	wg.Wait()
	l.Failure = errors.Join(read, wrote)
	if l.Primary == failover.Unknown && l.Failure == nil {
		l.Node, l.Failure = g.node(ctx, s.primary, m)
	}
	l.Record, l.Standbys, l.End = failover.RecordOf(lease), int(standbys.Load()), g.Now()
	return l
}

// primary asks the primary's instance manager. Silence counts only of one that the operator has been able to reach.
func (g *Guard) primary(ctx context.Context, pod *corev1.Pod, m *memory) failover.Answer {
	switch {
	case g.Prober.Alive(ctx, pod):
		m.answer(pod.UID)
		return failover.Alive
	case m.answered == pod.UID:
		return failover.Silent
	}
	return failover.Unknown
}

// node reads the Lease that the kubelet of the primary's node renews. An operator that is limited to namespaces may
// not read it, and then nothing is known.
func (g *Guard) node(ctx context.Context, pod *corev1.Pod, m *memory) (failover.Answer, error) {
	lease := &coordinationv1.Lease{}
	err := g.Live.Get(ctx, client.ObjectKey{Namespace: corev1.NamespaceNodeLease, Name: pod.Spec.NodeName}, lease)
	switch {
	case apierrors.IsForbidden(err), apierrors.IsNotFound(err):
		return failover.Unknown, nil
	case err != nil:
		return failover.Unknown, fmt.Errorf("reading the Lease of node %s: %w", pod.Spec.NodeName, err)
	}
	return m.seeNode(failover.RecordOf(lease).Renewed, g.Now()), nil
}

// canary renews a Lease of the operator's own, beside the primary's: that this succeeds shows that the API server takes
// writes while the primary does not write. It is not done on the primary's Lease, where it might outrun a slow primary.
func (g *Guard) canary(ctx context.Context, c *v1alpha1.XaTubeCluster) error {
	lease := coordinationv1ac.Lease(naming.PostgresGuard(c), c.Namespace).
		WithLabels(naming.Labels(c, naming.Postgres)).
		WithOwnerReferences(metav1ac.OwnerReference().
			WithAPIVersion(v1alpha1.GroupVersion.String()).WithKind("XaTubeCluster").WithName(c.Name).WithUID(c.UID)).
		WithSpec(coordinationv1ac.LeaseSpec().
			WithHolderIdentity(g.Identity).
			WithLeaseDurationSeconds(1).
			WithRenewTime(metav1.NewMicroTime(g.Now())))
	if err := g.Client.Apply(ctx, lease, client.FieldOwner(naming.FieldManager), client.ForceOwnership); err != nil {
		return fmt.Errorf("writing Lease %s: %w", naming.PostgresGuard(c), err)
	}
	return nil
}
