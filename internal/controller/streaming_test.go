package controller_test

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component/naming"
)

// ingest stands for nginx in a pod of the ingest: it tells of some publishers, and counts how often it was asked.
type ingest struct {
	*httptest.Server
	publishers, asked atomic.Int32
}

func startIngest(t *testing.T, publishers int32) *ingest {
	t.Helper()
	s := &ingest{}
	s.publishers.Store(publishers)
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		s.asked.Add(1)
		fmt.Fprintf(w, "<rtmp><server><application><name>live</name><live>%s</live></application></server></rtmp>",
			strings.Repeat("<stream><name>secret-key</name><publishing/></stream>", int(s.publishers.Load())))
	}))
	t.Cleanup(s.Close)
	return s
}

// pod is a running pod of the ingest in which the server answers.
func (s *ingest) pod(t *testing.T, c *v1alpha1.XaTubeCluster, name string) *corev1.Pod {
	t.Helper()
	addr := s.Listener.Addr().(*net.TCPAddr)
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: c.Namespace, Name: name, Labels: naming.Labels(c, naming.RTMP)},
		Spec: corev1.PodSpec{
			NodeName:                      "somewhere",
			TerminationGracePeriodSeconds: new(int64(3645)),
			Containers: []corev1.Container{{
				Name: naming.RTMP, Image: "rtmp",
				Env:   []corev1.EnvVar{{Name: "DRAIN_SECONDS", Value: "3600"}},
				Ports: []corev1.ContainerPort{{Name: naming.PortHTTP, ContainerPort: int32(addr.Port)}},
			}},
		},
	}
	if err := api.Create(t.Context(), pod); err != nil {
		t.Fatal(err)
	}
	report(t, pod, func() {
		pod.Status = corev1.PodStatus{
			Phase: corev1.PodRunning, PodIP: addr.IP.String(), PodIPs: []corev1.PodIP{{IP: addr.IP.String()}},
			ContainerStatuses: []corev1.ContainerStatus{{
				Name: naming.RTMP, Image: "rtmp", ImageID: "rtmp",
				State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: metav1.Now()}},
			}},
		}
	})
	return pod
}

func TestTheStatusTellsOfADrain(t *testing.T) {
	g := NewWithT(t)
	ns := newNamespace(t)
	startOperator(t, ns)
	c := platform(t, ns, nil)
	stays, goes := startIngest(t, 1), startIngest(t, 2)
	stays.pod(t, c, "demo-rtmp-0")
	pod := goes.pod(t, c, "demo-rtmp-1")
	streaming := func() *v1alpha1.StreamingStatus {
		if err := api.Get(t.Context(), client.ObjectKeyFromObject(c), c); err != nil {
			return nil
		}
		return c.Status.Streaming
	}
	eventually(g, exists(t.Context(), &appsv1.StatefulSet{}, ns, "demo-rtmp")).Should(Succeed())
	g.Expect(streaming()).To(BeNil(), "nothing drains")
	g.Expect(stays.asked.Load()+goes.asked.Load()).To(BeZero(), "nobody is asked while nothing drains")

	g.Expect(api.Delete(t.Context(), pod)).To(Succeed())
	eventually(g, streaming).Should(HaveField("Publishers", int32(3)))
	g.Expect(api.Get(t.Context(), client.ObjectKeyFromObject(pod), pod)).To(Succeed())
	deadline := pod.DeletionTimestamp.Add(-45 * time.Second)
	g.Expect(c.Status.Streaming.Draining).To(HaveLen(1))
	g.Expect(c.Status.Streaming.Draining[0].Pod).To(Equal("demo-rtmp-1"))
	g.Expect(c.Status.Streaming.Draining[0].Publishers).To(HaveValue(Equal(int32(2))))
	g.Expect(c.Status.Streaming.Draining[0].Deadline.Time).To(BeTemporally("==", deadline))
	g.Expect(condition(t.Context(), c, v1alpha1.ConditionIngestReady)().Message).To(Equal(
		"pod demo-rtmp-1 waits for 2 publishers to finish, until " + deadline.UTC().Format(time.RFC3339) +
			" at the latest (spec.rtmp.drainTimeout)"))

	goes.publishers.Store(1)
	eventually(g, streaming).Should(HaveField("Publishers", int32(2)), "time alone is the event")
	goes.Close()
	eventually(g, func() *int32 { return streaming().Draining[0].Publishers }).Should(BeNil(), "a silent pod does not end the pass")

	g.Expect(api.Delete(t.Context(), pod, client.GracePeriodSeconds(0))).To(Succeed())
	eventually(g, streaming).Should(BeNil(), "the drain is over")
}
