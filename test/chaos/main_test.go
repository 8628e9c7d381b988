//go:build e2e

// Package chaos breaks a platform on a real cluster while people use it, and states what must hold: no acknowledged row
// is lost, no two servers accept writes at once, and everything comes back without hands. `make test-chaos` brings the
// local cluster, which can cut nodes off, take their power, and stop processes, and the operator.
//
// One platform suffers all faults, one after the other. Users come in by a pod of the edge on a node that is not hit,
// by a way that needs no API server.
package chaos

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"testing"

	"github.com/go-logr/logr"
	ctrllog "sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/xatube/xatube-operator/test/drive"
)

// kube reaches the cluster of $KUBECONFIG.
var kube *drive.Client

func TestMain(m *testing.M) {
	ctrllog.SetLogger(logr.Discard())
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := 1
	var err error
	if kube, err = drive.Connect(""); err != nil {
		fmt.Fprintln(os.Stderr, err)
	} else {
		code = m.Run()
	}
	// Whatever a test that was cut short has left broken.
	if err := mend(context.WithoutCancel(ctx)); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	stop()
	os.Exit(code)
}
