//go:build e2e

package e2e

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/xatube/xatube-operator/internal/component/naming"
	"github.com/xatube/xatube-operator/test/drive"
)

// chattingUsers is how many streams are tried: each backend keeps its rooms to itself, so without routing by stream key
// two viewers would meet by chance, one time in three.
const chattingUsers = 5

func chatsAcrossEdges(t *testing.T, platform types.NamespacedName) {
	first, second := openTwo(t, platform)
	for range chattingUsers {
		key := register(t, first).Channel.StreamKey
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		check(t, chat(ctx, first, second, key))
		cancel()
	}
}

// openTwo forwards to two different pods of the edge.
func openTwo(t *testing.T, platform types.NamespacedName) (first, second *drive.Site) {
	t.Helper()
	pods, err := kube.Pods(t.Context(), platform, naming.Edge)
	check(t, err)
	var sites []*drive.Site
	for i := range pods {
		if !drive.PodReady(&pods[i]) {
			continue
		}
		addr, stop, err := kube.ForwardPod(t.Context(), client.ObjectKeyFromObject(&pods[i]), naming.EdgeHTTPPort)
		check(t, err)
		t.Cleanup(stop)
		sites = append(sites, drive.Open(addr))
	}
	if len(sites) < 2 {
		t.Fatalf("%d ready pods of the edge, want 2", len(sites))
	}
	return sites[0], sites[1]
}

// chat lets a viewer at each site say something, and both hear both.
func chat(ctx context.Context, first, second *drive.Site, key string) error {
	here, err := first.Chat(ctx, key)
	if err != nil {
		return err
	}
	there, err := second.Chat(ctx, key)
	if err != nil {
		return err
	}
	for _, speaker := range []*drive.Room{here, there} {
		said := drive.Message{Text: "hello", Username: map[bool]string{true: "here", false: "there"}[speaker == here]}
		if err := speaker.Say(ctx, said); err != nil {
			return err
		}
		for _, listener := range []*drive.Room{here, there} {
			heard, err := listener.Hear(ctx)
			if err != nil {
				return err
			}
			if heard != said {
				return errors.New("heard " + heard.Username + ": " + heard.Text)
			}
		}
	}
	return errors.Join(here.Leave(), there.Leave())
}

func playsWhatIsPublished(t *testing.T, platform types.NamespacedName) {
	site := open(t, platform)
	playlist, err := kube.SmokeLive(t.Context(), platform, site, register(t, site).Channel.StreamKey)
	check(t, err)
	if cached := playlist.Header.Get("Cache-Control"); cached != "no-store" && cached != "no-cache" {
		t.Errorf("the playlist has Cache-Control %q: a cached one freezes the picture", cached)
	}
	if media := playlist.Header.Get("Content-Type"); media != "application/vnd.apple.mpegurl" {
		t.Errorf("the playlist is %q", media)
	}
}

func refusesAWrongKey(t *testing.T, platform types.NamespacedName) {
	const wrong = "nobody-has-this-key"
	publisher, err := kube.Publish(t.Context(), platform.Namespace, drive.IngestURL(platform), wrong, 30*time.Second)
	check(t, err)
	err = publisher.Wait(t.Context(), time.Minute)
	if refused := (*drive.PublishError)(nil); !errors.As(err, &refused) {
		t.Fatalf("publishing with a wrong key ends with %v, want ffmpeg's failure", err)
	}
	get(t, open(t, platform), "/live/"+wrong+".m3u8", http.StatusNotFound)
}
