//go:build e2e

package chaos

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	cnpgv1 "github.com/cloudnative-pg/api/pkg/api/v1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/xatube/xatube-operator/internal/component/naming"
	"github.com/xatube/xatube-operator/test/drive"
)

const (
	// readyTimeout covers the start of a whole platform.
	readyTimeout = 6 * time.Minute
	// healTimeout covers the return of what a fault took away, a new standby included.
	healTimeout = 4 * time.Minute
)

// spec of the platform that suffers. Its database is on volumes of the nodes, as one that must outlive a node is. All
// users come from one address: the limits of the edge are out of the way.
const spec = `
  backend: {replicas: 3, uploads: {size: 1Gi}, pod: {resources: {requests: {cpu: 20m, memory: 64Mi}}}}
  frontend: {pod: {resources: {requests: {cpu: 10m}}}}
  edge: {rateLimit: {api: {requestsPerSecond: 10000, burst: 10000}, web: {requestsPerSecond: 10000, burst: 10000}}, pod: {resources: {requests: {cpu: 20m}}}}
  postgres: {storage: {size: 1Gi, storageClassName: local}, pod: {resources: {requests: {cpu: 20m, memory: 256Mi}}}}
  rabbitmq: {storage: {size: 1Gi, storageClassName: local}, pod: {resources: {requests: {cpu: 20m, memory: 256Mi}, limits: {memory: 512Mi}}}}
  rtmp: {service: {type: ClusterIP}, pod: {resources: {requests: {cpu: 10m}}}}`

// ground is the platform that suffers.
type ground struct {
	platform types.NamespacedName
	results  []result
}

// namespace makes a namespace that goes with the test.
func namespace(t *testing.T, name string) string {
	t.Helper()
	kube.TestNamespace(t, "xatube-chaos", name, kube.DeleteNamespace)
	return name
}

func apply(t *testing.T, namespace, name, spec string) types.NamespacedName {
	t.Helper()
	platform, err := kube.ApplyPlatform(t.Context(), namespace, name, spec)
	check(t, err)
	return platform
}

func (g *ground) database(t *testing.T) *cnpgv1.Cluster {
	t.Helper()
	db, err := kube.Database(t.Context(), g.databaseKey())
	check(t, err)
	return db
}

func (g *ground) databaseKey() types.NamespacedName {
	return types.NamespacedName{Namespace: g.platform.Namespace, Name: g.platform.Name + "-" + naming.Postgres}
}

// open opens the edge from a node: its own pod there, or with an empty node any pod, by the Service. No API server is
// on the way.
func (g *ground) open(t *testing.T, node string) *drive.Site {
	t.Helper()
	args := []string{"forward"}
	target := fmt.Sprintf("%s/%s-%s:80", g.platform.Namespace, g.platform.Name, naming.Edge)
	if node != "" {
		args = append(args, "--from", node)
		target = net.JoinHostPort(g.edgeOn(t, node).Status.PodIP, fmt.Sprint(naming.EdgeHTTPPort))
	}
	address := freeAddress(t)
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	forward, err := drive.ClusterCommand(ctx, append(args, address, target)...)
	check(t, err)
	check(t, forward.Start())
	t.Cleanup(func() {
		cancel()
		_ = forward.Wait() // it was killed
	})
	site := drive.Open(address).Unlimited()
	check(t, drive.Until(t.Context(), 20*time.Second, "way to the edge", func(ctx context.Context) error {
		_, err := site.Get(ctx, "/health")
		return err
	}))
	return site
}

func (g *ground) edgeOn(t *testing.T, node string) *corev1.Pod {
	t.Helper()
	for _, pod := range g.pods(t, naming.Edge) {
		if pod.Spec.NodeName == node {
			return &pod
		}
	}
	t.Fatalf("no ready pod of the edge is on %s", node)
	return nil
}

func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	defer listener.Close()
	return listener.Addr().String()
}

// ready waits until the platform is as its spec says, and all instances of the database stream from the primary: one that
// only runs protects no row.
func (g *ground) ready(t *testing.T) {
	t.Helper()
	check(t, kube.WaitReady(t.Context(), g.platform, healTimeout))
	check(t, drive.Until(t.Context(), time.Minute, "standbys that stream", func(ctx context.Context) error {
		out, err := kube.Exec(ctx, g.primary(t), "psql", "-U", "postgres", "-Atc",
			"select application_name from pg_stat_replication where state = 'streaming' order by 1")
		if err != nil {
			return err
		}
		if names := strings.Fields(out); len(names) != g.database(t).Spec.Instances-1 {
			return fmt.Errorf("from %s stream %v", g.primary(t).Name, names)
		}
		return nil
	}))
}

