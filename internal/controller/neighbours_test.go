package controller_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component/naming"
	"github.com/xatube/xatube-operator/internal/controller"
	"github.com/xatube/xatube-operator/internal/observe"
)

const (
	// deadNodes hold the pods of every fourth platform.
	deadNodes = 10
	// samples of how soon a platform that has no pod there is reconciled.
	samples = 12
)

// platformsBeside is how many platforms the test makes: a few, or as many as XATUBE_PLATFORMS says.
func platformsBeside(t *testing.T) int {
	t.Helper()
	text := os.Getenv("XATUBE_PLATFORMS")
	if text == "" {
		return 20
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 10 {
		t.Fatalf("XATUBE_PLATFORMS=%s is no number from 10", text)
	}
	return n
}

// deadPods never answer, and whoever asks one never gives up either, as over a connection that is black: he is free when
// the test ends.
type deadPods struct {
	asked atomic.Int32
	ended chan struct{}
}

func (d *deadPods) hang() error {
	d.asked.Add(1)
	<-d.ended
	return context.DeadlineExceeded
}

func (d *deadPods) Publishers(context.Context, string) (int32, error) { return 0, d.hang() }

func (d *deadPods) Alarms(context.Context, string) ([]observe.Alarm, error) { return nil, d.hang() }

func (d *deadPods) Tail(context.Context, string, string, string, int64, bool) (string, error) {
	return "", d.hang()
}

// onADeadNode gives a platform a pod of the ingest that drains, and a backend that crashes, on a node that is lost.
func onADeadNode(t *testing.T, c *v1alpha1.XaTubeCluster, node string) {
	t.Helper()
	pod := func(comp string, status corev1.ContainerStatus) *corev1.Pod {
		p := &corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{Namespace: c.Namespace, Name: naming.Child(c, comp) + "-0", Labels: naming.Labels(c, comp)},
			Spec: corev1.PodSpec{
				NodeName: node, TerminationGracePeriodSeconds: new(int64(3600)),
				Containers: []corev1.Container{{Name: comp, Image: comp, Ports: []corev1.ContainerPort{{Name: naming.PortHTTP, ContainerPort: 8080}}}},
			},
		}
		if err := api.Create(t.Context(), p); err != nil {
			t.Fatal(err)
		}
		status.Name, status.Image, status.ImageID = comp, comp, comp
		report(t, p, func() {
			p.Status = corev1.PodStatus{
				Phase: corev1.PodRunning, PodIP: "192.0.2.1", PodIPs: []corev1.PodIP{{IP: "192.0.2.1"}},
				ContainerStatuses: []corev1.ContainerStatus{status},
			}
		})
		return p
	}
	running := corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: metav1.Now()}}
	pod(naming.Backend, corev1.ContainerStatus{RestartCount: 3, State: running, LastTerminationState: corev1.ContainerState{
		Terminated: &corev1.ContainerStateTerminated{ExitCode: 1, ContainerID: "containerd://1"},
	}})
	drains := pod(naming.RTMP, corev1.ContainerStatus{State: running})
	if err := api.Delete(t.Context(), drains); err != nil {
		t.Fatal(err)
	}
}

// reaction is how soon the Deployment of the frontend follows its platform.
func reaction(t *testing.T, c *v1alpha1.XaTubeCluster) time.Duration {
	t.Helper()
	frontend, replicas := &appsv1.Deployment{}, int32(0)
	update(t, c, func() {
		c.Spec.Frontend.Replicas++
		replicas = c.Spec.Frontend.Replicas
	})
	began := time.Now()
	NewWithT(t).Eventually(func() int32 {
		if err := exists(t.Context(), frontend, c.Namespace, naming.Child(c, naming.Frontend))(); err != nil || frontend.Spec.Replicas == nil {
			return 0
		}
		return *frontend.Spec.Replicas
	}).WithTimeout(within).WithPolling(10 * time.Millisecond).Should(Equal(replicas))
	return time.Since(began)
}

// median of the reactions of some platforms.
func median(t *testing.T, platforms []*v1alpha1.XaTubeCluster) time.Duration {
	t.Helper()
	var all []time.Duration
	for i := range samples {
		all = append(all, reaction(t, platforms[i*len(platforms)/samples]))
	}
	slices.Sort(all)
	t.Logf("%d reactions: median %v, slowest %v", samples, all[samples/2], all[samples-1])
	return all[samples/2]
}

// discoveryPath is what is asked to learn what an API serves.
var discoveryPath = regexp.MustCompile(`^/apis(/[^/]+){0,2}$`)

// A7, A13: four workers serve all platforms while the pods of many are on dead nodes and never answer, and nobody asks what
// is installed. Whoever waited for such a pod would never come back. The others are reconciled within a second, or as soon
// as before where the machine is busy.
func TestDeadNodesDoNotHoldUpOtherPlatforms(t *testing.T) {
	g := NewWithT(t)
	ns := newNamespace(t)
	pods := &deadPods{ended: make(chan struct{})}
	op := startWith(t, controller.Config{Namespaces: []string{ns}, ClusterDomain: "cluster.local", Concurrency: 4, Ingest: pods, Broker: pods, Logs: pods})
	t.Cleanup(func() { close(pods.ended) })
	var sound, broken []*v1alpha1.XaTubeCluster
	for i := range platformsBeside(t) {
		c := platform(t, ns, func(c *v1alpha1.XaTubeCluster) { c.Name = fmt.Sprintf("demo-%d", i) })
		if i%4 == 0 {
			broken = append(broken, c)
		} else {
			sound = append(sound, c)
		}
	}
	last := sound[len(sound)-1]
	g.Eventually(exists(t.Context(), &appsv1.Deployment{}, ns, naming.Child(last, naming.Frontend))).
		WithTimeout(time.Duration(len(sound)+len(broken)) * 3 * time.Second).Should(Succeed())
	op.settle(t)
	before := median(t, sound)

	for i, c := range broken {
		onADeadNode(t, c, fmt.Sprintf("node-%d", i%deadNodes))
	}
	eventually(g, pods.asked.Load).Should(BeNumerically(">=", min(2*len(broken), 64)), "the dead pods are asked")
	var discovered atomic.Int32
	op.writes.fail(func(r *http.Request) bool {
		if r.Method == http.MethodGet && discoveryPath.MatchString(r.URL.Path) {
			discovered.Add(1)
		}
		return false
	})
	g.Expect(median(t, sound)).To(BeNumerically("<", max(time.Second, 3*before)))
	g.Expect(discovered.Load()).To(BeZero(), "requests to discovery")
	g.Expect(pods.asked.Load()).To(BeNumerically("<=", 2*64), "pods that are asked at a time")
	eventually(g, func() *v1alpha1.StreamingStatus {
		_ = condition(t.Context(), broken[0], "")()
		return broken[0].Status.Streaming
	}).ShouldNot(BeNil(), "the broken platforms are looked after too")
}
