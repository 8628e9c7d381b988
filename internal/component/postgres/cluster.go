package postgres

import (
	"cmp"
	"maps"

	corev1 "k8s.io/api/core/v1"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component"
	"github.com/xatube/xatube-operator/internal/component/backup"
	"github.com/xatube/xatube-operator/internal/component/naming"
	"github.com/xatube/xatube-operator/internal/component/workload"
)

const (
	// database is the name of the application's database and of the role that owns it.
	database = "xatube"

	defaultMemory = "256Mi"

	// stopDelay, in seconds, adds the time for a fast shutdown with its checkpoint.
	stopDelay = 180
	// switchoverDelay, in seconds, bounds the shutdown of the former primary. CloudNativePG would wait an hour, in
	// which nobody can write; what it may lose without this wait is on the synchronous standby.
	switchoverDelay = 60
)

// Instances of Postgres that are wanted; none when the database is run elsewhere.
func Instances(c *v1alpha1.XaTubeCluster) int32 {
	switch p := c.Spec.Postgres; {
	case p.External != nil:
		return 0
	case p.Instances != nil:
		return *p.Instances
	default:
		return 3
	}
}

// Image is the wanted image, which psql of the migration runs from too.
func Image(c *v1alpha1.XaTubeCluster) string {
	return naming.Image(c, c.Spec.Postgres.Image, naming.ImagePostgres)
}

// cluster is the wanted CloudNativePG Cluster: only what the operator means to own.
func cluster(in component.Input) (component.Document, error) {
	c := in.Cluster
	spec := map[string]any{
		"instances":             Instances(c),
		"imageName":             Image(c),
		"imagePullPolicy":       pullPolicy(c),
		"inheritedMetadata":     inheritedMetadata(c),
		"bootstrap":             bootstrap(in),
		"enableSuperuserAccess": false,
		"postgresql":            postgresql(in),
		"storage":               volume(dataVolume(in)),
		"resources":             resources(c),
		"enablePDB":             Instances(c) > 1,
		"primaryUpdateMethod":   "switchover",
		"primaryUpdateStrategy": "unsupervised",
		"failoverDelay":         0,
		"smartShutdownTimeout":  smartShutdown(c),
		"stopDelay":             stopDelay,
		"switchoverDelay":       switchoverDelay,
	}
	if wal := logVolume(in); wal != nil {
		spec["walStorage"] = volume(*wal)
	}
	if in.Cluster.Monitored() {
		spec["monitoring"] = monitoring(in)
	}
	if r := roles(in); len(r) > 0 {
		spec["managed"] = map[string]any{"roles": r}
	}
	if plugin := backup.Plugin(in); plugin != nil {
		spec["plugins"] = []map[string]any{plugin}
	}
	if restores(in) {
		spec["externalClusters"] = []map[string]any{origin(c)}
	}
	if lease := primaryLease(c); lease != nil {
		spec["primaryLease"] = lease
	}
	if env := environment(c); len(env) > 0 {
		spec["env"] = env
	}
	if secrets := pullSecrets(c); len(secrets) > 0 {
		spec["imagePullSecrets"] = secrets
	}
	pods, err := podSettings(c)
	if err != nil {
		return nil, err
	}
	maps.Copy(spec, pods)
	return component.Document{
		"apiVersion": ClusterGVK.GroupVersion().String(),
		"kind":       ClusterGVK.Kind,
		"metadata":   metadata(in),
		"spec":       spec,
	}, nil
}

func metadata(in component.Input) map[string]any {
	out := map[string]any{
		"name":      naming.Child(in.Cluster, naming.Postgres),
		"namespace": in.Cluster.Namespace,
		"labels":    naming.Labels(in.Cluster, naming.Postgres),
	}
	if wish := sleep(in); wish != "" {
		out["annotations"] = map[string]string{annotationHibernation: wish}
	}
	return out
}

// inheritedMetadata reaches all that CloudNativePG makes. Our labels bring the pods, Secrets and volumes into the
// operator's caches.
func inheritedMetadata(c *v1alpha1.XaTubeCluster) map[string]any {
	labels := naming.Metadata(c.Spec.Postgres.Pod.Labels)
	maps.Copy(labels, naming.Labels(c, naming.Postgres))
	out := map[string]any{"labels": labels}
	if annotations := c.Spec.Postgres.Pod.Annotations; len(annotations) > 0 {
		out["annotations"] = naming.Metadata(annotations)
	}
	return out
}

func resources(c *v1alpha1.XaTubeCluster) any {
	if r := c.Spec.Postgres.Pod.Resources; r != nil {
		return r
	}
	return workload.Requests("100m", defaultMemory)
}

func pullPolicy(c *v1alpha1.XaTubeCluster) corev1.PullPolicy {
	if d := c.Spec.ImageDefaults; d != nil {
		return cmp.Or(d.PullPolicy, corev1.PullIfNotPresent)
	}
	return corev1.PullIfNotPresent
}

func pullSecrets(c *v1alpha1.XaTubeCluster) []map[string]any {
	if c.Spec.ImageDefaults == nil {
		return nil
	}
	var out []map[string]any
	for _, s := range c.Spec.ImageDefaults.PullSecrets {
		out = append(out, map[string]any{"name": s.Name})
	}
	return out
}
