package rabbitmq

import (
	"fmt"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	appsv1ac "k8s.io/client-go/applyconfigurations/apps/v1"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component"
	"github.com/xatube/xatube-operator/internal/component/hibernation"
	"github.com/xatube/xatube-operator/internal/component/naming"
	"github.com/xatube/xatube-operator/internal/component/workload"
)

const (
	// user id of rabbitmq in the official image.
	user = 999

	volumeData   = "data"
	volumeConfig = "config"
	volumeCookie = "cookie"
	volumeTmp    = "tmp"

	dataPath   = "/var/lib/rabbitmq"
	configPath = "/etc/rabbitmq"
	cookiePath = "/etc/erlang-cookie"

	// grace lets stopping.sh reach its bounds and the broker stop after it.
	grace = 300 * time.Second
)

// statefulSet is the brokers, and their existing claims grown to the wanted size.
func statefulSet(in component.Input, conf string) (*appsv1ac.StatefulSetApplyConfiguration, []component.Object, error) {
	name := naming.Child(in.Cluster, naming.RabbitMQ)
	// Not the logins of the applications: the brokers are told of those while they run.
	checksum, err := workload.Checksum(conf, plugins, in.Facts.Secrets[cookieSecret(in.Cluster)].Data)
	if err != nil {
		return nil, nil, err
	}
	template, err := workload.Template(in, workload.Pod{
		Component:      naming.RabbitMQ,
		Settings:       in.Cluster.Spec.RabbitMQ.Pod,
		User:           user,
		Containers:     []*corev1ac.ContainerApplyConfiguration{broker(in)},
		InitContainers: []*corev1ac.ContainerApplyConfiguration{cookie(in)},
		Volumes: []*corev1ac.VolumeApplyConfiguration{
			configVolume(in), workload.SecretVolume(volumeCookie, cookieSecret(in.Cluster)), workload.SmallScratch(volumeTmp),
		},
		Checksum:    checksum,
		GracePeriod: grace,
	})
	if err != nil {
		return nil, nil, err
	}
	claim, err := workload.ClaimTemplate(in, name, volumeData, naming.RabbitMQ, storage(in.Cluster))
	if err != nil {
		return nil, nil, err
	}
	grown, err := workload.GrownClaims(in, name, volumeData, naming.RabbitMQ, storage(in.Cluster), replicas(in))
	if err != nil {
		return nil, nil, err
	}
	set := workload.StatefulSet(in, naming.RabbitMQ)
	set.Spec.WithReplicas(hibernation.Replicas(in, naming.RabbitMQ, replicas(in))).
		WithServiceName(naming.Headless(in.Cluster, naming.RabbitMQ)).
		// After a loss of all brokers each waits for the others: one after the other they would never start.
		WithPodManagementPolicy(appsv1.ParallelPodManagement).
		WithTemplate(template).
		WithVolumeClaimTemplates(claim)
	return set, grown, nil
}

// claimNames are the claims of the brokers of the ordinals from (included) to (excluded).
func claimNames(c *v1alpha1.XaTubeCluster, from, to int32) []string {
	var names []string
	for i := from; i < to; i++ {
		names = append(names, fmt.Sprintf("%s-%s-%d", volumeData, naming.Child(c, naming.RabbitMQ), i))
	}
	return names
}