// promoted waits until another instance is the primary.
func (g *ground) promoted(t *testing.T, former string, timeout time.Duration) {
	t.Helper()
	check(t, drive.Until(t.Context(), timeout, "another primary than "+former, func(ctx context.Context) error {
		db, err := kube.Database(ctx, g.databaseKey())
		if err != nil {
			return err
		}
		if s := db.Status; s.CurrentPrimary == former || s.CurrentPrimary != s.TargetPrimary {
			return fmt.Errorf("the primary is %s and shall be %s (%s)", s.CurrentPrimary, s.TargetPrimary, s.Phase)
		}
		return nil
	}))
}

// isolatePrimary arranges what the loss of the primary's node needs on a cluster of two nodes: the primary is alone
// there, so that the quorum survives, and what decides about the failover is elsewhere. It names the other node.
func (g *ground) isolatePrimary(t *testing.T) (survivor string) {
	t.Helper()
	on := map[string][]string{}
	for _, pod := range g.pods(t, naming.Postgres) {
		on[pod.Spec.NodeName] = append(on[pod.Spec.NodeName], pod.Name)
	}
	var doomed string
	for node, instances := range on {
		if len(instances) == 1 {
			doomed = node
		} else {
			survivor = node
		}
	}
	if doomed == "" || survivor == "" {
		t.Fatalf("the instances are on %v, want one of three alone", on)
	}
	if former := g.primary(t).Name; former != on[doomed][0] {
		check(t, kube.Promote(t.Context(), g.databaseKey(), on[doomed][0]))
		g.promoted(t, former, time.Minute)
		g.ready(t)
	}
	check(t, vacate(t.Context(), doomed))
	g.ready(t)
	return survivor
}

// systemNamespaces hold what decides about failovers and makes volumes. The DNS has a pod on each node.
var systemNamespaces = []string{"local-path-storage", "cnpg-system", "xatube-system"}

// vacate moves the operators off a node.
func vacate(ctx context.Context, node string) error {
	if err := kube.Reserve(ctx, node, drive.Closed); err != nil {
		return err
	}
	for _, namespace := range systemNamespaces {
		var pods corev1.PodList
		if err := kube.List(ctx, &pods, client.InNamespace(namespace)); err != nil {
			return fmt.Errorf("listing pods: %w", err)
		}
		for i := range pods.Items {
			if pod := &pods.Items[i]; pod.Spec.NodeName == node && len(pod.OwnerReferences) > 0 && pod.OwnerReferences[0].Kind == "ReplicaSet" {
				if err := kube.Delete(ctx, pod); client.IgnoreNotFound(err) != nil {
					return fmt.Errorf("moving pod %s: %w", pod.Name, err)
				}
			}
		}
	}
	err := drive.Until(ctx, 2*time.Minute, "operators elsewhere than on "+node, func(ctx context.Context) error {
		return systemMisses(ctx, node)
	})
	return errors.Join(err, kube.Release(ctx, node, drive.Closed))
}

// systemMisses says which operator is not available, or still on a node.
func systemMisses(ctx context.Context, node string) error {
	for _, namespace := range systemNamespaces {
		var deployments appsv1.DeploymentList
		var pods corev1.PodList
		if err := errors.Join(kube.List(ctx, &deployments, client.InNamespace(namespace)), kube.List(ctx, &pods, client.InNamespace(namespace))); err != nil {
			return err
		}
		for _, d := range deployments.Items {
			if d.Status.AvailableReplicas != *d.Spec.Replicas || d.Status.Replicas != *d.Spec.Replicas {
				return fmt.Errorf("%s has %d of %d pods", d.Name, d.Status.AvailableReplicas, *d.Spec.Replicas)
			}
			for _, pod := range pods.Items {
				if pod.Spec.NodeName == node && strings.HasPrefix(pod.Name, d.Name+"-") {
					return fmt.Errorf("%s is on %s", pod.Name, node)
				}
			}
		}
	}
	return nil
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
