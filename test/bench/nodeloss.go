package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/xatube/xatube-operator/test/drive"
)

// placeTimeout covers the creation of the first instance of each database.
const placeTimeout = 4 * time.Minute

// databasesOnly keeps all pods off a node but the instances of Postgres, which tolerate it.
var databasesOnly = corev1.Taint{Key: databasesTaint, Effect: corev1.TaintEffectNoSchedule}

// losses of the node of both primaries, and what brings it back.
var losses = []struct{ fault, cure drive.Fault }{
	{drive.Cut, drive.Heal},
	{drive.Cut, drive.Heal},
	{drive.Kill, drive.Restore},
}

// nodeloss is what users saw of the loss of the primary's node.
type nodeloss struct {
	Bench  string `json:"bench"`
	Losses int    `json:"losses"`
	comparison
}

// losingNodes takes a node away on which nothing runs but the primaries of both sides; all else, the other instances
// too, is on another one. So the database alone is measured, and both sides see the same loss.
func losingNodes(ctx context.Context, kube *drive.Client) (result any, err error) {
	doomed, survivor, err := twoNodes(ctx, kube)
	if err != nil {
		return nil, err
	}
	l := layout{namespace: "bench-nodeloss", node: survivor, class: "local", place: func(ctx context.Context, databases ...types.NamespacedName) error {
		return firstApart(ctx, kube, doomed, survivor, databases)
	}}
	defer func() { err = errors.Join(err, reopen(ctx, kube, doomed, survivor)) }()
	if err := vacate(ctx, kube, doomed, survivor); err != nil {
		return nil, err
	}
	sides, end, err := l.start(ctx, kube)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, end()) }()
	if err := kube.Release(ctx, doomed, drive.Closed); err != nil {
		return nil, err
	}
	for n, loss := range losses {
		fmt.Fprintf(os.Stderr, "loss %d of %d: %s of %s\n", n+1, len(losses), loss.fault, doomed)
		if err := lose(ctx, sides, doomed, loss.fault, loss.cure); err != nil {
			return nil, err
		}
	}
	ours, theirs, err := accounts(ctx, sides[0], sides[1])
	if err != nil {
		return nil, err
	}
	return nodeloss{Bench: "nodeloss", Losses: len(losses), comparison: compare(sides[0], sides[1], ours, theirs)}, nil
}

// twoNodes chooses the node that is lost and the one that is not.
func twoNodes(ctx context.Context, kube *drive.Client) (doomed, survivor string, err error) {
	var nodes corev1.NodeList
	if err := kube.List(ctx, &nodes); err != nil {
		return "", "", fmt.Errorf("listing nodes: %w", err)
	}
	if n := len(nodes.Items); n != 2 {
		return "", "", fmt.Errorf("the cluster has %d nodes, want 2", n)
	}
	return nodes.Items[1].Name, nodes.Items[0].Name, nil
}

// vacate moves all pods off the doomed node, also those of the operators and the DNS, and keeps others than databases
// off it; the surviving one takes none yet.
func vacate(ctx context.Context, kube *drive.Client, doomed, survivor string) error {
	if err := kube.Reserve(ctx, doomed, databasesOnly); err != nil {
		return err
	}
	if err := kube.Vacate(ctx, doomed); err != nil {
		return err
	}
	return kube.Reserve(ctx, survivor, drive.Closed)
}

// reopen lets both nodes take any pods again, whatever happened.
func reopen(ctx context.Context, kube *drive.Client, doomed, survivor string) error {
	ctx = context.WithoutCancel(ctx)
	return errors.Join(kube.Release(ctx, doomed, drive.Closed), kube.Release(ctx, survivor, drive.Closed), kube.Release(ctx, doomed, databasesOnly))
}

// firstApart lets the first instance of each database onto the doomed node, and all others onto the surviving one: a
// standby that is lost together with the primary may be the one that has the last rows, and then nobody is promoted.
func firstApart(ctx context.Context, kube *drive.Client, doomed, survivor string, databases []types.NamespacedName) error {
	for _, database := range databases {
		err := drive.Until(ctx, placeTimeout, "first instance of "+database.String(), func(ctx context.Context) error {
			pods, err := kube.Instances(ctx, database)
			if err != nil {
				return err
			}
			if len(pods) == 0 || pods[0].Spec.NodeName == "" {
				return errors.New("it has no node yet")
			}
			return nil
		})
		if err != nil {
			return kube.Explain(ctx, database.Namespace, err)
		}
	}
	return errors.Join(kube.Reserve(ctx, doomed, drive.Closed), kube.Release(ctx, survivor, drive.Closed))
}

// lose takes the node of both primaries away and brings it back when both sides have others.
func lose(ctx context.Context, sides []*side, node string, fault, cure drive.Fault) error {
	primaries := make([]string, len(sides))
	for i, s := range sides {
		var err error
		if primaries[i], err = s.moveTo(ctx, node); err != nil {
			return err
		}
	}
	started := time.Now()
	if err := drive.Inflict(ctx, fault, node); err != nil {
		return err
	}
	seen := make([]sightings, len(sides))
	failures := make([]error, len(sides)+1)
	var following sync.WaitGroup
	for i, s := range sides {
		following.Go(func() { seen[i], failures[i] = s.follow(ctx, primaries[i]) })
	}
	following.Wait()
	failures[len(sides)] = drive.Inflict(context.WithoutCancel(ctx), cure, node)
	if err := errors.Join(failures...); err != nil {
		return err
	}
	for i, s := range sides {
		if err := s.recover(ctx, string(fault), started, seen[i]); err != nil {
			return err
		}
	}
	return nil
}

// moveTo makes the one instance on a node the primary.
func (s *side) moveTo(ctx context.Context, node string) (string, error) {
	pods, err := s.kube.Instances(ctx, s.database)
	if err != nil {
		return "", err
	}
	var there []string
	for i := range pods {
		if pods[i].Spec.NodeName == node {
			there = append(there, pods[i].Name)
		}
	}
	if len(there) != 1 {
		return "", fmt.Errorf("%s has %d instances on %s, want 1: %v", s.database, len(there), node, there)
	}
	primary, err := s.primary(ctx)
	if err != nil || primary == there[0] {
		return primary, err
	}
	if err := s.kube.Promote(ctx, s.database, there[0]); err != nil {
		return "", err
	}
	return there[0], s.settled(ctx)
}
