//go:build e2e

package chaos

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/xatube/xatube-operator/internal/component/naming"
	"github.com/xatube/xatube-operator/test/drive"
)

// serverTrials hit the pods that serve. At most the requests in flight on a process fail with it: at ten a second of each
// kind, and a tenth of a second for each, that is one or two; the edge, by which all come in, holds some connections open.
var serverTrials = []trial{
	{name: "BackendKilled", strike: killOne(naming.Backend), limits: limits{writes: 3, reads: 3}},
	{name: "FrontendKilled", strike: killOne(naming.Frontend), limits: limits{pages: 3}},
	{name: "EdgeKilled", strike: killOne(naming.Edge), limits: limits{writes: 10, reads: 10, pages: 10}},
	{name: "BackendStopped", strike: stopBackend, limits: limits{writes: 10, reads: 10}},
	{name: "RedisKilled", strike: killOne(naming.Redis)},
	{name: "RabbitMQKilled", strike: killBroker},
}

// killOne kills a pod without grace and waits until another has its place. The backends are not restarted for it.
func killOne(component string) func(*testing.T, *ground, *crowd) string {
	return func(t *testing.T, g *ground, _ *crowd) string {
		backends := restarts(g.pods(t, naming.Backend))
		pod := g.pod(t, component)
		n := len(g.pods(t, component))
		kill(t, pod, 0)
		check(t, g.waitPods(t, component, n, pod))
		if component != naming.Backend {
			if now := restarts(g.pods(t, naming.Backend)); now != backends {
				t.Errorf("the backends were %s and are %s", backends, now)
			}
		}
		return ""
	}
}

// restarts tells one life of a container from the next.
func restarts(pods []corev1.Pod) string {
	var all []string
	for _, pod := range pods {
		all = append(all, fmt.Sprintf("%s/%d", pod.Name, pod.Status.ContainerStatuses[0].RestartCount))
	}
	return strings.Join(all, " ")
}

// waitPods waits until a component has so many ready pods without one that is gone.
func (g *ground) waitPods(t *testing.T, component string, n int, gone *corev1.Pod) error {
	return drive.Until(t.Context(), healTimeout, "pods of "+component, func(context.Context) error {
		ready := 0
		for _, pod := range g.pods(t, component) {
			if pod.UID != gone.UID {
				ready++
			}
		}
		if ready < n {
			return fmt.Errorf("%d of %d are ready", ready, n)
		}
		return nil
	})
}

// stopBackend hangs a backend: connections to it are taken and not answered. It leaves the rotation, and comes back when
// it goes on or has been started anew.
func stopBackend(t *testing.T, g *ground, _ *crowd) string {
	pod := g.pod(t, naming.Backend)
	container := pod.Spec.Containers[0].Name
	started := time.Now()
	send(t, "STOP", pod, container)
	check(t, drive.Until(t.Context(), time.Minute, "departure of "+pod.Name, func(ctx context.Context) error {
		now := &corev1.Pod{}
		if err := kube.Get(ctx, client.ObjectKeyFromObject(pod), now); err != nil {
			return client.IgnoreNotFound(err)
		}
		if drive.PodReady(now) {
			return errors.New("it is ready")
		}
		return nil
	}))
	left := time.Since(started)
	thaw(t, pod, container)
	return fmt.Sprintf("it left the rotation after %.0f s", left.Seconds())
}

// durableQueue is where the backends put their events.
const durableQueue = "xatube.events"

// killBroker kills RabbitMQ without grace. Its durable queue is there afterwards with what was in it.
func killBroker(t *testing.T, g *ground, c *crowd) string {
	before := g.messages(t)
	note := killOne(naming.RabbitMQ)(t, g, c)
	if after := g.messages(t); after < before || before == 0 {
		t.Errorf("queue %s holds %d messages, it held %d", durableQueue, after, before)
	} else {
		note = fmt.Sprintf("%d messages before, %d after", before, after)
	}
	return note
}

// messages that the durable queue holds.
func (g *ground) messages(t *testing.T) int {
	t.Helper()
	var n int
	check(t, drive.Until(t.Context(), time.Minute, "queue "+durableQueue, func(ctx context.Context) error {
		out, err := kube.Exec(ctx, g.pod(t, naming.RabbitMQ), "rabbitmqctl", "list_queues", "--quiet", "--no-table-headers", "name", "messages")
		if err != nil {
			return err
		}
		for line := range strings.Lines(out) {
			if fields := strings.Fields(line); len(fields) == 2 && fields[0] == durableQueue {
				_, err := fmt.Sscan(fields[1], &n)
				return err
			}
		}
		return fmt.Errorf("it is not there: %s", out)
	}))
	return n
}
