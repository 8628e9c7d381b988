package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/xatube/xatube-operator/internal/component/naming"
	"github.com/xatube/xatube-operator/test/drive"
)

const (
	// publisherCount streams are published at a time, and viewersEach players play each of them.
	publisherCount = 4
	viewersEach    = 5
	// broadcast is how long a publisher publishes, below the drainTimeout of the platform.
	broadcast = 90 * time.Second
	// watching is how long the players play: they stop before their streams end.
	watching = 60 * time.Second
	// settling is how long players play before the change.
	settling = 10 * time.Second
	// broadcastTimeout covers the start and the end of a publisher.
	broadcastTimeout = broadcast + time.Minute
)

// streamsPlatform drains its ingest for longer than a publisher publishes.
var streamsPlatform = strings.NewReplacer("rtmp: {service: {type: ClusterIP},", "rtmp: {replicas: 2, drainTimeout: 4m, service: {type: ClusterIP},",
	"replicas: 3,", "replicas: 1,", "postgres: {", "postgres: {instances: 1, ").Replace(rolloutPlatform)

// streams is what publishers and viewers saw of changes of the ingest. A stall is counted once for each player whose
// picture stands still, a disconnect for each publisher that was cut off before it had finished.
type streams struct {
	Bench       string `json:"bench"`
	Publishers  int    `json:"publishers"`
	Viewers     int    `json:"viewers"`
	Stalls      int    `json:"stalls"`
	Disconnects int    `json:"disconnects"`
}

// streaming rolls the ingest and scales it down, each while streams are live.
func streaming(ctx context.Context, kube *drive.Client) (result any, err error) {
	platform := types.NamespacedName{Namespace: "bench-streams", Name: "bench"}
	end, err := start(ctx, kube, platform, streamsPlatform)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, end()) }()
	total := streams{Bench: "streams"}
	for _, c := range []change{
		{"rollout", merged(`{"spec":{"rtmp":{"hls":{"playlistLength":"30s"}}}}`)},
		{"scale 2 to 1", merged(`{"spec":{"rtmp":{"replicas":1}}}`)},
	} {
		if err := total.watch(ctx, kube, platform, c); err != nil {
			return nil, fmt.Errorf("%s: %w", c.name, kube.Explain(ctx, platform.Namespace, err))
		}
	}
	return total, nil
}

// watch makes a change in the middle of a broadcast, and waits for its end.
func (s *streams) watch(ctx context.Context, kube *drive.Client, platform types.NamespacedName, c change) error {
	keys, err := streamKeys(ctx, kube, platform)
	if err != nil {
		return err
	}
	var publishers []*drive.Publisher
	for _, key := range keys {
		publisher, err := kube.Publish(ctx, platform.Namespace, "rtmp://"+platform.Name+"-"+naming.RTMP+"/live", key, broadcast)
		if err != nil {
			return err
		}
		publishers = append(publishers, publisher)
	}
	viewers, err := kube.StartViewers(ctx, platform.Namespace, platform.Name+"-"+naming.Edge, keys, viewersEach)
	if err != nil {
		return err
	}
	if err := drive.Pass(ctx, settling); err != nil {
		return err
	}
	if err := c.do(ctx, kube, platform); err != nil {
		return err
	}
	if err := drive.Pass(ctx, watching-settling); err != nil {
		return err
	}
	seconds, err := viewers.Stop(ctx)
	if err != nil {
		return err
	}
	seen := summed(c.name, seconds)
	disconnects := ended(ctx, publishers)
	fmt.Fprintf(os.Stderr, "%s: %d requests of %d players, %d stalls or failures; %d of %d publishers cut off\n",
		c.name, seen.Requests, len(keys)*viewersEach, seen.Failed, disconnects, len(publishers))
	s.Publishers += len(publishers)
	s.Viewers += len(keys) * viewersEach
	s.Stalls += seen.Failed
	s.Disconnects += disconnects
	return errors.Join(kube.WaitReady(ctx, platform, stepTimeout), kube.WaitDeparted(ctx, platform, stepTimeout))
}

// ended counts the publishers that did not publish to the end.
func ended(ctx context.Context, publishers []*drive.Publisher) int {
	n := 0
	for _, p := range publishers {
		if err := p.Wait(ctx, broadcastTimeout); err != nil {
			n++
			fmt.Fprintln(os.Stderr, err)
		}
	}
	return n
}

// streamKeys registers users, who have a key each.
func streamKeys(ctx context.Context, kube *drive.Client, platform types.NamespacedName) ([]string, error) {
	site, stop, err := kube.OpenSite(ctx, platform)
	if err != nil {
		return nil, err
	}
	defer stop()
	keys := make([]string, publisherCount)
	for i := range keys {
		user, err := site.Register(ctx)
		if err != nil {
			return nil, err
		}
		keys[i] = user.Channel.StreamKey
	}
	return keys, nil
}
