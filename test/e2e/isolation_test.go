//go:build e2e

package e2e

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/types"

	"github.com/xatube/xatube-operator/test/drive"
)

// TestIsolation runs two platforms in one namespace, and a namesake in another. What happens to one does not touch the
// others.
func TestIsolation(t *testing.T) {
	t.Parallel()
	here, there := namespace(t, "-a"), namespace(t, "-b")
	one := apply(t, here, "one", drive.Small+"\n  deletionPolicy: Delete")
	others := []types.NamespacedName{apply(t, here, "two", drive.Small), apply(t, there, "one", drive.Small)}
	for _, platform := range append([]types.NamespacedName{one}, others...) {
		ready(t, platform, readyTimeout)
	}

	user := register(t, open(t, one))
	before := map[types.NamespacedName]drive.Inventory{}
	for _, other := range others {
		strangerIn(t, user, other)
		before[other] = children(t, other)
	}
	var mark drive.Mark
	if audit != nil {
		var err error
		mark, err = audit.Mark()
		check(t, err)
	}
	check(t, kube.DeletePlatform(t.Context(), one))
	for _, other := range others {
		untouched(t, other.String(), before[other], children(t, other))
		get(t, open(t, other), "/docs", http.StatusOK)
	}
	if audit != nil {
		noWritesTo(t, mark, others)
	}
	if left := children(t, one).Only("PersistentVolumeClaim", "Secret", "Deployment", "StatefulSet"); len(left) > 0 {
		t.Errorf("of %s are left: %s", one, left)
	}
}

// strangerIn fails when another platform knows the user: that it shares a database or a signing key.
func strangerIn(t *testing.T, user *drive.User, platform types.NamespacedName) {
	t.Helper()
	_, err := user.At(open(t, platform)).Me(t.Context())
	if refused := (*drive.StatusError)(nil); !errors.As(err, &refused) || refused.Answer.Status != http.StatusUnauthorized {
		t.Errorf("%s answers %v to a user of another platform, want 401", platform, err)
	}
}

// noWritesTo fails on any write of the operator to a platform or its children.
func noWritesTo(t *testing.T, mark drive.Mark, platforms []types.NamespacedName) {
	t.Helper()
	operator, err := kube.FindOperator(t.Context())
	check(t, err)
	for _, platform := range platforms {
		writes, err := audit.Since(mark, func(w drive.Write) bool {
			return w.User == operator.User() && w.Namespace == platform.Namespace &&
				(w.Name == platform.Name || strings.HasPrefix(w.Name, platform.Name+"-"))
		})
		check(t, err)
		for _, w := range writes {
			t.Errorf("a write to %s: %s", platform, w)
		}
	}
}
