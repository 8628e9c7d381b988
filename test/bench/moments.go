package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// glance is how often the database is looked at while its primary changes.
const glance = 100 * time.Millisecond

// moments of a change of the primary, in seconds since the last write that was acknowledged before it.
type moments struct {
	// Noticed: CloudNativePG has turned away from the former primary.
	Noticed float64 `json:"noticed_s"`
	// Lease: another instance holds it.
	Lease float64 `json:"lease_s"`
	// Promoted: another instance is the primary.
	Promoted float64 `json:"promoted_s"`
	// Written: a write was acknowledged.
	Written float64 `json:"written_s"`
}

// sightings are the times at which the moments were seen.
type sightings struct {
	noticed, lease, promoted time.Time
}

// within tells the moments of a gap.
func (s sightings) within(g gap) moments {
	since := func(t time.Time) float64 {
		if t.IsZero() {
			return 0
		}
		return rounded(t.Sub(g.from).Seconds(), 1)
	}
	return moments{Noticed: since(s.noticed), Lease: since(s.lease), Promoted: since(s.promoted), Written: since(g.until)}
}

// middle of each moment.
func middle(all []interruption) moments {
	of := func(moment func(moments) float64) float64 {
		var values []float64
		for _, i := range all {
			values = append(values, moment(i.moments))
		}
		return rounded(median(values), 1)
	}
	return moments{
		Noticed:  of(func(m moments) float64 { return m.Noticed }),
		Lease:    of(func(m moments) float64 { return m.Lease }),
		Promoted: of(func(m moments) float64 { return m.Promoted }),
		Written:  of(func(m moments) float64 { return m.Written }),
	}
}

// follow watches a change of the primary until writes are acknowledged after it.
func (s *side) follow(ctx context.Context, from string) (sightings, error) {
	limit, cancel := context.WithTimeout(ctx, moveTimeout)
	defer cancel()
	glances := time.NewTicker(glance)
	defer glances.Stop()
	var seen sightings
	var failure error
	for seen.promoted.IsZero() {
		if err := s.look(limit, from, &seen); err != nil && limit.Err() == nil {
			failure = err
		}
		select {
		case <-limit.Done():
			err := fmt.Errorf("waiting for another primary than %s of %s: %w", from, s.database, errors.Join(limit.Err(), failure))
			return seen, s.kube.Explain(ctx, s.database.Namespace, err)
		case <-glances.C:
		}
	}
	return seen, s.awaitWrite(ctx, seen.promoted)
}

// look notes what is seen for the first time.
func (s *side) look(ctx context.Context, from string, seen *sightings) error {
	db, err := s.kube.Database(ctx, s.database)
	if err != nil {
		return err
	}
	lease, err := s.kube.Clientset.CoordinationV1().Leases(s.database.Namespace).Get(ctx, s.database.Name, metav1.GetOptions{})
	if err != nil {
		return fmt.Errorf("reading the lease of the primary: %w", err)
	}
	now := time.Now()
	holder := ""
	if lease.Spec.HolderIdentity != nil {
		holder = *lease.Spec.HolderIdentity
	}
	first(&seen.noticed, now, db.Status.TargetPrimary != from)
	first(&seen.lease, now, holder != "" && holder != from)
	first(&seen.promoted, now, db.Status.CurrentPrimary != from)
	return nil
}

func first(moment *time.Time, now time.Time, happened bool) {
	if happened && moment.IsZero() {
		*moment = now
	}
}
