package postgres

import (
	cnpgv1 "github.com/cloudnative-pg/api/pkg/api/v1"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component"
)

// primaryLease sets how soon a silent primary is given up: whoever promotes itself must hold the lease, and the
// primary fences itself when it cannot renew it. Nil leaves CloudNativePG's defaults, 15, 10 and 2 seconds.
func primaryLease(c *v1alpha1.XaTubeCluster) map[string]any {
	switch profile(c) {
	case v1alpha1.FailoverFast:
		return map[string]any{"leaseDurationSeconds": 3, "renewDeadlineSeconds": 2, "retryPeriodSeconds": 1}
	case v1alpha1.FailoverBalanced:
		return map[string]any{"leaseDurationSeconds": 5, "renewDeadlineSeconds": 3, "retryPeriodSeconds": 1}
	default:
		return nil
	}
}

// FailsOverFast says that a primary that is lost is given up as soon as that is safe.
func FailsOverFast(c *v1alpha1.XaTubeCluster) bool {
	return profile(c) == v1alpha1.FailoverFast
}

// impatientDNS are options of the C library's resolver. A DNS server that was on the lost node keeps getting a share of
// the questions until Kubernetes calls the node lost. A standby that waits for its answer, twice 5 s by default, cannot
// be promoted meanwhile; one that fails after a second asks again, through another socket and so perhaps another server.
const impatientDNS = "timeout:1 attempts:1"

// resolverOptions is the variable that the C library reads them from.
const resolverOptions = "RES_OPTIONS"

// smartShutdown is how long, in seconds, a stopping instance waits for clients that leave by themselves. The pools of the
// backends never do: the time would pass with new connections refused, and a primary that is told to end within a
// second or two would be killed before it has written its end and released its lease.
func smartShutdown(c *v1alpha1.XaTubeCluster) int {
	if FailsOverFast(c) {
		return 0
	}
	return 15
}

func profile(c *v1alpha1.XaTubeCluster) v1alpha1.FailoverProfile {
	if f := c.Spec.Postgres.Failover; f != "" {
		return f
	}
	return v1alpha1.FailoverFast
}

func strict(c *v1alpha1.XaTubeCluster) bool {
	return Instances(c) > 1 && c.Spec.Postgres.Durability != v1alpha1.DurabilityAvailable
}

// synchronous replication as the wanted durability demands; nil for a single instance. With quorum, a standby is
// promoted only if it certainly has every acknowledged write.
func synchronous(in component.Input) map[string]any {
	c := in.Cluster
	if Instances(c) < 2 || growsFromOne(in.Facts.Database) {
		return nil
	}
	out := map[string]any{"method": "any", "number": 1, "dataDurability": "preferred"}
	if strict(c) {
		out["dataDurability"] = "required"
		out["failoverQuorum"] = true
	}
	return out
}

// growsFromOne says that a running single instance gets its first standby. To demand a standby's word before one
// exists would stop every write until it is copied.
func growsFromOne(live *cnpgv1.Cluster) bool {
	return live != nil && live.Spec.PostgresConfiguration.Synchronous == nil && live.Status.ReadyInstances < 2
}
