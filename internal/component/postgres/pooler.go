package postgres

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	cnpgv1 "github.com/cloudnative-pg/api/pkg/api/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component"
	"github.com/xatube/xatube-operator/internal/component/hibernation"
	"github.com/xatube/xatube-operator/internal/component/naming"
	"github.com/xatube/xatube-operator/internal/component/workload"
	"github.com/xatube/xatube-operator/internal/observe"
)

const (
	// defaultPoolSize of an instance of PgBouncer that shares connections.
	defaultPoolSize = 50
	// poolerDeparture is how long an instance goes on after it was told to go: until nobody is led to it any more.
	poolerDeparture = 10 * time.Second
	// poolerGrace then lets running transactions end. A session that is held open is cut.
	poolerGrace = 30 * time.Second
)

// pooler is PgBouncer in front of the primary, run by CloudNativePG, with its budget; nothing when it is not wanted.
func pooler(in component.Input) []component.Object {
	c := in.Cluster
	want := c.Spec.Postgres.Pooler
	if want == nil {
		return nil
	}
	instances := hibernation.Replicas(in, naming.Pooler, want.Instances)
	object := component.Document{
		"apiVersion": observe.CNPGPooler.GroupVersion().String(),
		"kind":       observe.CNPGPooler.Kind,
		"metadata": map[string]any{
			"name":      naming.Child(c, naming.Pooler),
			"namespace": c.Namespace,
			"labels":    naming.Labels(c, naming.Postgres),
		},
		"spec": map[string]any{
			"cluster":   map[string]any{"name": naming.Child(c, naming.Postgres)},
			"type":      string(cnpgv1.PoolerTypeRW),
			"instances": instances,
			"pgbouncer": map[string]any{
				"poolMode":   strings.ToLower(string(want.PoolMode)),
				"image":      poolerImage(c),
				"parameters": poolerParameters(c),
			},
			"template": map[string]any{"spec": poolerPod(in)},
			"deploymentStrategy": map[string]any{
				"type":          "RollingUpdate",
				"rollingUpdate": map[string]any{"maxUnavailable": 0, "maxSurge": 1},
			},
		},
	}
	return append([]component.Object{object},
		workload.BudgetOver(in, naming.Pooler, instances, poolerSelector(c))...)
}

// refusePooler keeps a login that is not the owner's away from PgBouncer, which drops the setting by which it acts as the
// owner.
func refusePooler(in component.Input) error {
	if in.Cluster.Spec.Postgres.Pooler == nil || !rotated(in) {
		return nil
	}
	return invalid("spec.postgres.pooler: the login of the database was rotated, and through PgBouncer its tables would not be the owner's: remove spec.postgres.pooler, or take postgres out of annotation %s and delete Secret %s, whereupon the backends log in as the owner again",
		naming.AnnotationRotate, logins(in).Newest().Name)
}

func poolerImage(c *v1alpha1.XaTubeCluster) string {
	return naming.Image(c, c.Spec.Postgres.Pooler.Image, naming.ImagePgBouncer)
}

func poolerSelector(c *v1alpha1.XaTubeCluster) map[string]string {
	return map[string]string{naming.LabelPooler: naming.Child(c, naming.Pooler)}
}

func poolerAddress(c *v1alpha1.XaTubeCluster) string {
	return fmt.Sprintf("%s.%s:%d", naming.Child(c, naming.Pooler), c.Namespace, naming.PostgresPort)
}

// poolerPod is what CloudNativePG takes over into its pods; it adds the rest.
func poolerPod(in component.Input) map[string]any {
	c := in.Cluster
	container := map[string]any{
		"name":            "pgbouncer",
		"imagePullPolicy": pullPolicy(c),
		"resources":       workload.Requests("50m", "64Mi"),
		"lifecycle":       workload.PreStopSleep(poolerDeparture),
	}
	if r := c.Spec.Postgres.Pooler.Resources; r != nil {
		container["resources"] = workload.Resources(*r)
	}
	out := map[string]any{
		"containers":                    []map[string]any{container},
		"terminationGracePeriodSeconds": int64((poolerDeparture + poolerGrace).Seconds()),
		"topologySpreadConstraints":     workload.DefaultSpread(poolerSelector(c)),
	}
	settings := c.Spec.Postgres.Pod
	if len(settings.NodeSelector) > 0 {
		out["nodeSelector"] = naming.Metadata(settings.NodeSelector)
	}
	if t := tolerations(settings.Tolerations); len(t) > 0 {
		out["tolerations"] = t
	}
	if settings.PriorityClassName != "" {
		out["priorityClassName"] = settings.PriorityClassName
	}
	if secrets := pullSecrets(c); len(secrets) > 0 {
		out["imagePullSecrets"] = secrets
	}
	return out
}

