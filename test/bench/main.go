// Command bench measures the operator on a real cluster. Each benchmark tells its progress on standard error and ends
// with one line of JSON on standard output.
package main

import (
	"context"
	"encoding/json"
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

// benchmarks by name; each returns what its line of JSON says.
var benchmarks = map[string]func(context.Context, *drive.Client) (any, error){
	"failover":   failingOver,
	"nodeloss":   losingNodes,
	"ready":      ready,
	"rollout":    rolling,
	"streams":    streaming,
	"switchover": switchingOver,
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

func run(ctx context.Context, args []string) error {
	if len(args) != 1 || benchmarks[args[0]] == nil {
		return fmt.Errorf("usage: bench %s", strings.Join(slices.Sorted(maps.Keys(benchmarks)), "|"))
	}
	kube, err := drive.Connect("")
	if err != nil {
		return err
	}
	result, err := benchmarks[args[0]](ctx, kube)
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
