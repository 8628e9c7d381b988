// Command dashboards proves the dashboards on a real Prometheus: after traffic with a stream and a failover it asks every
// query of every panel and every recording rule, and draws what the panels show. `make verify-dashboards` brings the
// cluster, prometheus-operator and the operator. Its progress goes to standard error; the last line is the result.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/go-logr/logr"
	"k8s.io/apimachinery/pkg/types"
	ctrllog "sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/xatube/xatube-operator/test/drive"
)

// pause between two rounds of questions: an answer may need another scrape.
const pause = 15 * time.Second

type options struct {
	monitoring, pictures string
	address              string
	platform             types.NamespacedName
	traffic, patience    time.Duration
	keep                 bool
}

func main() {
	var o options
	flag.StringVar(&o.monitoring, "monitoring", "internal/component/monitoring", "folder of dashboards and rules")
	flag.StringVar(&o.pictures, "pictures", "", "folder for a picture of each dashboard; empty: none")
	flag.StringVar(&o.address, "prometheus", "", "address of a Prometheus; empty: that of the cluster, after traffic on a platform made for it")
	flag.StringVar(&o.platform.Namespace, "namespace", "dashboards", "namespace of the platform")
	flag.StringVar(&o.platform.Name, "platform", "tube", "name of the platform")
	flag.DurationVar(&o.traffic, "traffic", 5*time.Minute, "how long people use the platform")
	flag.DurationVar(&o.patience, "patience", 2*time.Minute, "how long answers may take to appear after that")
	flag.BoolVar(&o.keep, "keep", false, "keep the platform")
	flag.Parse()
	ctrllog.SetLogger(logr.Discard())
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, o)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options) (err error) {
	if o.address != "" {
		return o.verify(ctx, drive.OpenPrometheus(o.address))
	}
	kube, err := drive.Connect("")
	if err != nil {
		return err
	}
	prometheus, stop, err := kube.Prometheus(ctx, "monitoring", "prometheus-operated")
	if err != nil {
		return fmt.Errorf("%w: run make cluster-monitoring first", err)
	}
	defer stop()
	o.platform.Name = "tube"
	end, err := play(ctx, kube, o.platform, o.traffic)
	if end != nil && !o.keep {
		defer func() { err = errors.Join(err, end()) }()
	}
	if err != nil {
		return err
	}
	return o.verify(ctx, prometheus)
}

// errSilent says that something has no data.
var errSilent = errors.New("not every question was answered")

func (o options) verify(ctx context.Context, prometheus asker) error {
	monitoring := os.DirFS(o.monitoring)
	all, err := boards(monitoring, o.platform)
	if err != nil {
		return err
	}
	rules, err := recordings(monitoring, o.platform)
	if err != nil {
		return err
	}
	v, err := o.wait(ctx, prometheus, all, rules)
	if err != nil {
		return err
	}
	for _, line := range v.unanswered {
		fmt.Fprintln(os.Stderr, "no data:", line)
	}
	if err := o.draw(ctx, prometheus, all); err != nil {
		return err
	}
	line, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("encoding the result: %w", err)
	}
	fmt.Println(string(line))
	if len(v.unanswered) > 0 {
		return errSilent
	}
	return nil
}

// wait asks until everything is answered, or patience is at its end.
func (o options) wait(ctx context.Context, prometheus asker, all []board, rules []string) (verdict, error) {
	deadline := time.Now().Add(o.patience)
	for {
		v, err := ask(ctx, prometheus, all, rules)
		if err != nil || len(v.unanswered) == 0 || time.Now().After(deadline) {
			return v, err
		}
		if err := drive.Pass(ctx, pause); err != nil {
			return v, err
		}
	}
}

// draw writes a picture of each dashboard.
func (o options) draw(ctx context.Context, prometheus asker, all []board) error {
	if o.pictures == "" {
		return nil
	}
	if err := os.MkdirAll(o.pictures, 0o755); err != nil {
		return fmt.Errorf("making the folder of the pictures: %w", err)
	}
	for _, b := range all {
		svg, err := picture(ctx, prometheus, b)
		if err != nil {
			return fmt.Errorf("drawing %s: %w", b.name, err)
		}
		if err := os.WriteFile(filepath.Join(o.pictures, b.name+".svg"), svg, 0o644); err != nil { //nolint:gosec // a picture for everybody
			return fmt.Errorf("writing a picture: %w", err)
		}
	}
	return nil
}
