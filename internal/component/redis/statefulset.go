package redis

import (
	"fmt"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	appsv1ac "k8s.io/client-go/applyconfigurations/apps/v1"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"

	"github.com/xatube/xatube-operator/internal/component"
	"github.com/xatube/xatube-operator/internal/component/hibernation"
	"github.com/xatube/xatube-operator/internal/component/naming"
	"github.com/xatube/xatube-operator/internal/component/workload"
)

const (
	// user id of redis in the official image and in Debian's derivatives of it.
	user = 999

	volumeConfig = "config"
	volumeSecret = "secret"
	volumeData   = "data"

	configPath = "/etc/redis"
	secretPath = "/etc/redis-secret" // as in start.sh
	dataPath   = "/data"
	confFile   = "redis.conf"
	startFile  = "start.sh"

	containerName = "redis"
	// monitor is the user of probes and exporter.
	monitor = "monitor"
)

// statefulSet is the server and, with persistence, its existing claim grown to the wanted size.
func statefulSet(in component.Input, conf string, memory resource.Quantity) (*appsv1ac.StatefulSetApplyConfiguration, []component.Object, error) {
	// Not the logins of the applications: the server is told of those while it runs.
	checksum, err := workload.Checksum(conf, start, in.Facts.Secrets[serverSecret(in)].Data)
	if err != nil {
		return nil, nil, err
	}
	template, err := workload.Template(in, workload.Pod{
		Component:   naming.Redis,
		Settings:    in.Cluster.Spec.Redis.Pod,
		User:        user,
		Containers:  []*corev1ac.ContainerApplyConfiguration{cache(in, memory), exporter(in)},
		Volumes:     volumes(in),
		Checksum:    checksum,
		GracePeriod: 30 * time.Second,
		Single:      true,
	})
	if err != nil {
		return nil, nil, err
	}
	name := naming.Child(in.Cluster, naming.Redis)
	set := workload.StatefulSet(in, naming.Redis)
	set.Spec.WithReplicas(hibernation.Replicas(in, naming.Redis, 1)).
		WithServiceName(name).
		// In order, a pod that never becomes ready would block the update that mends it.
		WithPodManagementPolicy(appsv1.ParallelPodManagement).
		WithTemplate(template)
	persistence := in.Cluster.Spec.Redis.Persistence
	if persistence == nil {
		return set, nil, nil
	}
	claim, err := workload.ClaimTemplate(in, name, volumeData, naming.Redis, *persistence)
	if err != nil {
		return nil, nil, err
	}
	set.Spec.WithVolumeClaimTemplates(claim)
	grown, err := workload.GrownClaims(in, name, volumeData, naming.Redis, *persistence, 1)
	return set, grown, err
}

// volumes of the pod; with persistence the StatefulSet adds the claim.
func volumes(in component.Input) []*corev1ac.VolumeApplyConfiguration {
	out := []*corev1ac.VolumeApplyConfiguration{
		workload.ConfigVolume(volumeConfig, naming.Child(in.Cluster, naming.Redis)),
		secrets(in),
	}
	if in.Cluster.Spec.Redis.Persistence == nil {
		out = append(out, workload.SmallScratch(volumeData))
	}
	return out
}

func image(in component.Input) string {
	return naming.Image(in.Cluster, in.Cluster.Spec.Redis.Image, naming.ImageRedis)
}

func cache(in component.Input, memory resource.Quantity) *corev1ac.ContainerApplyConfiguration {
	return workload.Container(in, containerName, image(in), "sh", configPath+"/"+startFile).
		WithPorts(workload.Port(naming.PortRedis, naming.RedisPort)).
		// redis-cli reads the password for the probes from here.
		WithEnv(workload.SecretEnv("REDISCLI_AUTH", serverSecret(in), keyMonitor)).
		WithResources(corev1ac.ResourceRequirements().
			WithRequests(corev1.ResourceList{
				corev1.ResourceCPU:    resource.MustParse("50m"),
				corev1.ResourceMemory: memory,
			}).
			WithLimits(corev1.ResourceList{corev1.ResourceMemory: withHeadroom(memory)})).
		WithVolumeMounts(
			workload.Mount(volumeConfig, configPath).WithReadOnly(true),
			workload.Mount(volumeSecret, secretPath).WithReadOnly(true),
			workload.Mount(volumeData, dataPath)).
		WithStartupProbe(pong().WithPeriodSeconds(2).WithTimeoutSeconds(5).WithFailureThreshold(900)).
		WithReadinessProbe(pong().WithPeriodSeconds(5).WithTimeoutSeconds(5).WithFailureThreshold(3)).
		// Any answer proves life: a server that loads its data or runs a long script must not be killed.
		WithLivenessProbe(workload.ExecProbe("redis-cli", "--user", monitor, "ping").
			WithPeriodSeconds(15).WithTimeoutSeconds(10).WithFailureThreshold(4))
}

// pong asks for the one answer of a server that works: redis-cli ends with 0 on errors such as LOADING too.
func pong() *corev1ac.ProbeApplyConfiguration {
	return workload.ExecProbe("sh", "-c", `test "$(redis-cli --user `+monitor+` ping)" = PONG`)
}

func exporter(in component.Input) *corev1ac.ContainerApplyConfiguration {
	spec := in.Cluster.Spec.Redis.Exporter
	image := workload.ExporterImage(in, spec, naming.ImageRedisExporter)
	return workload.Container(in, "exporter", image, "/redis_exporter").
		WithPorts(workload.Port(naming.PortMetrics, naming.RedisMetricsPort)).
		WithEnv(
			corev1ac.EnvVar().WithName("REDIS_ADDR").WithValue(fmt.Sprintf("redis://127.0.0.1:%d", naming.RedisPort)),
			corev1ac.EnvVar().WithName("REDIS_USER").WithValue(monitor),
			workload.SecretEnv("REDIS_PASSWORD", serverSecret(in), keyMonitor)).
		WithResources(workload.ExporterResources(spec)).
		WithLivenessProbe(workload.HTTPProbe(naming.PortMetrics, "/health").
			WithPeriodSeconds(30).WithTimeoutSeconds(5).WithFailureThreshold(4))
}
