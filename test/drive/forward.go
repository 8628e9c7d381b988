package drive

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/httpstream" //nolint:staticcheck // client-go's port-forward returns its types
	"k8s.io/client-go/tools/portforward"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/xatube/xatube-operator/internal/component/naming"
)

// dialTimeout bounds the search for a pod when a connection is opened.
const dialTimeout = 15 * time.Second

// endpoint is a container port of a pod.
type endpoint struct {
	pod  client.ObjectKey
	port int32
}

// Forward opens a port of the loopback whose connections lead to a ready pod of a Service, each to the one that is found
// then. close ends it.
func (c *Client) Forward(ctx context.Context, namespace, service string, port int32) (addr string, closeAll func(), err error) {
	return c.forward(ctx, func(ctx context.Context) (endpoint, error) {
		return c.readyEndpoint(ctx, namespace, service, port)
	})
}

// OpenSite opens a platform by its edge. stop ends that.
func (c *Client) OpenSite(ctx context.Context, platform types.NamespacedName) (site *Site, stop func(), err error) {
	addr, stop, err := c.Forward(ctx, platform.Namespace, platform.Name+"-"+naming.Edge, 80)
	return Open(addr), stop, err
}

// ForwardPod opens a port of the loopback that leads to one pod.
func (c *Client) ForwardPod(ctx context.Context, pod client.ObjectKey, port int32) (addr string, closeAll func(), err error) {
	return c.forward(ctx, func(context.Context) (endpoint, error) { return endpoint{pod, port}, nil })
}

func (c *Client) forward(ctx context.Context, find func(context.Context) (endpoint, error)) (string, func(), error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, fmt.Errorf("opening a local port: %w", err)
	}
	ctx, cancel := context.WithCancel(ctx)
	context.AfterFunc(ctx, func() { _ = listener.Close() })
	go func() {
		for {
			local, err := listener.Accept()
			if err != nil {
				return // closed
			}
			// The client sees a connection that ends at once, as with kubectl port-forward.
			go func() { _ = c.carry(ctx, local, find) }()
		}
	}()
	return listener.Addr().String(), cancel, nil
}

// carry copies one connection in both directions until the pod ends it or is gone.
func (c *Client) carry(ctx context.Context, local net.Conn, find func(context.Context) (endpoint, error)) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	context.AfterFunc(ctx, func() { _ = local.Close() })
	t, err := c.dig(ctx, find)
	if err != nil {
		return err
	}
	context.AfterFunc(ctx, func() { _ = t.conn.Close() })
	go func() {
		// The kubelet could not reach the port.
		if message, err := io.ReadAll(t.failure); err != nil || len(message) > 0 {
			cancel()
		}
	}()
	go func() {
		_, _ = io.Copy(t.data, local)
		_ = t.data.Close()
	}()
	_, err = io.Copy(local, t.data)
	return err
}

// tunnel to a port of a pod, for one connection: when those of several share it, the end of one can leave another waiting
// for a stream that never opens.
type tunnel struct {
	conn httpstream.Connection
	// failure is where the kubelet tells that it cannot reach the port.
	data, failure httpstream.Stream
}

// dig makes a tunnel to the endpoint that is found first.
func (c *Client) dig(ctx context.Context, find func(context.Context) (endpoint, error)) (t tunnel, err error) {
	err = Until(ctx, dialTimeout, "a pod to forward to", func(ctx context.Context) error {
		target, err := find(ctx)
		if err != nil {
			return err
		}
		if t.conn, err = c.dialPod(target.pod); err != nil {
			return err
		}
		if err = t.open(target.port); err != nil {
			_ = t.conn.Close()
		}
		return err
	})
	return t, err
}

func (t *tunnel) open(port int32) (err error) {
	headers := http.Header{}
	headers.Set(corev1.PortHeader, strconv.Itoa(int(port)))
	headers.Set(corev1.PortForwardRequestIDHeader, "0")
	headers.Set(corev1.StreamType, corev1.StreamTypeError)
	if t.failure, err = t.conn.CreateStream(headers); err != nil {
		return fmt.Errorf("opening a stream: %w", err)
	}
	_ = t.failure.Close() // nothing is written to it
	headers.Set(corev1.StreamType, corev1.StreamTypeData)
	if t.data, err = t.conn.CreateStream(headers); err != nil {
		return fmt.Errorf("opening a stream: %w", err)
	}
	return nil
}

func (c *Client) dialPod(pod client.ObjectKey) (httpstream.Connection, error) {
	url := c.Clientset.CoreV1().RESTClient().Post().Resource("pods").Namespace(pod.Namespace).Name(pod.Name).
		SubResource("portforward").URL()
	dialer, err := portforward.NewSPDYOverWebsocketDialer(url, c.config)
	if err != nil {
		return nil, fmt.Errorf("preparing a forward: %w", err)
	}
	conn, _, err := dialer.Dial(portforward.PortForwardProtocolV1Name)
	if err != nil {
		return nil, fmt.Errorf("forwarding to pod %s: %w", pod, err)
	}
	return conn, nil
}

// readyEndpoint is a ready pod behind a port of a Service.
func (c *Client) readyEndpoint(ctx context.Context, namespace, service string, port int32) (endpoint, error) {
	var s corev1.Service
	if err := c.Get(ctx, client.ObjectKey{Namespace: namespace, Name: service}, &s); err != nil {
		return endpoint{}, fmt.Errorf("reading the Service: %w", err)
	}
	var pods corev1.PodList
	err := c.List(ctx, &pods, client.InNamespace(namespace), client.MatchingLabelsSelector{Selector: labels.SelectorFromSet(s.Spec.Selector)})
	if err != nil {
		return endpoint{}, fmt.Errorf("listing the pods of Service %s: %w", service, err)
	}
	for i := range pods.Items {
		if pod := &pods.Items[i]; PodReady(pod) {
			number, err := targetPort(&s, pod, port)
			return endpoint{client.ObjectKeyFromObject(pod), number}, err
		}
	}
	return endpoint{}, fmt.Errorf("Service %s/%s has no ready pod", namespace, service)
}

// targetPort is the container port that a port of a Service leads to.
func targetPort(s *corev1.Service, pod *corev1.Pod, port int32) (int32, error) {
	for _, p := range s.Spec.Ports {
		if p.Port != port {
			continue
		}
		if n := p.TargetPort.IntVal; n != 0 {
			return n, nil
		}
		for _, container := range pod.Spec.Containers {
			for _, named := range container.Ports {
				if named.Name == p.TargetPort.StrVal {
					return named.ContainerPort, nil
				}
			}
		}
	}
	return 0, fmt.Errorf("Service %s has no port %d that leads to pod %s", s.Name, port, pod.Name)
}
