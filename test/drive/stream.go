package drive

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// toolbox holds ffmpeg and is on the nodes of the ground.
const toolbox = "docker.io/xatube/toolbox:dev"

// Publisher is a pod that publishes a test picture with a tone, as OBS would.
type Publisher struct {
	client *Client
	pod    *corev1.Pod
}

// Publish starts a publisher for a length of time. url is rtmp://host/app; it may name a Service.
func (c *Client) Publish(ctx context.Context, namespace, url, key string, length time.Duration) (*Publisher, error) {
	return c.startPublisher(ctx, namespace, broadcast(url, key, length))
}

// PublishAgain starts a publisher that connects again when it is cut off, as OBS does.
func (c *Client) PublishAgain(ctx context.Context, namespace, url, key string, length time.Duration) (*Publisher, error) {
	again := []string{"sh", "-c", `until "$@"; do sleep 1; done`, "again"}
	return c.startPublisher(ctx, namespace, append(again, broadcast(url, key, length)...))
}

// broadcast is the command of a publisher.
func broadcast(url, key string, length time.Duration) []string {
	return []string{
		"ffmpeg", "-hide_banner", "-nostdin", "-loglevel", "warning", "-re",
		"-f", "lavfi", "-i", "testsrc=size=160x90:rate=10", "-f", "lavfi", "-i", "sine=frequency=440:sample_rate=22050",
		"-t", strconv.Itoa(int(length.Seconds())),
		// A key frame each second lets the server cut fragments where it wants to.
		"-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-pix_fmt", "yuv420p", "-g", "10",
		"-c:a", "aac", "-b:a", "32k", "-f", "flv", strings.TrimSuffix(url, "/") + "/" + key,
	}
}

func (c *Client) startPublisher(ctx context.Context, namespace string, command []string) (*Publisher, error) {
	pod := toolPod(namespace, "publisher-"+strings.ToLower(rand.Text()[:8]), toolbox, command)
	if err := c.Create(ctx, pod); err != nil {
		return nil, fmt.Errorf("starting a publisher: %w", err)
	}
	return &Publisher{client: c, pod: pod}, nil
}

// toolPod runs one command of an image under restricted Pod Security.
func toolPod(namespace, name, image string, command []string) *corev1.Pod {
	const user = 1000
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name, Labels: map[string]string{"app.kubernetes.io/name": "xatube-drive"}},
		Spec: corev1.PodSpec{
			RestartPolicy:                 corev1.RestartPolicyNever,
			AutomountServiceAccountToken:  new(false),
			TerminationGracePeriodSeconds: new(int64(1)),
			SecurityContext: &corev1.PodSecurityContext{
				RunAsNonRoot: new(true), RunAsUser: new(int64(user)), RunAsGroup: new(int64(user)),
				SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault},
			},
			Containers: []corev1.Container{{
				Name: "tool", Image: image, ImagePullPolicy: corev1.PullIfNotPresent, Command: command,
				SecurityContext: &corev1.SecurityContext{
					AllowPrivilegeEscalation: new(false), ReadOnlyRootFilesystem: new(true),
					Capabilities: &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
				},
			}},
		},
	}
}

// Wait waits until the publisher has ended and tells whether it was let publish to the end. The error holds what ffmpeg
// said.
func (p *Publisher) Wait(ctx context.Context, timeout time.Duration) error {
	return Until(ctx, timeout, "the end of "+p.pod.Name, func(ctx context.Context) error {
		if err := p.client.Get(ctx, client.ObjectKeyFromObject(p.pod), p.pod); err != nil {
			return err
		}
		switch p.pod.Status.Phase {
		case corev1.PodSucceeded:
			return nil
		case corev1.PodFailed:
			return Abort(&PublishError{Log: p.Log(ctx)})
		default:
			return fmt.Errorf("it is %s", p.pod.Status.Phase)
		}
	})
}

// Log is the end of what ffmpeg says.
func (p *Publisher) Log(ctx context.Context) string {
	return p.client.logTail(ctx, p.pod, "tool", false, 10)
}

