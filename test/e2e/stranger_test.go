//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"net"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/xatube/xatube-operator/internal/component/naming"
	"github.com/xatube/xatube-operator/internal/rtmp"
)

// endsNoStreamOfAnother: A1. Sessions of a client that has no key, or the key of another stream, leave a publisher alone. A test of
// the ingest without a cluster (test/rtmpfuzz) tries many thousands more.
func endsNoStreamOfAnother(t *testing.T, platform types.NamespacedName) {
	site := open(t, platform)
	victim, other := register(t, site).Channel.StreamKey, register(t, site).Channel.StreamKey
	publisher := publish(t, platform, ingestPod(platform, 0), victim, 45*time.Second)
	_, err := site.WatchLive(t.Context(), victim, time.Minute)
	check(t, err)
	pod := client.ObjectKey{Namespace: platform.Namespace, Name: fmt.Sprintf("%s-%s-0", platform.Name, naming.RTMP)}
	addr, stop, err := kube.ForwardPod(t.Context(), pod, naming.RTMPPort)
	check(t, err)
	defer stop()
	const smuggled = " HTTP/1.1\r\nHost: a\r\n\r\nGET "
	for _, commands := range [][]rtmp.Command{
		publishing("bad?x" + smuggled + "/_control/drop/publisher?app=live" + " HTTP/1.1\r\n\r\n"),
		publishing("bad?x" + smuggled + "/_hook/unpublish?app=live&name=" + victim + " HTTP/1.1\r\n\r\n"),
		publishing("../live/hls/" + victim),
		publishing(victim),
		append(publishing(other), rtmp.Command{Name: "publish", Transaction: 6, Arguments: []any{nil, victim, "live"}}),
		append(publishing(other), rtmp.Command{Name: "play", Transaction: 6, Arguments: []any{nil, victim}}),
	} {
		for range 3 {
			check(t, speakRTMP(t.Context(), addr, commands))
		}
	}
	if n := publishersOf(t, platform, 0); n != 1 {
		t.Errorf("the pod has %d publishers, want the one that was there", n)
	}
	if err := publisher.Wait(t.Context(), 2*time.Minute); err != nil {
		t.Errorf("a publisher was disturbed: %v", err)
	}
}

// publishing is what an encoder says to publish a stream.
func publishing(name string) []rtmp.Command {
	return []rtmp.Command{
		{Name: "connect", Transaction: 1, Arguments: []any{rtmp.Object{"app": "live", "flashVer": "FMLE/3.0", "tcUrl": "rtmp://a/live"}}},
		{Name: "releaseStream", Transaction: 2, Arguments: []any{nil, name}},
		{Name: "createStream", Transaction: 4, Arguments: []any{nil}},
		{Name: "publish", Transaction: 5, Arguments: []any{nil, name, "live"}},
	}
}

// speakRTMP says all of it and listens until the server has nothing more to say for a second, or closes. What it answers is its
// affair.
func speakRTMP(ctx context.Context, addr string, commands []rtmp.Command) error {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", addr)
	if err != nil {
		return fmt.Errorf("connecting to the ingest: %w", err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		return fmt.Errorf("setting a deadline: %w", err)
	}
	if err := rtmp.Greet(conn); err != nil {
		return fmt.Errorf("greeting the ingest: %w", err)
	}
	w := rtmp.NewWriter(conn)
	for i, c := range commands {
		stream := uint32(0)
		if i > 2 {
			stream = 1
		}
		// The server may have closed already.
		_ = w.Write(c.Message(stream))
	}
	_ = w.Flush()
	buffer := make([]byte, 4096)
	for err == nil {
		if err = conn.SetReadDeadline(time.Now().Add(time.Second)); err == nil {
			_, err = conn.Read(buffer)
		}
	}
	return nil
}
