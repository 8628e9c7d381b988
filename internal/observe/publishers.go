package observe

import (
	"context"
	"encoding/xml"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"time"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component/naming"
)

// PublisherCounter counts the publishers of the ingest at an address. It fails when the ingest does not answer.
type PublisherCounter interface {
	Publishers(ctx context.Context, address string) (int32, error)
}

// publishers of the pods of the ingest, while one of them drains. At rest nobody is asked: publishers come and go all day,
// and nothing is decided by their number. A pod that has not answered is left out.
func (r *Reader) publishers(ctx context.Context, c *v1alpha1.XaTubeCluster, f *Facts) error {
	pods := f.Pods[naming.RTMP]
	if !slices.ContainsFunc(pods, Drains) {
		return nil
	}
	f.Publishers = map[string]int32{}
	for _, pod := range pods {
		address, found := statistics(pod)
		if !found {
			continue
		}
		n, known, err := r.counts.answer(ctx, r, question[int32]{
			platform: client.ObjectKeyFromObject(c), key: string(pod.UID), fresh: countFresh, timeout: ingestTimeout,
			ask: func(ctx context.Context) (int32, error) { return r.Ingest.Publishers(ctx, address) },
		})
		if known && err == nil {
			f.Publishers[pod.Name] = n
		}
	}
	return nil
}

// Drains says whether a pod of the ingest was told to go and its server still runs.
func Drains(pod *corev1.Pod) bool {
	return pod.DeletionTimestamp != nil && serves(pod)
}

func serves(pod *corev1.Pod) bool {
	return slices.ContainsFunc(pod.Status.ContainerStatuses, func(s corev1.ContainerStatus) bool {
		return s.Name == naming.RTMP && s.State.Running != nil
	})
}

// statistics is where a pod of the ingest answers for its HTTP side, by its own word.
func statistics(pod *corev1.Pod) (address string, found bool) {
	if pod.Status.PodIP == "" || !serves(pod) {
		return "", false
	}
	for _, c := range pod.Spec.Containers {
		for _, p := range c.Ports {
			if c.Name == naming.RTMP && p.Name == naming.PortHTTP {
				return net.JoinHostPort(pod.Status.PodIP, strconv.Itoa(int(p.ContainerPort))), true
			}
		}
	}
	return "", false
}

const (
	// ingestTimeout bounds the wait for one pod.
	ingestTimeout = 2 * time.Second
	// countFresh is how long a count holds: a little less than the pause between two looks at a drain.
	countFresh = 4 * time.Second
	// ingestBytes bounds the statistics: some 700 bytes for each connection, of which a pod takes 4096.
	ingestBytes = 8 << 20
)

// Ingest asks nginx for its statistics.
type Ingest struct {
	client *http.Client
}

// NewIngest asks pods directly, without a proxy, and keeps no connection.
func NewIngest() Ingest {
	return Ingest{client: newPodClient(ingestTimeout)}
}

// newPodClient follows no redirect: a pod has no business elsewhere.
func newPodClient(timeout time.Duration) *http.Client {
	return &http.Client{
		Timeout:   timeout,
		Transport: &http.Transport{DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse
		},
	}
}

// getFromPod returns the body of an answer with status 200.
func getFromPod(ctx context.Context, client *http.Client, url string) (io.ReadCloser, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	response, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	if response.StatusCode != http.StatusOK {
		_ = response.Body.Close()
		return nil, fmt.Errorf("it answers %s", response.Status)
	}
	return response.Body, nil
}

// statisticsOf is what is read of nginx's statistics: that a stream has a publisher. The names of the streams, which are
// their keys, are not.
type statisticsOf struct {
	XMLName    xml.Name   `xml:"rtmp"`
	Publishing []struct{} `xml:"server>application>live>stream>publishing"`
}

// Publishers implements PublisherCounter.
func (i Ingest) Publishers(ctx context.Context, address string) (int32, error) {
	statistics, err := getFromPod(ctx, i.client, "http://"+address+"/stat")
	if err != nil {
		return 0, fmt.Errorf("asking %s for its publishers: %w", address, err)
	}
	defer statistics.Close()
	var seen statisticsOf
	if err := xml.NewDecoder(io.LimitReader(statistics, ingestBytes)).Decode(&seen); err != nil {
		// The decoder's words may hold a piece of a name.
		return 0, fmt.Errorf("asking %s for its publishers: its answer is not the statistics of nginx", address)
	}
	return int32(len(seen.Publishing)), nil
}
