package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/xatube/xatube-operator/internal/component/naming"
	"github.com/xatube/xatube-operator/test/drive"
)

const (
	// writeRate is in comments a second: an interruption is seen to 50 ms.
	writeRate = 20
	// settle is how long a database that is whole again is written to before the next disturbance.
	settle = 5 * time.Second
	// moveTimeout of a change of the primary; wholeTimeout until all instances run again.
	moveTimeout  = 5 * time.Minute
	wholeTimeout = 5 * time.Minute
)

// side is one of what is compared: a platform, the database behind it, and users who write through its edge.
type side struct {
	kube               *drive.Client
	name               string
	platform, database types.NamespacedName

	reader        *drive.User
	video         drive.Video
	writers       *drive.Visitors
	interruptions []interruption
}

// interruption of the writes by one disturbance of the database.
type interruption struct {
	seconds, further float64
	moments          moments
	// Of the requests that ended between the disturbance and the moment when all was whole again.
	writes, reads drive.Outcome
}

// open starts the writers.
func (s *side) open(ctx context.Context, node string) (stop func(), err error) {
	site, stop, err := s.kube.OpenSite(ctx, s.platform)
	if err != nil {
		return nil, err
	}
	if s.reader, err = site.Unlimited().Register(ctx); err != nil {
		return stop, err
	}
	if s.video, _, err = s.reader.Upload(ctx, s.name, []byte("clip")); err != nil {
		return stop, err
	}
	s.writers, err = s.kube.StartWriters(ctx, s.platform.Namespace, node, s.platform.Name+"-"+naming.Edge, s.video.ID, writeRate)
	return stop, err
}

func (s *side) acknowledged() ([]drive.Row, error) {
	seconds, err := s.writers.Seconds()
	return rows(seconds), err
}

func (s *side) primary(ctx context.Context) (string, error) {
	db, err := s.kube.Database(ctx, s.database)
	if err != nil {
		return "", err
	}
	return db.Status.CurrentPrimary, nil
}

// endure disturbs the database and waits until it is whole again.
func (s *side) endure(ctx context.Context, what string, disturb func(ctx context.Context, primary string) error) error {
	primary, err := s.primary(ctx)
	if err != nil {
		return err
	}
	started := time.Now()
	if err := disturb(ctx, primary); err != nil {
		return err
	}
	seen, err := s.follow(ctx, primary)
	if err != nil {
		return err
	}
	return s.recover(ctx, what, started, seen)
}

// recover waits until the side is whole again after a disturbance, and notes what it did to the requests.
func (s *side) recover(ctx context.Context, what string, started time.Time, seen sightings) error {
	if err := s.settled(ctx); err != nil {
		return err
	}
	return s.note(what, started, seen)
}

// note adds an interruption to those that were seen.
func (s *side) note(what string, started time.Time, seen sightings) error {
	seconds, err := s.writers.Seconds()
	if err != nil {
		return err
	}
	ended := time.Now()
	most, further := longest(gaps(rows(seconds), started, ended))
	i := interruption{seconds: rounded(most.length().Seconds(), 2), further: rounded(further.Seconds(), 2), moments: seen.within(most)}
	var failures []string
	i.writes, i.reads, failures = outcomes(seconds, started, ended)
	fmt.Fprintf(os.Stderr, "%s: %s: %s\n", s.name, what, i)
	for _, line := range counted(failures) {
		fmt.Fprintf(os.Stderr, "  %s\n", line)
	}
	s.interruptions = append(s.interruptions, i)
	return nil
}

func (i interruption) String() string {
	m := i.moments
	return fmt.Sprintf("no write for %.2f s (noticed %.1f, lease %.1f, promoted %.1f); further interruptions %.2f s; failed %d of %d writes, %d of %d reads",
		i.seconds, m.Noticed, m.Lease, m.Promoted, i.further, i.writes.Failed, i.writes.Requests, i.reads.Failed, i.reads.Requests)
}

// settled waits until all is ready, and for a while of writes.
func (s *side) settled(ctx context.Context) error {
	if err := s.kube.WaitWhole(ctx, s.database, wholeTimeout); err != nil {
		return err
	}
	if err := s.kube.WaitReady(ctx, s.platform, wholeTimeout); err != nil {
		return err
	}
	return drive.Pass(ctx, settle)
}

// awaitWrite waits until a write was acknowledged after a moment.
func (s *side) awaitWrite(ctx context.Context, after time.Time) error {
	err := drive.Until(ctx, moveTimeout, "write of "+s.name, func(context.Context) error {
		acknowledged, err := s.acknowledged()
		if err != nil {
			return drive.Abort(err)
		}
		if n := len(acknowledged); n == 0 || acknowledged[n-1].At.Before(after) {
			return errors.New("none was acknowledged")
		}
		return nil
	})
	if err != nil {
		return s.kube.Explain(ctx, s.platform.Namespace, err)
	}
	return nil
}

func (s *side) killPrimary(ctx context.Context, primary string) error {
	return s.kube.Kill(ctx, s.database.Namespace, primary)
}

// account is what became of the rows, after the writers have stopped.
type account struct {
	acknowledged, lost []drive.Row
}

func (s *side) account(ctx context.Context) (account, error) {
	seconds, err := s.writers.Stop(ctx)
	if err != nil {
		return account{}, err
	}
	acknowledged := rows(seconds)
	present, err := s.reader.Comments(ctx, s.video.ID)
	if err != nil {
		return account{}, fmt.Errorf("reading the rows of %s back: %w", s.name, err)
	}
	missing := lost(acknowledged, present)
	for _, row := range missing {
		fmt.Fprintf(os.Stderr, "%s: %s, acknowledged at %s, is lost\n", s.name, row.Text(), row.At.Format(time.StampMilli))
	}
	return account{acknowledged, missing}, nil
}
