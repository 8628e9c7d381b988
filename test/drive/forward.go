package drive

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/httpstream" //nolint:staticcheck // client-go's port-forward returns its types
	"k8s.io/client-go/tools/portforward"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// dialTimeout bounds the search for a pod when a connection is opened.
const dialTimeout = 15 * time.Second

// endpoint is a container port of a pod.
type endpoint struct {
	pod  client.ObjectKey
	port int32
}

// Forward opens a port of the loopback that leads to a ready pod of a Service, as kubectl port-forward does. When the
// pod goes, the next connection leads to another one. close ends it.
func (c *Client) Forward(ctx context.Context, namespace, service string, port int32) (addr string, closeAll func(), err error) {
	return c.forward(ctx, func(ctx context.Context) (endpoint, error) {
		return c.readyEndpoint(ctx, namespace, service, port)
	})
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
	t := &tunnel{client: c, find: find}
	go func() {
		<-ctx.Done()
		_ = listener.Close()
		t.reset(nil)
	}()
	go t.serve(ctx, listener)
	return listener.Addr().String(), cancel, nil
}

// tunnel carries connections over one streaming connection to a pod, which it renews when it breaks.
type tunnel struct {
	client *Client
	find   func(context.Context) (endpoint, error)

	mu     sync.Mutex
	conn   httpstream.Connection
	target endpoint
	number int
}

func (t *tunnel) serve(ctx context.Context, listener net.Listener) {
	for {
		local, err := listener.Accept()
		if err != nil {
			return // closed
		}
		go func() {
			defer local.Close()
			stop := context.AfterFunc(ctx, func() { _ = local.Close() })
			defer stop()
			// The client sees a connection that ends at once, as with kubectl port-forward.
			_ = t.carry(ctx, local)
		}()
	}
}

// carry copies one connection in both directions until the remote side ends it or the pod is gone.
func (t *tunnel) carry(ctx context.Context, local net.Conn) error {
	remote, failure, conn, err := t.open(ctx)
	if err != nil {
		return err
	}
	defer conn.RemoveStreams(remote, failure)
	go func() {
		if message, err := io.ReadAll(failure); err == nil && len(message) == 0 {
			return
		}
		// The kubelet could not reach the port: whatever comes next needs a new look at the pods.
		t.reset(conn)
	}()
	go func() {
		_, _ = io.Copy(remote, local)
		_ = remote.Close()
	}()
	_, err = io.Copy(local, remote)
	// Unsent data would block the streams of all other connections.
	return errors.Join(err, remote.Reset())
}

// open makes a pair of streams, over a new connection if the present one does not work any more.
func (t *tunnel) open(ctx context.Context) (remote, failure httpstream.Stream, conn httpstream.Connection, err error) {
	err = Until(ctx, dialTimeout, "a pod to forward to", func(ctx context.Context) error {
		var target endpoint
		conn, target, err = t.connection(ctx)
		if err != nil {
			return err
		}
		remote, failure, err = t.streams(conn, target.port)
		if err != nil {
			t.reset(conn)
		}
		return err
	})
	return remote, failure, conn, err
}

// connection is the present one if it lives.
func (t *tunnel) connection(ctx context.Context) (httpstream.Connection, endpoint, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.conn != nil {
		select {
		case <-t.conn.CloseChan():
		default:
			return t.conn, t.target, nil
		}
	}
	target, err := t.find(ctx)
	if err != nil {
		return nil, endpoint{}, err
	}
	conn, err := t.client.dialPod(target.pod)
	if err != nil {
		return nil, endpoint{}, err
	}
	t.conn, t.target = conn, target
	return conn, target, nil
}

// reset gives a connection up, so that the next open dials again; nil means whichever it is.
func (t *tunnel) reset(broken httpstream.Connection) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.conn == nil || (broken != nil && broken != t.conn) {
		return
	}
	_ = t.conn.Close()
	t.conn = nil
}

// streams makes the data stream of one connection and the one on which the kubelet tells its failure.
func (t *tunnel) streams(conn httpstream.Connection, port int32) (remote, failure httpstream.Stream, err error) {
	t.mu.Lock()
	t.number++
	number := t.number
	t.mu.Unlock()
	headers := http.Header{}
	headers.Set(corev1.PortHeader, strconv.Itoa(int(port)))
	headers.Set(corev1.PortForwardRequestIDHeader, strconv.Itoa(number))
	headers.Set(corev1.StreamType, corev1.StreamTypeError)
	if failure, err = conn.CreateStream(headers); err != nil {
		return nil, nil, fmt.Errorf("opening a stream: %w", err)
	}
	_ = failure.Close() // nothing is written to it
	headers.Set(corev1.StreamType, corev1.StreamTypeData)
	if remote, err = conn.CreateStream(headers); err != nil {
		return nil, nil, fmt.Errorf("opening a stream: %w", err)
	}
	return remote, failure, nil
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
