//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"strings"
	"testing"

	cnpgv1 "github.com/cloudnative-pg/api/pkg/api/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component/naming"
	"github.com/xatube/xatube-operator/test/drive"
)

// TestPooler reaches the database through PgBouncer, loses an instance of it while users write, and goes back to direct
// connections.
func TestPooler(t *testing.T) {
	t.Parallel()
	spec := strings.Replace(drive.Small, "postgres: {", "postgres: {pooler: {poolMode: Transaction, resources: {requests: {cpu: 10m}}}, ", 1)
	platform := apply(t, namespace(t), "pooled", spec)
	ready(t, platform, readyTimeout)
	if n := backendsThrough(t, platform, "-"+naming.Pooler+"."); n != 1 {
		t.Errorf("%d backends lead through the pooler, want 1", n)
	}

	users := startWriting(t, platform)
	gone := losePooler(t, platform)
	ready(t, platform, changeTimeout)
	t.Logf("%s was deleted while users wrote: %s", gone, users.stop(t))

	users = startWriting(t, platform)
	check(t, kube.Change(t.Context(), platform, `{"spec":{"postgres":{"pooler":null}}}`))
	ready(t, platform, changeTimeout)
	check(t, kube.WaitDeparted(t.Context(), platform, changeTimeout))
	if tally := users.stop(t); tally.Failures > 0 {
		t.Errorf("the pooler was taken away while users wrote: %s: %s", tally, strings.Join(tally.First, "; "))
	}
	if n := backendsThrough(t, platform, "-"+naming.Pooler+"."); n != 0 {
		t.Errorf("%d backends still lead through the pooler", n)
	}
	key := client.ObjectKey{Namespace: platform.Namespace, Name: platform.Name + "-" + naming.Pooler}
	check(t, drive.Until(t.Context(), changeTimeout, "the end of the Pooler", func(ctx context.Context) error {
		if err := kube.Get(ctx, key, &cnpgv1.Pooler{}); !apierrors.IsNotFound(err) {
			return fmt.Errorf("it is still there: %w", err)
		}
		return nil
	}))
}

// losePooler deletes one of the instances and waits until the operator has seen it.
func losePooler(t *testing.T, platform types.NamespacedName) string {
	t.Helper()
	var pods corev1.PodList
	check(t, kube.List(t.Context(), &pods, client.InNamespace(platform.Namespace),
		client.MatchingLabels{naming.LabelPooler: platform.Name + "-" + naming.Pooler}))
	if len(pods.Items) != 2 {
		t.Fatalf("there are %d instances of PgBouncer, want 2", len(pods.Items))
	}
	check(t, kube.Delete(t.Context(), &pods.Items[0], client.GracePeriodSeconds(1)))
	check(t, kube.WaitPlatform(t.Context(), platform, reportTimeout, "report of the loss", func(x *v1alpha1.XaTubeCluster) error {
		if c := drive.Condition(x, v1alpha1.ConditionDatabaseReady); c.Status == metav1.ConditionTrue {
			return fmt.Errorf("DatabaseReady is still True: %s", c.Message)
		}
		return nil
	}))
	return pods.Items[0].Name
}

// backendsThrough counts the backends whose DATABASE_URL names a server.
func backendsThrough(t *testing.T, platform types.NamespacedName, server string) int {
	t.Helper()
	pods, err := kube.Pods(t.Context(), platform, naming.Backend)
	check(t, err)
	n := 0
	for i := range pods {
		for _, e := range pods[i].Spec.Containers[0].Env {
			if e.Name == "DATABASE_URL" && strings.Contains(e.Value, server) {
				n++
			}
		}
	}
	return n
}
