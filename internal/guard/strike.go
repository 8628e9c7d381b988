package guard

import (
	"context"
	"fmt"
	"time"

	cnpgv1 "github.com/cloudnative-pg/api/pkg/api/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/events"
	"github.com/xatube/xatube-operator/internal/failover"
)

const (
	// grace of a pod that is given up. One second, not none: the Pod object then stays until its kubelet has seen the
	// processes end. With none CloudNativePG would start the instance again, on the same volume, while the old one may
	// still run behind a cut link. CloudNativePG fails over from a pod that is being deleted just as soon.
	grace = 1
	// releasedDuration in seconds is what CloudNativePG writes when it releases a lease.
	releasedDuration = 1
)

// strike gives a lost primary's pod up and its lease free, while what the last look saw is still fresh: an operator that
// was held up since then, or a lease that was renewed, begins the proof anew.
func (g *Guard) strike(ctx context.Context, s *subject, m *memory, last failover.Look) error {
	ctx, cancel := context.WithTimeout(ctx, last.Fresh(g.Now()))
	defer cancel()
	looks, since := m.series.Looks(), m.since
	m.series = failover.Series{}
	lease, why, err := g.forbidden(ctx, s, m, last)
	if err != nil || why != "" {
		m.tell(ctx, why)
		return err
	}
	err = g.Client.Delete(ctx, s.primary, client.GracePeriodSeconds(grace),
		client.Preconditions{UID: &s.primary.UID, ResourceVersion: &s.primary.ResourceVersion})
	if apierrors.IsNotFound(err) || apierrors.IsConflict(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("deleting Pod %s of a lost primary: %w", s.primary.Name, err)
	}
	g.report(ctx, s, looks, g.Now().Sub(since))
	return g.release(ctx, lease, "primary lost")
}

// forbidden reads the database anew, for the decision rested on caches, and last of all the lease, which it returns. The
// pod cannot have changed, or it is not deleted.
func (g *Guard) forbidden(ctx context.Context, s *subject, m *memory, last failover.Look) (*coordinationv1.Lease, string, error) {
	db, lease := &cnpgv1.Cluster{}, &coordinationv1.Lease{}
	err := g.Live.Get(ctx, client.ObjectKeyFromObject(s.db), db)
	switch {
	case apierrors.IsNotFound(err):
		return nil, "the database is gone", nil
	case err != nil:
		return nil, "", fmt.Errorf("reading Cluster %s again: %w", s.db.Name, err)
	case db.Status.CurrentPrimary != s.primary.Name:
		return nil, "another instance is the primary", nil
	}
	if why := failover.Obstacle(db, s.primary); why != "" {
		return nil, why, nil
	}
	if err := g.Live.Get(ctx, client.ObjectKeyFromObject(s.lease), lease); err != nil {
		return nil, "", fmt.Errorf("reading Lease %s again: %w", s.lease.Name, err)
	}
	m.see(failover.RecordOf(lease), g.Now())
	return lease, last.Outdated(failover.RecordOf(lease), g.Now()), nil
}

func (g *Guard) report(ctx context.Context, s *subject, looks int, silent time.Duration) {
	message := fmt.Sprintf("Gave up Pod %s of the primary: its lease has not been renewed for %.1f s, its instance manager is silent, "+
		"and %d ready standbys answer (%d looks)", s.primary.Name, silent.Seconds(), len(s.standbys), looks)
	ctrl.LoggerFrom(ctx).Info("Gave up a lost primary", "pod", s.primary.Name, "uid", s.primary.UID, "node", s.primary.Spec.NodeName,
		"silentSeconds", silent.Seconds(), "looks", looks, "standbys", len(s.standbys))
	g.Metrics.Lost(client.ObjectKeyFromObject(s.platform))
	events.Emit(g.Recorder, s.platform, []events.Event{{
		Type: corev1.EventTypeWarning, Reason: v1alpha1.ReasonPrimaryLost, Action: v1alpha1.ConditionDatabaseReady, Message: message,
	}})
}

// assist shortens a failover that is under way: the candidate that CloudNativePG has named waits for the lease of the
// former primary, and begins to count only when it is named.
func (g *Guard) assist(ctx context.Context, s *subject, m *memory) (reconcile.Result, error) {
	if m.trouble.IsZero() {
		m.trouble = g.Now()
	}
	m.series = failover.Series{}
	former := s.db.Status.CurrentPrimary
	again := reconcile.Result{RequeueAfter: step}
	if g.Now().Sub(m.trouble) > eager {
		again.RequeueAfter = idle
	}
	if record := failover.RecordOf(s.lease); record.Holder != former {
		return again, nil
	}
	if s.db.Status.TargetPrimary == cnpgv1.PendingFailoverMarker || !failover.Releasable(m.record, m.since, g.Now(), m.death(former)) {
		return again, nil
	}
	ctx, cancel := context.WithTimeout(ctx, lookTimeout)
	defer cancel()
	lease := &coordinationv1.Lease{}
	if err := g.Live.Get(ctx, client.ObjectKeyFromObject(s.lease), lease); err != nil {
		return again, client.IgnoreNotFound(fmt.Errorf("reading the primary's lease: %w", err))
	}
	record, since := m.see(failover.RecordOf(lease), g.Now())
	if record.Holder != former || !failover.Releasable(record, since, g.Now(), m.death(former)) {
		return again, nil
	}
	return again, g.release(ctx, lease, "failover under way")
}

// release frees a lease as CloudNativePG does when an instance stops, unless it has been written since it was read.
func (g *Guard) release(ctx context.Context, lease *coordinationv1.Lease, why string) error {
	before := lease.DeepCopy()
	now := metav1.NewMicroTime(g.Now())
	lease.Spec.HolderIdentity = nil
	lease.Spec.LeaseDurationSeconds = new(int32(releasedDuration))
	lease.Spec.RenewTime, lease.Spec.AcquireTime = &now, &now
	err := g.Client.Patch(ctx, lease, client.MergeFromWithOptions(before, client.MergeFromWithOptimisticLock{}))
	if apierrors.IsConflict(err) || apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("releasing the lease of a former primary: %w", err)
	}
	ctrl.LoggerFrom(ctx).Info("Released the lease of a former primary", "holder", *before.Spec.HolderIdentity, "because", why)
	return nil
}
