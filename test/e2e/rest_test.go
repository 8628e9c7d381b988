//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/xatube/xatube-operator/test/drive"
)

const (
	// restWindow is how long the operator must not write: the length is the requirement.
	restWindow = 60 * time.Second
	// settleWindow without a write is where rest begins.
	settleWindow = 5 * time.Second
)

// writesNothingAtRest counts all writes of the operator in the namespace of the platform, at rest and over a restart of
// the operator. The lease of the leader election and the requests about the operator itself lie in its own namespace.
func writesNothingAtRest(t *testing.T, platform types.NamespacedName) {
	if audit == nil {
		t.Skip("the apiserver of this cluster keeps no audit log that can be read: AUDIT_LOG is empty")
	}
	operator, err := kube.FindOperator(t.Context())
	check(t, err)
	ours := func(w drive.Write) bool { return w.User == operator.User() && w.Namespace == platform.Namespace }
	settle(t, ours)

	mark, err := audit.Mark()
	check(t, err)
	check(t, drive.Pass(t.Context(), restWindow))
	silent(t, "at rest", mark, ours)

	mark, err = audit.Mark()
	check(t, err)
	started := time.Now()
	check(t, operator.Restart(t.Context()))
	t.Logf("the operator was back after %s", time.Since(started).Round(100*time.Millisecond))
	check(t, drive.Pass(t.Context(), restWindow))
	silent(t, "after a restart", mark, ours)
	// The silence was not that of a dead operator.
	bringsADeletedChildBack(t, platform)
}

// settle waits until the operator has been silent for a while.
func settle(t *testing.T, ours func(drive.Write) bool) {
	t.Helper()
	mark, err := audit.Mark()
	check(t, err)
	since := time.Now()
	check(t, drive.Until(t.Context(), reportTimeout, "rest", func(context.Context) error {
		writes, err := audit.Since(mark, ours)
		if err != nil {
			return drive.Abort(err)
		}
		if len(writes) > 0 {
			since = time.Now()
			if mark, err = audit.Mark(); err != nil {
				return drive.Abort(err)
			}
		}
		if quiet := time.Since(since); quiet < settleWindow {
			return fmt.Errorf("silent for %s only", quiet)
		}
		return nil
	}))
}

func silent(t *testing.T, when string, mark drive.Mark, ours func(drive.Write) bool) {
	t.Helper()
	writes, err := audit.Since(mark, ours)
	check(t, err)
	for _, w := range writes {
		t.Errorf("a write %s: %s", when, w)
	}
}
