package main

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/xatube/xatube-operator/internal/component/naming"
	"github.com/xatube/xatube-operator/test/drive"
)

// switchovers that are asked for.
const switchovers = 5

// switchover is what users saw of planned changes of the primary.
type switchover struct {
	Bench        string    `json:"bench"`
	Switchovers  int       `json:"switchovers"`
	Median       float64   `json:"gap_median_s"`
	Max          float64   `json:"gap_max_s"`
	Lost         int       `json:"lost"`
	Each         []float64 `json:"gap_s"`
	Acknowledged int       `json:"acknowledged"`
	Further      float64   `json:"further_s"`
	Timeline     moments   `json:"timeline"`
	unserved
}

// switchingOver asks for another primary again and again while users write.
func switchingOver(ctx context.Context, kube *drive.Client) (result any, err error) {
	l := layout{namespace: "bench-switchover", class: "standard"}
	s := l.managedSide(kube)
	end, err := start(ctx, kube, s.platform, l.managed(allInstances))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, end()) }()
	stop, err := s.open(ctx, l.node)
	if err != nil {
		return nil, kube.Explain(ctx, l.namespace, err)
	}
	defer stop()
	for n := range switchovers {
		if err := s.endure(ctx, fmt.Sprintf("switchover %d of %d", n+1, switchovers), s.switchAway); err != nil {
			return nil, err
		}
	}
	account, err := s.account(ctx)
	each := lengths(s.interruptions)
	return switchover{
		Bench: "switchover", Switchovers: switchovers, Median: rounded(median(each), 1), Max: rounded(slices.Max(each), 1),
		Lost: len(account.lost), Each: each, Acknowledged: len(account.acknowledged),
		Further: further(s.interruptions), Timeline: middle(s.interruptions), unserved: summarize(s.interruptions),
	}, err
}

// switchAway asks the operator for a switchover to an instance that is not the primary.
func (s *side) switchAway(ctx context.Context, primary string) error {
	pods, err := s.kube.Instances(ctx, s.database)
	if err != nil {
		return err
	}
	for i := range pods {
		if name := pods[i].Name; name != primary {
			return s.kube.Change(ctx, s.platform, fmt.Sprintf(`{"metadata":{"annotations":{%q:%q}}}`, naming.AnnotationPromote, name))
		}
	}
	return fmt.Errorf("%s has no other instance than %s", s.database, primary)
}
