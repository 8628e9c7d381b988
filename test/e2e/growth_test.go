//go:build e2e

package e2e

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component/naming"
	"github.com/xatube/xatube-operator/test/drive"
)

// growsItsVolumes enlarges the volumes that a platform has by default.
func growsItsVolumes(t *testing.T, platform types.NamespacedName) {
	grows(t, platform, `{"spec":{"backend":{"uploads":{"size":"25Gi"}},"postgres":{"storage":{"size":"25Gi"}},"rabbitmq":{"storage":{"size":"25Gi"}}}}`,
		map[string]string{
			"demo-uploads": "25Gi", "data-demo-rabbitmq-0": "25Gi",
			"demo-postgres-1": "25Gi", "demo-postgres-2": "25Gi", "demo-postgres-3": "25Gi",
		})
}

// growsRecordingsAndCache enlarges the volumes that are there only when asked for.
func growsRecordingsAndCache(t *testing.T, platform types.NamespacedName) {
	grows(t, platform, `{"spec":{"redis":{"persistence":{"size":"2Gi"}},"rtmp":{"recording":{"size":"2Gi"}}}}`,
		map[string]string{"data-demo-redis-0": "2Gi", "recordings-demo-rtmp-0": "2Gi", "recordings-demo-rtmp-1": "2Gi"})
}

// grows changes sizes while users write. Once the platform is ready again every claim has its capacity, the same pods run,
// no request has failed, and what was written is there.
func grows(t *testing.T, platform types.NamespacedName, patch string, sizes map[string]string) {
	t.Helper()
	before := lives(t, platform)
	writing := startWriting(t, platform)
	check(t, kube.Change(t.Context(), platform, patch))
	ready(t, platform, changeTimeout)
	for name, size := range sizes {
		claim := &corev1.PersistentVolumeClaim{}
		check(t, kube.Get(t.Context(), types.NamespacedName{Namespace: platform.Namespace, Name: name}, claim))
		if want, has := resource.MustParse(size), claim.Status.Capacity.Storage(); has.Cmp(want) < 0 {
			t.Errorf("claim %s has %s, want %s", name, has, size)
		}
	}
	if tally := writing.stop(t); tally.Failures > 0 {
		t.Errorf("%s: %s", tally, strings.Join(tally.First, "; "))
	}
	after := lives(t, platform)
	for name, life := range before {
		if after[name] != life {
			t.Errorf("%s lives as %q, before as %q", name, after[name], life)
		}
	}
}

// lives of the pods of a platform: another one means that a pod was replaced or a container of it was.
func lives(t *testing.T, platform types.NamespacedName) map[string]string {
	t.Helper()
	var pods corev1.PodList
	check(t, kube.List(t.Context(), &pods, client.InNamespace(platform.Namespace), client.MatchingLabels{naming.LabelInstance: platform.Name}))
	found := map[string]string{}
	for i := range pods.Items {
		pod, restarts := &pods.Items[i], 0
		for _, c := range pod.Status.ContainerStatuses {
			restarts += int(c.RestartCount)
		}
		if drive.PodReady(pod) {
			found[pod.Name] = string(pod.UID) + ", restarts " + strconv.Itoa(restarts)
		}
	}
	return found
}

// fixable is the class of the volumes whose growth is forbidden for a while.
const fixable = "local"

// reportsAVolumeThatCannotGrow enlarges volumes of a class that forbids it, and then permits it.
func reportsAVolumeThatCannotGrow(t *testing.T, platform types.NamespacedName) {
	t.Cleanup(func() { permitGrowth(context.WithoutCancel(t.Context()), t, true) })
	permitGrowth(t.Context(), t, false)
	check(t, kube.Change(t.Context(), platform, `{"spec":{"postgres":{"storage":{"size":"2Gi"}},"rabbitmq":{"storage":{"size":"2Gi"}}}}`))
	reports(t, platform, v1alpha1.ConditionBrokerReady, v1alpha1.ReasonVolumeNotExpandable, "data-tube-rabbitmq-0", "spec.rabbitmq.storage.size", fixable)
	_, err := kube.WaitCondition(t.Context(), platform, v1alpha1.ConditionStalled, metav1.ConditionTrue, v1alpha1.ReasonVolumeNotExpandable, reportTimeout)
	check(t, err)
	check(t, kube.WaitPlatform(t.Context(), platform, reportTimeout, "word of the database", func(x *v1alpha1.XaTubeCluster) error {
		said := drive.Condition(x, v1alpha1.ConditionDatabaseReady).Message
		for _, name := range []string{"tube-postgres-1", "spec.postgres.storage.size", fixable, "allowVolumeExpansion"} {
			if !strings.Contains(said, name) {
				return errors.New(said)
			}
		}
		return nil
	}))
	permitGrowth(t.Context(), t, true)
	ready(t, platform, changeTimeout)
}

func permitGrowth(ctx context.Context, t *testing.T, permitted bool) {
	t.Helper()
	class := &storagev1.StorageClass{ObjectMeta: metav1.ObjectMeta{Name: fixable}}
	check(t, kube.Patch(ctx, class, drive.Merge(`{"allowVolumeExpansion":`+strconv.FormatBool(permitted)+`}`)))
}
