package drive

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/xatube/xatube-operator/internal/component/naming"
)

const (
	// liveTimeout covers the start of a publisher and the first fragments.
	liveTimeout = 60 * time.Second
	// liveLength is long enough for a viewer to find the stream.
	liveLength = 90 * time.Second
)

// Smoke makes one pass over what users do: the page, the API with a write and a read back, and a live stream. Each step
// is told to report when it has succeeded.
func (c *Client) Smoke(ctx context.Context, platform types.NamespacedName, report func(string)) error {
	site, stop, err := c.OpenSite(ctx, platform)
	if err != nil {
		return err
	}
	defer stop()
	if err := site.Page(ctx); err != nil {
		return err
	}
	report("HTTP: the edge serves the page of the frontend")
	user, err := smokeAPI(ctx, site)
	if err != nil {
		return err
	}
	report("API: a user registered, uploaded a video, commented on it, and read both back")
	playlist, err := c.SmokeLive(ctx, platform, site, user.Channel.StreamKey)
	if err != nil {
		return err
	}
	report("RTMP: a published stream plays as HLS at " + playlist.Path)
	return nil
}

func smokeAPI(ctx context.Context, site *Site) (*User, error) {
	user, err := site.Register(ctx)
	if err != nil {
		return nil, err
	}
	if _, err := user.Me(ctx); err != nil {
		return nil, fmt.Errorf("reading the own account back: %w", err)
	}
	clip := bytes.Repeat([]byte("xatube "), 1000)
	video, _, err := user.Upload(ctx, "smoke", clip)
	if err != nil {
		return nil, fmt.Errorf("uploading: %w", err)
	}
	answer, err := site.Get(ctx, video.URL)
	if err != nil {
		return nil, err
	}
	if err := want(http.MethodGet, video.URL, http.StatusOK, answer, nil); err != nil {
		return nil, err
	}
	if !bytes.Equal(answer.Body, clip) {
		return nil, fmt.Errorf("%s differs from what was uploaded", video.URL)
	}
	return user, smokeComment(ctx, user, video)
}

func smokeComment(ctx context.Context, user *User, video Video) error {
	written, err := user.Comment(ctx, video.ID, "smoke")
	if err != nil {
		return fmt.Errorf("commenting: %w", err)
	}
	comments, err := user.Comments(ctx, video.ID)
	if err != nil {
		return fmt.Errorf("reading the comments: %w", err)
	}
	if len(comments) != 1 || comments[0] != written {
		return fmt.Errorf("comments are %v, want only %v", comments, written)
	}
	return nil
}

// SmokeLive publishes with a key and watches the stream at a site.
func (c *Client) SmokeLive(ctx context.Context, platform types.NamespacedName, site *Site, key string) (Playlist, error) {
	publisher, err := c.Publish(ctx, platform.Namespace, IngestURL(platform), key, liveLength)
	if err != nil {
		return Playlist{}, err
	}
	playlist, err := site.WatchLive(ctx, key, liveTimeout)
	if err != nil {
		err = c.Explain(ctx, platform.Namespace, fmt.Errorf("%w; the publisher says: %s", err, publisher.Log(ctx)))
	}
	if stopErr := publisher.Stop(ctx); err == nil {
		err = stopErr
	}
	return playlist, err
}

// IngestURL is where publishers inside the cluster publish to.
func IngestURL(platform types.NamespacedName) string {
	return fmt.Sprintf("rtmp://%s-%s.%s.svc:1935/live", platform.Name, naming.RTMP, platform.Namespace)
}
