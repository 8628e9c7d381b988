package guard

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// Prober asks an instance manager of CloudNativePG for a sign of life on the port on which kubelet asks it too.
type Prober interface {
	// Alive says whether the process answers at all, whatever it says.
	Alive(ctx context.Context, pod *corev1.Pod) bool
	// Ready says whether the instance calls itself ready.
	Ready(ctx context.Context, pod *corev1.Pod) bool
}

const (
	// aliveTimeout bounds the wait for the first sign of life. A process that runs answers from memory.
	aliveTimeout = 500 * time.Millisecond
	// readyTimeout bounds the wait for an instance that has to ask its Postgres first.
	readyTimeout = 750 * time.Millisecond
	// unknownPath is answered by the instance manager alone. Its health checks ask the API server and Postgres first,
	// and would be late where only those are out of reach.
	unknownPath = "/"
)

// HTTP is the Prober of a real cluster.
type HTTP struct{ client *http.Client }

// NewHTTP makes a Prober. Every question is a connection of its own: a kept one may be dead at the other end only. The
// server's certificate is not verified: who answers in its place can only keep a lost primary from being given up.
func NewHTTP() *HTTP {
	return &HTTP{client: &http.Client{
		Transport: &http.Transport{
			DisableKeepAlives: true,
			DialContext:       (&net.Dialer{}).DialContext,
			TLSClientConfig:   &tls.Config{InsecureSkipVerify: true},
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// Alive implements Prober.
func (h *HTTP) Alive(ctx context.Context, pod *corev1.Pod) bool {
	return h.get(ctx, pod, unknownPath, aliveTimeout) != 0
}

// Ready implements Prober.
func (h *HTTP) Ready(ctx context.Context, pod *corev1.Pod) bool {
	probe := statusProbe(pod)
	return probe != nil && h.get(ctx, pod, probe.Path, readyTimeout) == http.StatusOK
}

// get is the status of the answer; zero when there is none.
func (h *HTTP) get(ctx context.Context, pod *corev1.Pod, path string, timeout time.Duration) int {
	probe := statusProbe(pod)
	if probe == nil || pod.Status.PodIP == "" {
		return 0
	}
	target := url.URL{Scheme: "http", Host: net.JoinHostPort(pod.Status.PodIP, probe.Port.String()), Path: path}
	if probe.Scheme == corev1.URISchemeHTTPS {
		target.Scheme = "https"
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, target.String(), http.NoBody)
	if err != nil {
		return 0
	}
	response, err := h.client.Do(request)
	if err != nil {
		return 0
	}
	defer response.Body.Close()
	_, _ = io.CopyN(io.Discard, response.Body, 1024)
	return response.StatusCode
}

// statusProbe is how kubelet asks whether the instance is ready.
func statusProbe(pod *corev1.Pod) *corev1.HTTPGetAction {
	for i := range pod.Spec.Containers {
		c := &pod.Spec.Containers[i]
		if c.Name == "postgres" && c.ReadinessProbe != nil {
			return c.ReadinessProbe.HTTPGet
		}
	}
	return nil
}
