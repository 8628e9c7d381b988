package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	cnpgv1 "github.com/cloudnative-pg/api/pkg/api/v1"

	"github.com/xatube/xatube-operator/test/drive"
)

// looseKills of the baseline without its durability.
const looseKills = 3

// failover is what users saw of the death of the primary's pod.
type failover struct {
	Bench string `json:"bench"`
	Kills int    `json:"kills"`
	comparison
	unserved

	// The same of the platform with a pooler, and of the baseline.
	pooledUnserved
	baselineUnserved
	Pooled     float64   `json:"rto_pooler_median_s"`
	PooledEach []float64 `json:"rto_pooler_s"`
	PooledLost int       `json:"lost_pooler"`

	// The baseline without synchronous replication, as CloudNativePG has it when nobody asks for it.
	Loose     float64   `json:"asynchronous_rto_median_s"`
	LooseEach []float64 `json:"asynchronous_rto_s"`
	LooseLost int       `json:"asynchronous_lost"`
}

func failoverOf(kills int) benchmark {
	return func(ctx context.Context, kube *drive.Client) (any, error) { return failingOver(ctx, kube, kills) }
}

// failingOver kills the primaries of the platform, of the baseline and of the platform with a pooler in turn, each when its
// side is whole.
func failingOver(ctx context.Context, kube *drive.Client, kills int) (result any, err error) {
	sides, end, err := layout{namespace: "bench-failover", class: "standard", pooled: true}.start(ctx, kube)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, end()) }()
	platform, baseline, pooled := sides[0], sides[1], sides[2]
	for n := range kills {
		for _, s := range sides {
			if err := s.endure(ctx, fmt.Sprintf("kill %d of %d", n+1, kills), s.killPrimary); err != nil {
				return nil, err
			}
		}
	}
	loose, err := baseline.loosen(ctx)
	if err != nil {
		return nil, err
	}
	for n := range min(looseKills, kills) {
		if err := loose.endure(ctx, fmt.Sprintf("kill %d of %d", n+1, min(looseKills, kills)), loose.killPrimary); err != nil {
			return nil, err
		}
	}
	ours, theirs, err := accounts(ctx, platform, baseline)
	if err != nil {
		return nil, err
	}
	behind, err := pooled.account(ctx)
	if err != nil {
		return nil, err
	}
	durable := account{until(theirs.acknowledged, loose.since), until(theirs.lost, loose.since)}
	return failover{
		Bench: "failover", Kills: kills, comparison: compare(platform, baseline, ours, durable),
		unserved: summarize(platform.interruptions), pooledUnserved: pooledUnserved(summarize(pooled.interruptions)), baselineUnserved: baselineUnserved(summarize(baseline.interruptions)),
		Pooled: rounded(median(lengths(pooled.interruptions)), 1), PooledEach: lengths(pooled.interruptions), PooledLost: len(behind.lost),
		Loose: rounded(median(lengths(loose.interruptions)), 1), LooseEach: lengths(loose.interruptions),
		LooseLost: len(theirs.lost) - len(durable.lost),
	}, nil
}

// looseSide is a side from the moment when its durability was given up.
type looseSide struct {
	side
	since time.Time
}

// loosen takes synchronous replication from the database.
func (s *side) loosen(ctx context.Context) (*looseSide, error) {
	db := &cnpgv1.Cluster{}
	db.Namespace, db.Name = s.database.Namespace, s.database.Name
	l := &looseSide{side: *s, since: time.Now()}
	l.name += ", asynchronous"
	l.interruptions = nil
	if err := s.kube.Patch(ctx, db, drive.Merge(`{"spec":{"postgresql":{"synchronous":null}}}`)); err != nil {
		return nil, fmt.Errorf("taking the durability from %s: %w", s.database, err)
	}
	return l, l.settled(ctx)
}
