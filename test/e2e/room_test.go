//go:build e2e

package e2e

import (
	"context"
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

	"github.com/xatube/xatube-operator/internal/component/naming"
	"github.com/xatube/xatube-operator/test/drive"
)

// goodbyeTimeout covers the departure of a backend: it serves on until no edge asks it any more, then closes its chats.
const goodbyeTimeout = 100 * time.Second

// room is the chat of one stream with a viewer at each edge.
type room struct {
	key         string
	here, there *drive.Room
}

func enter(t *testing.T, first, second *drive.Site, key string) room {
	t.Helper()
	here, err := first.Chat(t.Context(), key)
	check(t, err)
	there, err := second.Chat(t.Context(), key)
	check(t, err)
	if here.ServedBy == "" || here.ServedBy != there.ServedBy {
		t.Errorf("a room is on %q through one edge and on %q through the other", here.ServedBy, there.ServedBy)
	}
	return room{key: key, here: here, there: there}
}

// movesOnlyTheRoomsOfABackendThatDeparts takes one of three backends away. Its viewers are told to come again and meet
// elsewhere; all others stay where they are, and new viewers find them.
func movesOnlyTheRoomsOfABackendThatDeparts(t *testing.T, platform types.NamespacedName) {
	first, second := openTwo(t, platform)
	var rooms []room
	for range chattingUsers {
		rooms = append(rooms, enter(t, first, second, register(t, first).Channel.StreamKey))
	}
	gone := rooms[0].here.ServedBy
	// Of all backends Kubernetes takes this one.
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: platform.Namespace, Name: gone}}
	edit(t, pod, `{"metadata":{"annotations":{"controller.kubernetes.io/pod-deletion-cost":"-100"}}}`)
	check(t, kube.Change(t.Context(), platform, `{"spec":{"backend":{"replicas":2}}}`))
	ctx, cancel := context.WithTimeout(t.Context(), goodbyeTimeout)
	defer cancel()
	for _, r := range rooms {
		if r.here.ServedBy != gone {
			continue
		}
		check(t, r.here.WaitClosed(ctx))
		check(t, r.there.WaitClosed(ctx))
	}
	for _, r := range rooms {
		now := enter(t, first, second, r.key)
		switch {
		case r.here.ServedBy == gone && now.here.ServedBy == gone:
			t.Errorf("a room is still on %s", gone)
		case r.here.ServedBy != gone && now.here.ServedBy != r.here.ServedBy:
			t.Errorf("a room moved from %s to %s though only %s left", r.here.ServedBy, now.here.ServedBy, gone)
		case r.here.ServedBy != gone:
			check(t, meet(ctx, r.here, r.there, now.here, now.there))
		default:
			check(t, meet(ctx, now.here, now.there))
		}
	}
	check(t, kube.Change(t.Context(), platform, `{"spec":{"backend":{"replicas":3}}}`))
	ready(t, platform, changeTimeout)
	check(t, kube.WaitDeparted(t.Context(), platform, changeTimeout))
}

// popularity is how many viewers one stream has in holdsAPopularChat: more than three backends take.
const popularity = 100

// holdsAPopularChat lets a hundred viewers into the chat of one stream. C1. Each of them holds one of the 30 database
// connections of a process, whose event loop stops for the 31st: so some are refused politely, the API answers all the time,
// and no pod restarts.
func holdsAPopularChat(t *testing.T, platform types.NamespacedName) {
	site, second := openTwo(t, platform)
	user := register(t, site)
	before := restarts(t, platform)
	reads := drive.StartLoad(t.Context(), loadInterval, func(ctx context.Context, _ int) error {
		_, err := user.Me(ctx)
		return err
	})
	inside, refused := crowdRoom(t, user.Channel.StreamKey, site, second)
	t.Logf("%d pods hold the chat, %d viewers were refused", len(inside), refused)
	for pod, viewers := range inside {
		if len(viewers) > 24 {
			t.Errorf("%s holds %d chats, want at most 24", pod, len(viewers))
		}
		check(t, meet(t.Context(), viewers...))
	}
	if len(inside) < 2 || refused == 0 || refused == popularity {
		t.Errorf("of %d viewers %d were refused, want some", popularity, refused)
	}
	if tally := reads.Stop(); tally.Failures > 0 || tally.Requests == 0 || tally.Slowest > 5*time.Second {
		t.Errorf("API: %s: %s", tally, strings.Join(tally.First, "; "))
	}
	get(t, site, "/health", http.StatusOK)
	if after := restarts(t, platform); after != before {
		t.Errorf("%d restarts of backends, %d before", after, before)
	}
	for _, viewers := range inside {
		for _, v := range viewers {
			check(t, v.Leave())
		}
	}
}

// crowdRoom lets viewers into the chat of a stream, through the edges in turn. It returns those who are in, by pod, and how many
// were refused: by the backends, or by an edge for which all of them are one visitor.
func crowdRoom(t *testing.T, key string, edges ...*drive.Site) (inside map[string][]*drive.Room, refused int) {
	t.Helper()
	inside = map[string][]*drive.Room{}
	for i := range popularity {
		viewer, err := edges[i%len(edges)].Chat(t.Context(), key)
		switch {
		case err == nil:
			inside[viewer.ServedBy] = append(inside[viewer.ServedBy], viewer)
		case strings.Contains(err.Error(), "but got 503"), strings.Contains(err.Error(), "but got 429"):
			refused++
		default:
			t.Errorf("a viewer was neither let in nor refused: %v", err)
		}
	}
	return inside, refused
}

// restarts of the backends' containers so far.
func restarts(t *testing.T, platform types.NamespacedName) (n int32) {
	t.Helper()
	var pods corev1.PodList
	check(t, kube.List(t.Context(), &pods, client.InNamespace(platform.Namespace), client.MatchingLabels{
		naming.LabelInstance: platform.Name, naming.LabelComponent: naming.Backend,
	}))
	for _, pod := range pods.Items {
		for _, c := range slices.Concat(pod.Status.ContainerStatuses, pod.Status.InitContainerStatuses) {
			n += c.RestartCount
		}
	}
	return n
}

// meet lets the first viewer say something that all of them hear.
func meet(ctx context.Context, viewers ...*drive.Room) error {
	said := drive.Message{Text: "still here", Username: "first"}
	if err := viewers[0].Say(ctx, said); err != nil {
		return err
	}
	for _, v := range viewers {
		heard, err := v.Hear(ctx)
		if err != nil {
			return err
		}
		if heard != said {
			return fmt.Errorf("heard %s: %s", heard.Username, heard.Text)
		}
	}
	return nil
}
