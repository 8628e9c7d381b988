package main

import (
	"context"
	"errors"
	"fmt"

	"k8s.io/apimachinery/pkg/types"

	"github.com/xatube/xatube-operator/test/drive"
)

// kills of the primary on either side.
const kills = 5

// failover is what users saw of the death of the primary's pod.
type failover struct {
	Bench string `json:"bench"`
	Kills int    `json:"kills"`
	comparison
}

// failingOver kills the primary of the platform and that of the baseline in turn, each when its side is whole.
func failingOver(ctx context.Context, kube *drive.Client) (result any, err error) {
	sides, end, err := layout{namespace: "bench-failover", class: "standard"}.start(ctx, kube, anywhere)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, end()) }()
	for n := range kills {
		for _, s := range sides {
			if err := s.endure(ctx, fmt.Sprintf("kill %d of %d", n+1, kills), s.killPrimary); err != nil {
				return nil, err
			}
		}
	}
	compared, err := compare(ctx, sides[0], sides[1])
	return failover{Bench: "failover", Kills: kills, comparison: compared}, err
}

// anywhere leaves the instances where the scheduler puts them.
func anywhere(context.Context, ...types.NamespacedName) error { return nil }
