package postgres

import (
	"fmt"
	"maps"
	"strconv"

	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component"
)

const (
	// connectionsPerWorker is the pool of one server process of the backend with its overflow: 10 + 20.
	connectionsPerWorker = 30
	// reservedConnections are for the migration, CloudNativePG and people.
	reservedConnections = 50
	// leastConnections is where max_connections starts; it doubles from there. Ten backends of one process fit.
	leastConnections = 400

	sharedBuffers     = "shared_buffers"
	maxConnectionsKey = "max_connections"
)

func postgresql(in component.Input) map[string]any {
	out := map[string]any{"parameters": parameters(in)}
	if s := synchronous(in); s != nil {
		out["synchronous"] = s
	}
	return out
}

// parameters of postgresql.conf. CloudNativePG refuses to change the image and parameters at once, so a new image
// goes first, with the parameters as they are; they follow when it has been taken.
func parameters(in component.Input) map[string]string {
	if live := in.Facts.Database; live != nil && live.Spec.ImageName != Image(in.Cluster) {
		return live.Spec.PostgresConfiguration.Parameters
	}
	return wantedParameters(in)
}

func wantedParameters(in component.Input) map[string]string {
	c := in.Cluster
	out := map[string]string{maxConnectionsKey: strconv.Itoa(MaxConnections(in))}
	if memory, given := memory(c); given {
		// A quarter of the memory, as PostgreSQL's manual advises.
		out[sharedBuffers] = fmt.Sprintf("%dMB", max(1, memory.Value()/4>>20))
	}
	if profile(c) == v1alpha1.FailoverFast {
		// After a failover no write is acknowledged until a standby streams from the new primary. It takes several
		// tries, for the history of the new timeline too, by default 5 s apart.
		out["wal_retrieve_retry_interval"] = "200ms"
		// No standby is promoted while one still waits for the former primary. By default that lasts 5 s.
		out["wal_receiver_timeout"] = "3s"
		out["wal_sender_timeout"] = "3s"
	}
	maps.Copy(out, c.Spec.Postgres.Parameters)
	return out
}

// MaxConnections covers all pools of all backends, one of them surging, or those of a pooler that shares them. It doubles instead of following the replicas, and
// what is enough stays when they become fewer, because each change restarts Postgres.
func MaxConnections(in component.Input) int {
	c := in.Cluster
	need := clients(c)
	if sharesConnections(in) {
		need = pooledConnections(c.Spec.Postgres.Pooler)
	}
	need += reservedConnections
	if live := liveConnections(in); live >= need {
		return live
	}
	return doubled(need)
}

// clients are all connections that the backends may open, one of them surging.
func clients(c *v1alpha1.XaTubeCluster) int {
	return (backends(c) + 1) * workers(c) * connectionsPerWorker
}

func doubled(need int) int {
	n := leastConnections
	for n < need {
		n *= 2
	}
	return n
}

// liveConnections is what the running database was given; 0 when there is none.
func liveConnections(in component.Input) int {
	if in.Facts.Database == nil {
		return 0
	}
	n, err := strconv.Atoi(in.Facts.Database.Spec.PostgresConfiguration.Parameters[maxConnectionsKey])
	if err != nil {
		return 0
	}
	return n
}

func backends(c *v1alpha1.XaTubeCluster) int {
	b := c.Spec.Backend
	switch {
	case b.Autoscaling != nil:
		return int(b.Autoscaling.MaxReplicas)
	case b.Replicas != nil:
		return int(*b.Replicas)
	default:
		return 0
	}
}

func workers(c *v1alpha1.XaTubeCluster) int {
	return max(1, int(c.Spec.Backend.Workers))
}

// memory that the user gave each instance: what is reserved, or else the limit.
func memory(c *v1alpha1.XaTubeCluster) (resource.Quantity, bool) {
	r := c.Spec.Postgres.Pod.Resources
	if r == nil {
		return resource.Quantity{}, false
	}
	if m := r.Requests.Memory(); !m.IsZero() {
		return *m, true
	}
	m := r.Limits.Memory()
	return *m, !m.IsZero()
}
