package workload

import (
	"time"

	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"
)

// Departure is how long a pod behind the edge goes on serving after it was told to go. The edge learns from DNS that
// it left: up to 5 s until the headless Service lets go of it, up to 30 s in the cache of the cluster's DNS (kubeadm's
// TTL, the longest in common use), up to 5 s that the edge holds an answer valid. Rolling updates do not become
// slower: a pod that departs is not waited for.
const Departure = 40 * time.Second

// PreStopSleep keeps the container running before it gets its stop signal. The kubelet sleeps, so that the image needs
// no shell.
func PreStopSleep(d time.Duration) *corev1ac.LifecycleApplyConfiguration {
	return corev1ac.Lifecycle().WithPreStop(corev1ac.LifecycleHandler().
		WithSleep(corev1ac.SleepAction().WithSeconds(int64(d.Seconds()))))
}
