package drive

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// visitorsImage holds test/load.
const visitorsImage = "docker.io/xatube/load:dev"

// Second is what became of the requests that ended in one second.
type Second struct {
	At           time.Time `json:"at"`
	Milliseconds []float64 `json:"ms"`
	Failures     []string  `json:"failures,omitempty"`
	Rows         []Row     `json:"rows,omitempty"`
	// Of those who write and read.
	Writes Outcome `json:"writes,omitzero"`
	Reads  Outcome `json:"reads,omitzero"`
}

// Outcome of requests.
type Outcome struct {
	Requests int `json:"requests"`
	Failed   int `json:"failed"`
}

// Plus is the outcome of both.
func (o Outcome) Plus(other Outcome) Outcome {
	return Outcome{Requests: o.Requests + other.Requests, Failed: o.Failed + other.Failed}
}

// Row is a comment that the platform acknowledged, by its number.
type Row struct {
	Number int       `json:"number"`
	At     time.Time `json:"at"`
}

// Text of the comment.
func (r Row) Text() string { return "row " + strconv.Itoa(r.Number) }

// Visitors is a pod that uses a platform.
type Visitors struct {
	client *Client
	pod    *corev1.Pod
	ended  chan struct{}

	mu      sync.Mutex
	seconds []Second
	err     error
}

// visitorsTimeout covers the start of the pod and its first visitor.
const visitorsTimeout = 2 * time.Minute

// StartVisitors starts so many requests a second to an address of a platform, and waits for the first of them.
func (c *Client) StartVisitors(ctx context.Context, namespace, address string, rate int) (*Visitors, error) {
	return c.startVisitors(ctx, namespace, "", "-address", address, "-rate", strconv.Itoa(rate))
}

// StartWriters starts so many comments a second on a video, and as many requests that read, on one node or, when that is
// empty, anywhere.
func (c *Client) StartWriters(ctx context.Context, namespace, node, address string, video, rate int) (*Visitors, error) {
	return c.startVisitors(ctx, namespace, node, "-address", address, "-write", strconv.Itoa(video), "-rate", strconv.Itoa(rate))
}

// StartSecureVisitors are visitors that come over HTTPS and trust some authorities, in PEM.
func (c *Client) StartSecureVisitors(ctx context.Context, namespace, address string, authorities []byte, rate int) (*Visitors, error) {
	return c.startVisitors(ctx, namespace, "", "-address", address, "-authorities", string(authorities), "-rate", strconv.Itoa(rate))
}

// StartViewers starts so many players of each of some streams, and waits until they play.
func (c *Client) StartViewers(ctx context.Context, namespace, address string, keys []string, each int) (*Visitors, error) {
	return c.startVisitors(ctx, namespace, "", "-address", address, "-play", strings.Join(keys, ","), "-players", strconv.Itoa(each))
}

func (c *Client) startVisitors(ctx context.Context, namespace, node string, arguments ...string) (*Visitors, error) {
	v := &Visitors{client: c, ended: make(chan struct{}), pod: toolPod(namespace, "visitors-"+strings.ToLower(rand.Text()[:8]),
		visitorsImage, append([]string{"/load"}, arguments...))}
	// Time for the answers to the last requests.
	v.pod.Spec.TerminationGracePeriodSeconds = new(int64(requestTimeout.Seconds()))
	if node != "" {
		v.pod.Spec.NodeSelector = map[string]string{corev1.LabelHostname: node}
	}
	if err := c.Create(ctx, v.pod); err != nil {
		return nil, fmt.Errorf("starting visitors: %w", err)
	}
	if err := c.waitRunning(ctx, v.pod); err != nil {
		return nil, err
	}
	go v.listen(ctx)
	return v, Until(ctx, visitorsTimeout, "first requests of the visitors", func(context.Context) error {
		seconds, err := v.Seconds()
		if err == nil && len(seconds) == 0 {
			err = errors.New("there are none")
		}
		return err
	})
}

func (c *Client) waitRunning(ctx context.Context, pod *corev1.Pod) error {
	return Until(ctx, visitorsTimeout, "start of "+pod.Name, func(ctx context.Context) error {
		if err := c.Get(ctx, client.ObjectKeyFromObject(pod), pod); err != nil {
			return err
		}
		if pod.Status.Phase != corev1.PodRunning {
			return fmt.Errorf("it is %s", pod.Status.Phase)
		}
		return nil
	})
}

// listen reads what the pod prints until it ends.
func (v *Visitors) listen(ctx context.Context) {
	defer close(v.ended)
	log, err := v.client.Clientset.CoreV1().Pods(v.pod.Namespace).
		GetLogs(v.pod.Name, &corev1.PodLogOptions{Follow: true}).Stream(ctx)
	if err != nil {
		v.hear(Second{}, err)
		return
	}
	defer log.Close()
	for lines := json.NewDecoder(log); ; {
		var second Second
		err := lines.Decode(&second)
		if errors.Is(err, io.EOF) {
			return
		}
		if v.hear(second, err); err != nil {
			return
		}
	}
}

func (v *Visitors) hear(second Second, err error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if err != nil {
		v.err = fmt.Errorf("listening to the visitors: %w", err)
		return
	}
	v.seconds = append(v.seconds, second)
}

// Seconds that have been heard of.
func (v *Visitors) Seconds() ([]Second, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	return slices.Clone(v.seconds), v.err
}

// Stop ends the visitors and returns all their seconds.
func (v *Visitors) Stop(ctx context.Context) ([]Second, error) {
	if err := v.client.Delete(ctx, v.pod); client.IgnoreNotFound(err) != nil {
		return nil, fmt.Errorf("stopping the visitors: %w", err)
	}
	select {
	case <-v.ended:
		return v.Seconds()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
