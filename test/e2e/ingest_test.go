//go:build e2e

package e2e

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component/naming"
	"github.com/xatube/xatube-operator/internal/observe"
	"github.com/xatube/xatube-operator/test/drive"
)

const (
	// ingests drain for longer than a publisher of these tests publishes.
	drainTimeout = 4 * time.Minute
	// comeback is within how much time a stream whose pod was killed plays again.
	comeback = 15 * time.Second
	// sweepTimeout covers the start of a killed pod and its two looks at the streams that are live.
	sweepTimeout = 90 * time.Second
)

// TestIngest uses two pods of the ingest, which record, behind two edges. Its cache is on disk.
func TestIngest(t *testing.T) {
	t.Parallel()
	spec := strings.NewReplacer("edge: {replicas: 1,", "edge: {replicas: 2,", "redis: {", "redis: {persistence: {size: 1Gi}, ",
		"rtmp: {", "rtmp: {replicas: 2, drainTimeout: 4m, recording: {size: 1Gi}, ").Replace(drive.Small)
	platform := apply(t, namespace(t), "demo", spec)
	ready(t, platform, readyTimeout)
	for _, test := range []struct {
		name string
		run  func(*testing.T, types.NamespacedName)
	}{
		{"GrowsRecordingsAndCache", growsRecordingsAndCache},
		{"PlaysEveryStreamThroughEveryEdge", playsEveryStreamThroughEveryEdge},
		{"EndsNoStreamOfAnother", endsNoStreamOfAnother},
		{"EndsTheStreamsOfAKilledPod", endsTheStreamsOfAKilledPod},
		{"DrainsPodsThatAreScaledDown", drainsPodsThatAreScaledDown},
	} {
		t.Run(test.name, func(t *testing.T) { test.run(t, platform) })
	}
}

// ingestPod is the URL of one pod of the ingest, whatever the Service would choose.
func ingestPod(platform types.NamespacedName, ordinal int) string {
	set := platform.Name + "-" + naming.RTMP
	return fmt.Sprintf("rtmp://%s-%d.%s-pods.%s.svc:1935/live", set, ordinal, set, platform.Namespace)
}

func publish(t *testing.T, platform types.NamespacedName, url, key string, length time.Duration) *drive.Publisher {
	t.Helper()
	publisher, err := kube.Publish(t.Context(), platform.Namespace, url, key, length)
	check(t, err)
	stopLater(t, publisher)
	return publisher
}

// stopLater keeps a publisher of a test that fails from being counted in the next one.
func stopLater(t *testing.T, publisher *drive.Publisher) {
	t.Cleanup(func() { check(t, publisher.Stop(context.WithoutCancel(t.Context()))) })
}

// playsEveryStreamThroughEveryEdge publishes to each pod and watches each stream through each edge.
func playsEveryStreamThroughEveryEdge(t *testing.T, platform types.NamespacedName) {
	first, second := openTwo(t, platform)
	var publishers []*drive.Publisher
	var keys []string
	for i := range 4 {
		keys = append(keys, register(t, first).Channel.StreamKey)
		publishers = append(publishers, publish(t, platform, ingestPod(platform, i%2), keys[i], 3*time.Minute))
	}
	for _, edge := range []*drive.Site{first, second} {
		for i, key := range keys {
			if _, err := edge.WatchLive(t.Context(), key, time.Minute); err != nil {
				t.Errorf("a stream on pod %d: %v; its publisher says: %s", i%2, err, publishers[i].Log(t.Context()))
			}
		}
	}
}

// endsTheStreamsOfAKilledPod kills a pod with two publishers. One comes back and goes on; the other does not, and its
// stream ends in the application too.
func endsTheStreamsOfAKilledPod(t *testing.T, platform types.NamespacedName) {
	site := open(t, platform)
	returns, leaves := register(t, site).Channel.StreamKey, register(t, site).Channel.StreamKey
	// The Service chooses: the one that comes back has to be where the kill is.
	publisher, err := kube.PublishAgain(t.Context(), platform.Namespace, drive.IngestURL(platform), returns, 5*time.Minute)
	check(t, err)
	stopLater(t, publisher)
	_, err = site.WatchLive(t.Context(), returns, time.Minute)
	check(t, err)
	victim := podWithPublishers(t, platform)
	lost := publish(t, platform, ingestPod(platform, victim), leaves, 5*time.Minute)
	_, err = site.WatchLive(t.Context(), leaves, time.Minute)
	check(t, err)

	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: platform.Namespace, Name: fmt.Sprintf("%s-%s-%d", platform.Name, naming.RTMP, victim)}}
	before, err := site.Playlist(t.Context(), returns)
	check(t, err)
	killed := time.Now()
	check(t, kube.Delete(t.Context(), pod, client.GracePeriodSeconds(0)))
	check(t, playsAnew(t.Context(), site, returns, before))
	t.Logf("the stream of a killed pod plays again after %s", time.Since(killed).Round(100*time.Millisecond))
	if refused := (*drive.PublishError)(nil); !errors.As(lost.Wait(t.Context(), time.Minute), &refused) {
		t.Error("the publisher on the killed pod was not cut off")
	}
	check(t, drive.Until(t.Context(), sweepTimeout, "end of the stream whose publisher is gone", func(ctx context.Context) error {
		return answers(ctx, site, "/api/streams/by-key/"+leaves, http.StatusNotFound)
	}))
	t.Logf("the stream without a publisher was ended after %s", time.Since(killed).Round(time.Second))
	get(t, site, "/api/streams/by-key/"+returns, http.StatusOK)
	ready(t, platform, changeTimeout)
}