// poolerParameters of pgbouncer.ini. A primary that is gone is given up as soon as a client without a pooler would, and
// the next one is tried each second instead of every fifteen; meanwhile queries that wait already go on waiting.
func poolerParameters(c *v1alpha1.XaTubeCluster) map[string]string {
	return map[string]string{
		// During an update the former pods of the backend keep their connections.
		"max_client_conn":        strconv.Itoa(2 * doubled(clients(c))),
		"default_pool_size":      strconv.Itoa(poolSize(c)),
		"query_wait_timeout":     "30",
		"server_connect_timeout": "5",
		"server_login_retry":     "1",
		"tcp_keepalive":          "1",
		"tcp_keepidle":           "2",
		"tcp_keepintvl":          "2",
		"tcp_keepcnt":            "3",
		"tcp_user_timeout":       "4000",
	}
}

// poolSize of each instance. In a session every client holds a connection of its own, and all may be led to one
// instance: fewer would let the others wait for ever.
func poolSize(c *v1alpha1.XaTubeCluster) int {
	p := c.Spec.Postgres.Pooler
	if p.PoolMode == v1alpha1.PoolTransaction {
		return sharedPoolSize(p)
	}
	return doubled(clients(c))
}

func sharedPoolSize(p *v1alpha1.PoolerSpec) int {
	if p.PoolSize != nil {
		return int(*p.PoolSize)
	}
	return defaultPoolSize
}

// pooledConnections are all that PgBouncer may open when it shares them, one instance surging.
func pooledConnections(p *v1alpha1.PoolerSpec) int {
	return int(p.Instances+1) * sharedPoolSize(p)
}

// sharesConnections says that every backend goes through a pooler that needs fewer connections than they have. While
// one is left that was started before, its connections count.
func sharesConnections(in component.Input) bool {
	p := in.Cluster.Spec.Postgres.Pooler
	if p == nil || p.PoolMode != v1alpha1.PoolTransaction {
		return false
	}
	return !slices.ContainsFunc(in.Facts.Pods[naming.Backend], func(pod *corev1.Pod) bool {
		return !goesThrough(pod, poolerAddress(in.Cluster))
	})
}

func goesThrough(pod *corev1.Pod, address string) bool {
	for _, c := range pod.Spec.Containers {
		if slices.ContainsFunc(c.Env, func(e corev1.EnvVar) bool {
			return e.Name == databaseURL && strings.Contains(e.Value, "@"+address+"/")
		}) {
			return true
		}
	}
	return false
}

// poolerRuns says that a pooler has pods.
func poolerRuns(in component.Input) bool {
	d := in.Facts.Deployments[naming.Child(in.Cluster, naming.Pooler)]
	return d != nil && d.Status.Replicas > 0
}

// poolerTrouble finds what keeps a wanted pooler from being ready.
func poolerTrouble(in component.Input) (component.Health, bool) {
	want := in.Cluster.Spec.Postgres.Pooler
	if want == nil {
		return component.Health{}, false
	}
	name, live := naming.Child(in.Cluster, naming.Pooler), in.Facts.Pooler
	switch {
	case live == nil:
		return component.NotReady(v1alpha1.ReasonProgressing, fmt.Sprintf("Pooler %s does not exist yet", name)), true
	case live.Status.Error != "":
		return component.NotReady(v1alpha1.ReasonRejected, fmt.Sprintf(
			"CloudNativePG refuses Pooler %s: %s; correct spec.postgres.pooler", name, live.Status.Error)), true
	case live.Status.Phase == cnpgv1.PoolerPhasePaused:
		return component.NotReady(v1alpha1.ReasonUnavailable, fmt.Sprintf(
			"Pooler %s is paused and lets no query through: set its spec.pgbouncer.paused to false", name)), true
	case live.Status.Phase != cnpgv1.PoolerPhaseActive:
		return component.NotReady(v1alpha1.ReasonProgressing, fmt.Sprintf(
			"Pooler %s: %s", name, sentence(string(live.Status.Phase), live.Status.PhaseReason))), true
	case live.Status.Image != poolerImage(in.Cluster):
		return component.NotReady(v1alpha1.ReasonProgressing, fmt.Sprintf(
			"Pooler %s is being rolled to image %s", name, poolerImage(in.Cluster))), true
	}
	if h := workload.DeploymentHealth(in, naming.Pooler); !h.Healthy() {
		return h, true
	}
	if d := in.Facts.Deployments[name]; d.Status.AvailableReplicas != want.Instances {
		return component.NotReady(v1alpha1.ReasonProgressing, fmt.Sprintf(
			"Pooler %s: %d of %d instances are ready", name, d.Status.AvailableReplicas, want.Instances)), true
	}
	return component.Health{}, false
}