func broker(in component.Input) *corev1ac.ContainerApplyConfiguration {
	return workload.Container(in, "rabbitmq", image(in.Cluster), "rabbitmq-server").
		WithPorts(
			workload.Port(naming.PortAMQP, naming.AMQPPort),
			workload.Port(naming.PortAdmin, naming.RabbitMQAdminPort),
			workload.Port(naming.PortMetrics, naming.RabbitMQMetrics),
			workload.Port(naming.PortEPMD, naming.EPMDPort),
			workload.Port(naming.PortErlang, naming.ErlangPort)).
		WithEnv(environment()...).
		WithResources(defaultResources()).
		WithVolumeMounts(
			workload.Mount(volumeConfig, configPath).WithReadOnly(true),
			workload.Mount(volumeData, dataPath),
			workload.Mount(volumeTmp, "/tmp")).
		WithStartupProbe(workload.ExecProbe("sh", configPath+"/"+fileStarted).
			WithPeriodSeconds(5).WithTimeoutSeconds(120).WithFailureThreshold(360)).
		// By TCP: a command of rabbitmq-diagnostics is slow on a busy broker. No liveness probe: a restart of a broker
		// that recovers or waits for its peers makes matters worse.
		WithReadinessProbe(workload.TCPProbe(naming.PortAMQP).
			WithPeriodSeconds(10).WithTimeoutSeconds(5).WithFailureThreshold(3)).
		WithLifecycle(corev1ac.Lifecycle().WithPreStop(corev1ac.LifecycleHandler().
			WithExec(corev1ac.ExecAction().WithCommand("sh", configPath+"/"+fileStopping))))
}

// cookie puts the Erlang cookie where the broker and its tools look for it. They demand that nobody else can read the
// file, which the mode of a mounted Secret cannot promise.
func cookie(in component.Input) *corev1ac.ContainerApplyConfiguration {
	const script = `umask 077; rm -f "$1"; cat "$0" >"$1"`
	return workload.Container(in, "cookie", image(in.Cluster),
		"sh", "-ec", script, cookiePath+"/"+keyCookie, dataPath+"/.erlang.cookie").
		WithResources(workload.Requests("10m", "16Mi")).
		WithVolumeMounts(
			workload.Mount(volumeCookie, cookiePath).WithReadOnly(true),
			workload.Mount(volumeData, dataPath))
}

func image(c *v1alpha1.XaTubeCluster) string {
	return naming.Image(c, c.Spec.RabbitMQ.Image, naming.ImageRabbitMQ)
}

// environment tells every build of RabbitMQ the same places. Its node name is the pod's full name, which the pod can
// resolve from its own hosts file before DNS knows it.
func environment() []*corev1ac.EnvVarApplyConfiguration {
	variables := [][2]string{
		{"HOME", dataPath},
		{"LANG", "C.UTF-8"},
		{"RABBITMQ_CONFIG_FILES", configPath + "/conf.d"},
		{"RABBITMQ_ENABLED_PLUGINS_FILE", configPath + "/" + filePlugins},
		{"RABBITMQ_LOGS", "-"},
		{"RABBITMQ_MNESIA_BASE", dataPath + "/mnesia"},
		{"RABBITMQ_USE_LONGNAME", "true"},
	}
	var out []*corev1ac.EnvVarApplyConfiguration
	for _, v := range variables {
		out = append(out, corev1ac.EnvVar().WithName(v[0]).WithValue(v[1]))
	}
	return out
}

// configVolume is /etc/rabbitmq: the configuration, and the users from the Secrets, under stable names: a rotation
// changes what is mounted and not the pod.
func configVolume(in component.Input) *corev1ac.VolumeApplyConfiguration {
	files := corev1ac.ConfigMapProjection().WithName(naming.Child(in.Cluster, naming.RabbitMQ)).WithItems(
		item(fileBroker, "conf.d/10-"+fileBroker),
		item(fileSize, "conf.d/20-"+fileSize),
		item(filePlugins, filePlugins),
		item(fileStarted, fileStarted),
		item(fileStopping, fileStopping))
	sources := []*corev1ac.VolumeProjectionApplyConfiguration{corev1ac.VolumeProjection().WithConfigMap(files)}
	for _, name := range logins(in).Names() {
		sources = append(sources, corev1ac.VolumeProjection().WithSecret(corev1ac.SecretProjection().
			WithName(name).WithOptional(true).WithItems(item(keyDefinitions, definitionsFolder+"/"+name+".json"))))
	}
	return corev1ac.Volume().WithName(volumeConfig).WithProjected(corev1ac.ProjectedVolumeSource().
		WithDefaultMode(0o440).WithSources(sources...))
}

func item(key, file string) *corev1ac.KeyToPathApplyConfiguration {
	return corev1ac.KeyToPath().WithKey(key).WithPath(file)
}
