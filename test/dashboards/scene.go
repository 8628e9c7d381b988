package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/xatube/xatube-operator/internal/component/naming"
	"github.com/xatube/xatube-operator/test/drive"
)

const (
	readyTimeout = 10 * time.Minute
	// rate of the visitors, a second.
	rate = 10
	// broadcast outlasts the scene.
	broadcast = 30 * time.Minute
)

// manifest is a platform with everything that the dashboards draw. Volumes of class local are measured by the kubelet.
const manifest = `{apiVersion: xatube.io/v1alpha1, kind: XaTubeCluster, metadata: {name: tube}, spec: {
  monitoring: {mode: Enabled, nodeExporter: {}},
  backend: {replicas: 3, pod: {resources: {requests: {cpu: 20m, memory: 64Mi}}}},
  frontend: {pod: {resources: {requests: {cpu: 10m}}}},
  edge: {rateLimit: {api: {requestsPerSecond: 10000, burst: 10000}, web: {requestsPerSecond: 10000, burst: 10000}}, pod: {resources: {requests: {cpu: 20m}}}},
  postgres: {storage: {size: 1Gi, storageClassName: local}, pod: {resources: {requests: {cpu: 20m, memory: 256Mi}}}},
  redis: {maxMemory: 64Mi},
  rabbitmq: {storage: {size: 1Gi}, pod: {resources: {requests: {cpu: 20m, memory: 256Mi}, limits: {memory: 512Mi}}}},
  rtmp: {service: {type: ClusterIP}, pod: {resources: {requests: {cpu: 10m}}}}}}`

// play makes the platform and lets people use it for a while: visitors, a stream with viewers and a chat, and in the
// middle the death of the primary. end removes it.
func play(ctx context.Context, kube *drive.Client, platform types.NamespacedName, traffic time.Duration) (end func() error, err error) {
	if err := kube.CreateNamespace(ctx, platform.Namespace, nil); err != nil {
		return nil, err
	}
	end = func() error { return kube.DeleteNamespace(context.WithoutCancel(ctx), platform.Namespace) }
	if err := kube.Apply(ctx, platform.Namespace, manifest); err != nil {
		return end, err
	}
	if err := kube.WaitReady(ctx, platform, readyTimeout); err != nil {
		return end, err
	}
	if err := crowd(ctx, kube, platform); err != nil {
		return end, kube.Explain(ctx, platform.Namespace, err)
	}
	fmt.Fprintf(os.Stderr, "%s is ready and in use; %s of traffic\n", platform, traffic)
	if err := drive.Pass(ctx, traffic/2); err != nil {
		return end, err
	}
	if err := killPrimary(ctx, kube, platform); err != nil {
		return end, err
	}
	return end, drive.Pass(ctx, traffic/2)
}

// crowd starts those who use the platform until it goes.
func crowd(ctx context.Context, kube *drive.Client, platform types.NamespacedName) error {
	edge := platform.Name + "-" + naming.Edge
	site, stop, err := kube.OpenSite(ctx, platform)
	if err != nil {
		return err
	}
	context.AfterFunc(ctx, stop)
	user, err := site.Register(ctx)
	if err != nil {
		return err
	}
	video, _, err := user.Upload(ctx, "clip", []byte("clip"))
	if err != nil {
		return err
	}
	key := user.Channel.StreamKey
	if _, err := kube.Publish(ctx, platform.Namespace, drive.IngestURL(platform), key, broadcast); err != nil {
		return err
	}
	if _, err := site.WatchLive(ctx, key, time.Minute); err != nil {
		return err
	}
	_, visitors := kube.StartVisitors(ctx, platform.Namespace, edge, rate)
	_, writers := kube.StartWriters(ctx, platform.Namespace, "", edge, video.ID, rate)
	_, viewers := kube.StartViewers(ctx, platform.Namespace, edge, []string{key}, 2)
	_, chat := site.Chat(ctx, key)
	return errors.Join(visitors, writers, viewers, chat)
}

// killPrimary ends the primary of the database as a crash would, and waits until another one is reported.
func killPrimary(ctx context.Context, kube *drive.Client, platform types.NamespacedName) error {
	x, err := kube.Platform(ctx, platform)
	if err != nil {
		return err
	}
	primary := x.Status.Postgres.Primary
	if err := kube.Kill(ctx, platform.Namespace, primary); err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "killed the primary %s\n", primary)
	return kube.WaitReady(ctx, platform, readyTimeout)
}
