//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component/naming"
	"github.com/xatube/xatube-operator/test/drive"
)

const (
	// hibernationTimeout covers the leave of every pod, one component after the other.
	hibernationTimeout = 4 * time.Minute
	queue              = "hibernation"
)

// TestHibernation puts a platform to sleep whose edge stays, and wakes it: everything that was written is there.
func TestHibernation(t *testing.T) {
	t.Parallel()
	platform := apply(t, namespace(t), "tube", strings.NewReplacer("edge: {", "edge: {whileHibernated: Serve, ", "rabbitmq: {", "rabbitmq: {replicas: 3, ").Replace(drive.Small))
	ready(t, platform, readyTimeout)
	site := open(t, platform)
	user := register(t, site)
	clip := []byte("kept over a hibernation")
	video, _, err := user.Upload(t.Context(), "kept", clip)
	check(t, err)
	written, err := user.Comment(t.Context(), video.ID, "kept")
	check(t, err)
	tellBroker(t, platform, "kept")
	before := children(t, platform)

	load := drive.StartLoad(t.Context(), loadInterval, func(ctx context.Context, _ int) error { return pageOrInvitation(ctx, site) })
	setPower(t, platform, v1alpha1.PowerHibernated)
	started := time.Now()
	ready(t, platform, hibernationTimeout)
	t.Logf("hibernated after %s", time.Since(started).Round(time.Second))
	t.Run("NothingRunsButTheEdge", func(t *testing.T) { nothingRunsButTheEdge(t, platform) })
	t.Run("TheEdgeInvitesToComeAgain", func(t *testing.T) { invitesToComeAgain(t, site) })

	setPower(t, platform, v1alpha1.PowerRunning)
	started = time.Now()
	ready(t, platform, readyTimeout)
	t.Logf("resumed after %s", time.Since(started).Round(time.Second))
	// A pod of the edge that leaves refuses until nobody asks it any more.
	check(t, kube.WaitDeparted(t.Context(), platform, changeTimeout))
	tally := load.Stop()
	t.Logf("pages: %s", tally)
	if tally.Failures > 0 || tally.Requests == 0 {
		t.Errorf("pages: %s: %s", tally, strings.Join(tally.First, "; "))
	}
	t.Run("FindsItAll", func(t *testing.T) {
		_, err := user.Me(t.Context())
		check(t, err)
		comments, err := user.Comments(t.Context(), video.ID)
		check(t, err)
		if len(comments) != 1 || comments[0] != written {
			t.Errorf("comments are %v, want %v", comments, written)
		}
		if answer := get(t, site, video.URL, http.StatusOK); !bytes.Equal(answer.Body, clip) {
			t.Errorf("the upload is %.50q, want %q", answer.Body, clip)
		}
		askBroker(t, platform, "kept")
		untouched(t, "resumed", before.Only("PersistentVolumeClaim"), children(t, platform).Only("PersistentVolumeClaim"))
	})
}

func setPower(t *testing.T, platform types.NamespacedName, state v1alpha1.PowerState) {
	t.Helper()
	check(t, kube.Change(t.Context(), platform, fmt.Sprintf(`{"spec":{"powerState":%q}}`, state)))
}

func nothingRunsButTheEdge(t *testing.T, platform types.NamespacedName) {
	x, err := kube.Platform(t.Context(), platform)
	check(t, err)
	if c := drive.Condition(x, v1alpha1.ConditionReady); c.Reason != v1alpha1.ReasonHibernated {
		t.Errorf("Ready is %s, %s: %s", c.Status, c.Reason, c.Message)
	}
	columns, err := kube.Columns(t.Context(), platform)
	check(t, err)
	for name, want := range map[string]string{"Ready": "True", "Phase": "Hibernated", "Backends": "0/0"} {
		if columns[name] != want {
			t.Errorf("column %s is %q, want %q", name, columns[name], want)
		}
	}
	for _, component := range []string{naming.Backend, naming.Frontend, naming.Postgres, naming.Redis, naming.RabbitMQ, naming.RTMP} {
		pods, err := kube.Pods(t.Context(), platform, component)
		check(t, err)
		for i := range pods {
			if pods[i].Status.Phase != "Succeeded" {
				t.Errorf("%s runs", pods[i].Name)
			}
		}
	}
	if n := readyPods(t, platform, naming.Edge); n != 1 {
		t.Errorf("%d pods of the edge are ready, want 1", n)
	}
}

func invitesToComeAgain(t *testing.T, site *drive.Site) {
	for _, path := range []string{"/", "/static/app.js", "/uploads/a.png", "/live/key.m3u8", "/api/streams", "/api/streams/ws/key/chat"} {
		answer := get(t, site, path, http.StatusServiceUnavailable)
		if answer.Header.Get("Retry-After") == "" {
			t.Errorf("%s has no Retry-After", path)
		}
	}
}

// pageOrInvitation takes a page, or the 503 that asks to come again. A forward leads to one pod, also while that leaves,
// so what breaks off is asked again, as a browser would.
func pageOrInvitation(ctx context.Context, site *drive.Site) error {
	answer, err := site.Unlimited().Get(ctx, "/")
	if err != nil {
		answer, err = site.Unlimited().Get(ctx, "/")
	}
	switch {
	case err != nil:
		return err
	case answer.Status == http.StatusOK, answer.Status == http.StatusServiceUnavailable && answer.Header.Get("Retry-After") != "":
		return nil
	}
	return fmt.Errorf("/ answers %d: %.100s", answer.Status, answer.Body)
}

func tellBroker(t *testing.T, platform types.NamespacedName, message string) {
	t.Helper()
	broker, stop, err := kube.Broker(t.Context(), platform)
	check(t, err)
	defer stop()
	check(t, broker.Declare(t.Context(), queue))
	check(t, broker.Publish(t.Context(), queue, message))
}

func askBroker(t *testing.T, platform types.NamespacedName, message string) {
	t.Helper()
	broker, stop, err := kube.Broker(t.Context(), platform)
	check(t, err)
	defer stop()
	messages, err := broker.Take(t.Context(), queue)
	check(t, err)
	if !slices.Equal(messages, []string{message}) {
		t.Errorf("the queue holds %q, want %q", messages, message)
	}
}
