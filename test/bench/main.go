// Command bench measures the operator on a real cluster. Each benchmark tells its progress on standard error and ends
// with one line of JSON on standard output.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"github.com/go-logr/logr"
	ctrllog "sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/xatube/xatube-operator/test/drive"
)

// benchmark returns what its line of JSON says.
type benchmark func(context.Context, *drive.Client) (any, error)

// benchmarks by name.
func benchmarks(kills int) map[string]benchmark {
	return map[string]benchmark{
		"failover":   failoverOf(kills),
		"nodeloss":   losingNodes,
		"ready":      ready,
		"rollout":    rolling,
		"streams":    streaming,
		"switchover": switchingOver,
	}
}

func main() {
	ctrllog.SetLogger(logr.Discard())
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// choose reads which benchmark is meant.
func choose(args []string) (benchmark, error) {
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	kills := flags.Int("kills", 5, "how often failover kills the primary of each database")
	if err := flags.Parse(args); err != nil {
		return nil, fmt.Errorf("reading the arguments: %w", err)
	}
	known := benchmarks(*kills)
	if flags.NArg() != 1 || known[flags.Arg(0)] == nil || *kills < 1 {
		return nil, fmt.Errorf("usage: bench [-kills N] %s, with N of 1 or more", strings.Join(slices.Sorted(maps.Keys(known)), "|"))
	}
	return known[flags.Arg(0)], nil
}

func run(ctx context.Context, args []string) error {
	measure, err := choose(args)
	if err != nil {
		return err
	}
	kube, err := drive.Connect("")
	if err != nil {
		return err
	}
	result, err := measure(ctx, kube)
	if err != nil {
		return err
	}
	line, err := json.Marshal(result)
	if err != nil {
		return fmt.Errorf("writing the result: %w", err)
	}
	fmt.Println(string(line))
	return nil
}
