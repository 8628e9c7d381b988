//go:build e2e

package e2e

import (
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/xatube/xatube-operator/test/drive"
)

const (
	// readyTimeout covers the start of a whole platform while others start beside it.
	readyTimeout = 6 * time.Minute
	// changeTimeout covers the roll of one component.
	changeTimeout = 5 * time.Minute
	// reportTimeout covers what the operator does by itself: notice, repair, report.
	reportTimeout = 60 * time.Second
)

// suite labels the namespaces of these tests.
const suite = "xatube-e2e"

// namespace makes a namespace for a test, which goes with the test.
func namespace(t *testing.T, suffix ...string) string {
	t.Helper()
	name := "e2e-" + strings.ToLower(strings.TrimPrefix(t.Name(), "Test")) + strings.Join(suffix, "")
	kube.TestNamespace(t, suite, name, kube.StartDeleteNamespace)
	return name
}

func apply(t *testing.T, namespace, name, spec string) types.NamespacedName {
	t.Helper()
	platform, err := kube.ApplyPlatform(t.Context(), namespace, name, spec)
	check(t, err)
	return platform
}

// ready waits until a platform is ready and says how long it took.
func ready(t *testing.T, platform types.NamespacedName, timeout time.Duration) {
	t.Helper()
	started := time.Now()
	check(t, kube.WaitReady(t.Context(), platform, timeout))
	t.Logf("%s is ready after %s", platform, time.Since(started).Round(100*time.Millisecond))
}

// open forwards to one of the edge's pods for as long as the test runs.
func open(t *testing.T, platform types.NamespacedName) *drive.Site {
	t.Helper()
	site, stop, err := kube.OpenSite(t.Context(), platform)
	check(t, err)
	t.Cleanup(stop)
	return site
}

// register makes a user.
func register(t *testing.T, site *drive.Site) *drive.User {
	t.Helper()
	user, err := site.Register(t.Context())
	check(t, err)
	return user
}

// children of a platform.
func children(t *testing.T, platform types.NamespacedName) drive.Inventory {
	t.Helper()
	found, err := kube.Children(t.Context(), platform)
	check(t, err)
	return found
}

// untouched fails when objects are gone, replaced, changed or new.
func untouched(t *testing.T, what string, before, after drive.Inventory) {
	t.Helper()
	for _, difference := range before.Differences(after) {
		t.Errorf("%s: %s", what, difference)
	}
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
