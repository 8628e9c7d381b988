//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/xatube/xatube-operator/internal/component/naming"
	"github.com/xatube/xatube-operator/test/drive"
)

const (
	// readyTimeout covers the start of a whole platform while others start beside it.
	readyTimeout = 6 * time.Minute
	// changeTimeout covers the roll of one component.
	changeTimeout = 3 * time.Minute
	// reportTimeout covers what the operator does by itself: notice, repair, report.
	reportTimeout = 60 * time.Second
)

// small is a platform with one of everything. It reserves little, so that several fit on small nodes at once.
const small = `
  backend: {replicas: 1, uploads: {size: 1Gi}, pod: &lean {resources: {requests: {cpu: 10m}}}}
  frontend: {replicas: 1, pod: *lean}
  edge: {replicas: 1, pod: *lean}
  postgres: {instances: 1, storage: {size: 1Gi}, pod: *lean}
  redis: {maxMemory: 16Mi, pod: *lean}
  rabbitmq: {storage: {size: 1Gi}, pod: {resources: {requests: {cpu: 10m, memory: 256Mi}, limits: {memory: 512Mi}}}}
  rtmp: {service: {type: ClusterIP}, pod: *lean}`

// namespace makes a namespace for a test, which goes with the test. KEEP=1 keeps that of a failed one.
func namespace(t *testing.T, suffix ...string) string {
	t.Helper()
	name := "e2e-" + strings.ToLower(strings.TrimPrefix(t.Name(), "Test")) + strings.Join(suffix, "")
	check(t, kube.CreateNamespace(t.Context(), name, map[string]string{"app.kubernetes.io/part-of": "xatube-e2e"}))
	t.Cleanup(func() {
		ctx := context.WithoutCancel(t.Context())
		if t.Failed() {
			t.Log(kube.Explain(ctx, name, fmt.Errorf("at the end of %s", t.Name())))
		}
		if t.Failed() && os.Getenv("KEEP") != "" {
			return
		}
		check(t, kube.StartDeleteNamespace(ctx, name))
	})
	return name
}

// apply applies a platform; spec is YAML, indented by two.
func apply(t *testing.T, namespace, name, spec string) types.NamespacedName {
	t.Helper()
	manifest := fmt.Sprintf("apiVersion: xatube.io/v1alpha1\nkind: XaTubeCluster\nmetadata: {name: %s}\nspec: %s\n", name, spec)
	check(t, kube.Apply(t.Context(), namespace, manifest))
	return types.NamespacedName{Namespace: namespace, Name: name}
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
	addr, stop, err := kube.Forward(t.Context(), platform.Namespace, platform.Name+"-"+naming.Edge, 80)
	check(t, err)
	t.Cleanup(stop)
	return drive.Open(addr)
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