// drainsPodsThatAreScaledDown takes a pod with publishers away. They end by themselves, the status tells of them, and new
// ones land on the pod that stays.
func drainsPodsThatAreScaledDown(t *testing.T, platform types.NamespacedName) {
	first, second := openTwo(t, platform)
	key := func() string { return register(t, first).Channel.StreamKey }
	old, late := key(), key()
	publisher := publish(t, platform, ingestPod(platform, 1), old, 75*time.Second)
	_, err := first.WatchLive(t.Context(), old, time.Minute)
	check(t, err)
	asked := time.Now()
	check(t, kube.Change(t.Context(), platform, `{"spec":{"rtmp":{"replicas":1}}}`))
	check(t, kube.WaitPlatform(t.Context(), platform, reportTimeout, "report of the drain", func(x *v1alpha1.XaTubeCluster) error {
		return tellsOfTheDrain(x, asked)
	}))
	newcomer := publish(t, platform, drive.IngestURL(platform), late, 20*time.Second)
	for _, edge := range []*drive.Site{first, second} {
		for _, key := range []string{old, late} {
			_, err := edge.WatchLive(t.Context(), key, time.Minute)
			check(t, err)
		}
	}
	if n := publishersOf(t, platform, 0); n != 1 {
		t.Errorf("the pod that stays has %d publishers, want the one that came during the drain", n)
	}
	check(t, newcomer.Wait(t.Context(), 2*time.Minute))
	if err := publisher.Wait(t.Context(), 2*time.Minute); err != nil {
		t.Errorf("a publisher was cut off before the deadline: %v", err)
	}
	check(t, kube.WaitDeparted(t.Context(), platform, changeTimeout))
	check(t, kube.WaitPlatform(t.Context(), platform, reportTimeout, "end of the drain", func(x *v1alpha1.XaTubeCluster) error {
		if x.Status.Streaming != nil {
			return fmt.Errorf("status.streaming is %+v", x.Status.Streaming)
		}
		return nil
	}))
}

// playsAnew waits until another pod plays a stream: its playlist knows none of the former segments.
func playsAnew(ctx context.Context, site *drive.Site, key string, before drive.Playlist) error {
	return drive.Until(ctx, comeback, "the stream after its pod was killed", func(ctx context.Context) error {
		now, err := site.Playlist(ctx, key)
		if err != nil {
			return err
		}
		for _, segment := range now.Segments {
			if slices.Contains(before.Segments, segment) {
				return errors.New("the playlist is that of the killed pod")
			}
		}
		return answers(ctx, site, now.Segments[0], http.StatusOK)
	})
}

func answers(ctx context.Context, site *drive.Site, path string, status int) error {
	answer, err := site.Get(ctx, path)
	if err == nil && answer.Status != status {
		err = &drive.StatusError{Method: http.MethodGet, Path: path, Answer: answer}
	}
	return err
}

func tellsOfTheDrain(x *v1alpha1.XaTubeCluster, asked time.Time) error {
	pod := x.Name + "-" + naming.RTMP + "-1"
	s := x.Status.Streaming
	if s == nil || len(s.Draining) != 1 || s.Draining[0].Pod != pod || s.Draining[0].Publishers == nil || *s.Draining[0].Publishers != 1 {
		return fmt.Errorf("status.streaming is %+v, want 1 publisher of %s", s, pod)
	}
	if late := s.Draining[0].Deadline.Sub(asked.Add(drainTimeout)); late < -5*time.Second || late > 30*time.Second {
		return fmt.Errorf("the deadline is %s, want %s after %s", s.Draining[0].Deadline, drainTimeout, asked)
	}
	c := drive.Condition(x, v1alpha1.ConditionIngestReady)
	if c.Status != metav1.ConditionTrue || !strings.Contains(c.Message, pod+" waits for 1 publisher") {
		return fmt.Errorf("IngestReady is %s: %s", c.Status, c.Message)
	}
	return nil
}

// podWithPublishers is the first of the two pods that has some.
func podWithPublishers(t *testing.T, platform types.NamespacedName) int {
	t.Helper()
	for ordinal := range 2 {
		if publishersOf(t, platform, ordinal) > 0 {
			return ordinal
		}
	}
	t.Fatal("no pod has a publisher")
	return 0
}

func publishersOf(t *testing.T, platform types.NamespacedName, ordinal int) int32 {
	t.Helper()
	pod := client.ObjectKey{Namespace: platform.Namespace, Name: fmt.Sprintf("%s-%s-%d", platform.Name, naming.RTMP, ordinal)}
	addr, stop, err := kube.ForwardPod(t.Context(), pod, naming.RTMPHTTPPort)
	check(t, err)
	defer stop()
	var n int32
	// The operator's way of asking has the patience of its passes.
	check(t, drive.Until(t.Context(), reportTimeout, "count of the publishers", func(ctx context.Context) (err error) {
		n, err = observe.NewIngest().Publishers(ctx, addr)
		return err
	}))
	return n
}