// PublishError says that ffmpeg could not publish.
type PublishError struct{ Log string }

func (e *PublishError) Error() string { return "ffmpeg could not publish: " + e.Log }

// Stop ends the publisher and waits until it has gone.
func (p *Publisher) Stop(ctx context.Context) error {
	if err := p.client.Delete(ctx, p.pod); client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("stopping a publisher: %w", err)
	}
	return p.client.WaitGone(ctx, p.pod, time.Minute)
}

// Playlist is what a player needs to play a live stream.
type Playlist struct {
	Path     string
	Segments []string // paths
	// Durations of the segments.
	Durations []time.Duration
	Header    http.Header
}

// errNotLive says that there is no playlist with segments yet.
var errNotLive = errors.New("the playlist has no segments yet")

// Playlist asks for the playlist of a stream where the player does. When it is a master playlist, its first variant is
// taken.
func (s *Site) Playlist(ctx context.Context, key string) (Playlist, error) {
	path := "/live/" + key + ".m3u8"
	for range 2 {
		answer, err := s.Get(ctx, path)
		if err != nil {
			return Playlist{}, err
		}
		if err := want(http.MethodGet, path, http.StatusOK, answer, nil); err != nil {
			return Playlist{}, err
		}
		names, durations := entries(answer.Body)
		if len(names) == 0 {
			return Playlist{}, errNotLive
		}
		paths, err := resolve(path, names)
		if err != nil {
			return Playlist{}, err
		}
		if !strings.HasSuffix(names[0], ".m3u8") {
			return Playlist{Path: path, Segments: paths, Durations: durations, Header: answer.Header}, nil
		}
		path = paths[0]
	}
	return Playlist{}, fmt.Errorf("%s: a playlist of playlists of playlists", path)
}

// entries are the lines of a playlist that are no comments, with the lengths that stand before them.
func entries(playlist []byte) (names []string, durations []time.Duration) {
	var duration time.Duration
	lines := bufio.NewScanner(bytes.NewReader(playlist))
	for lines.Scan() {
		line := strings.TrimSpace(lines.Text())
		if length, ok := strings.CutPrefix(line, "#EXTINF:"); ok {
			seconds, _, _ := strings.Cut(length, ",")
			duration, _ = time.ParseDuration(seconds + "s")
			continue
		}
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		names, durations = append(names, line), append(durations, duration)
	}
	return names, durations
}

// resolve makes paths of names that are relative to a path.
func resolve(base string, names []string) ([]string, error) {
	root, err := url.Parse(base)
	if err != nil {
		return nil, fmt.Errorf("reading a playlist: %w", err)
	}
	paths := make([]string, len(names))
	for i, name := range names {
		entry, err := root.Parse(name)
		if err != nil {
			return nil, fmt.Errorf("reading a playlist: %w", err)
		}
		paths[i] = entry.RequestURI()
	}
	return paths, nil
}

// tsPacket is the length of a packet of an MPEG transport stream, and tsSync its first byte.
const (
	tsPacket = 188
	tsSync   = 0x47
)

// WatchLive waits until a stream plays: a playlist, and a segment that is an MPEG transport stream.
func (s *Site) WatchLive(ctx context.Context, key string, timeout time.Duration) (Playlist, error) {
	var playlist Playlist
	err := Until(ctx, timeout, "stream at "+s.addr, func(ctx context.Context) (err error) {
		if playlist, err = s.Playlist(ctx, key); err != nil {
			return err
		}
		segment, err := s.Get(ctx, playlist.Segments[0])
		if err != nil {
			return err
		}
		if err := want(http.MethodGet, playlist.Segments[0], http.StatusOK, segment, nil); err != nil {
			return err
		}
		if len(segment.Body) < 2*tsPacket || segment.Body[0] != tsSync || segment.Body[tsPacket] != tsSync {
			return fmt.Errorf("%s is no transport stream", playlist.Segments[0])
		}
		return nil
	})
	return playlist, err
}
