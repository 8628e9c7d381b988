package logging

import (
	"path"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/intstr"
	appsv1ac "k8s.io/client-go/applyconfigurations/apps/v1"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"
	metav1ac "k8s.io/client-go/applyconfigurations/meta/v1"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component"
	"github.com/xatube/xatube-operator/internal/component/naming"
	"github.com/xatube/xatube-operator/internal/component/workload"
)

const (
	// user id of the collector in the official image.
	user = 10001
	// group that owns the kubelet's log files, which it and nobody else may read.
	group = 0

	volumeConfig = "config"
	volumeState  = "state"
	volumeLogs   = "logs"

	// program of the contrib distribution.
	program = "/otelcol-contrib"
	// synchronous lets the receiver remember a line as read no sooner than the queue has it.
	synchronous = "stanza.synchronousLogEmitter"
)

// daemonSet is the collector on every node, also on those that only some pods tolerate.
func daemonSet(in component.Input, to sink) (*appsv1ac.DaemonSetApplyConfiguration, error) {
	checksum, err := workload.Checksum(configuration(in, to), to.authority(in))
	if err != nil {
		return nil, err
	}
	main := collector(in, to)
	template, err := workload.Template(in, workload.Pod{
		Component:  naming.Logging,
		User:       user,
		Containers: []*corev1ac.ContainerApplyConfiguration{main},
		Volumes: append([]*corev1ac.VolumeApplyConfiguration{
			workload.ConfigVolume(volumeConfig, naming.Child(in.Cluster, naming.Logging)),
			state(in.Cluster),
			corev1ac.Volume().WithName(volumeLogs).WithHostPath(
				corev1ac.HostPathVolumeSource().WithPath(podLogs).WithType(corev1.HostPathDirectory)),
		}, to.trust(main)...),
		Settings:    v1alpha1.PodSettings{Resources: in.Cluster.Spec.Logging.Collector.Resources},
		Checksum:    checksum,
		GracePeriod: 30 * time.Second,
		// No spread: there is one on each node.
		Single: true,
	})
	if err != nil {
		return nil, err
	}
	template.Spec.SecurityContext.WithRunAsGroup(group)
	template.Spec.WithTolerations(corev1ac.Toleration().WithOperator(corev1.TolerationOpExists))
	name := naming.Child(in.Cluster, naming.Logging)
	return appsv1ac.DaemonSet(name, in.Cluster.Namespace).
		WithLabels(naming.Labels(in.Cluster, naming.Logging)).
		WithSpec(appsv1ac.DaemonSetSpec().
			WithSelector(metav1ac.LabelSelector().WithMatchLabels(naming.Selector(in.Cluster, naming.Logging))).
			WithUpdateStrategy(appsv1ac.DaemonSetUpdateStrategy().
				WithType("RollingUpdate").
				// A node without a collector for a moment loses nothing.
				WithRollingUpdate(appsv1ac.RollingUpdateDaemonSet().WithMaxUnavailable(intstr.FromString("25%")))).
			WithTemplate(template)), nil
}

func collector(in component.Input, to sink) *corev1ac.ContainerApplyConfiguration {
	return workload.Container(in, "collector", image(in), program,
		"--config="+path.Join(configPath, configFile), "--feature-gates="+synchronous).
		WithPorts(
			workload.Port("health", naming.CollectorHealth),
			workload.Port(naming.PortMetrics, naming.CollectorMetrics)).
		WithEnv(corev1ac.EnvVar().WithName("NODE_NAME").WithValueFrom(corev1ac.EnvVarSource().
			WithFieldRef(corev1ac.ObjectFieldSelector().WithFieldPath("spec.nodeName")))).
		WithEnv(to.env(in)...).
		WithResources(corev1ac.ResourceRequirements().
			WithRequests(corev1.ResourceList{
				corev1.ResourceCPU:    resource.MustParse("50m"),
				corev1.ResourceMemory: resource.MustParse("128Mi"),
			}).
			WithLimits(corev1.ResourceList{corev1.ResourceMemory: resource.MustParse("512Mi")})).
		WithVolumeMounts(
			workload.Mount(volumeConfig, configPath).WithReadOnly(true),
			workload.Mount(volumeState, statePath),
			workload.Mount(volumeLogs, podLogs).WithReadOnly(true)).
		WithStartupProbe(workload.HTTPProbe("health", "/").WithPeriodSeconds(2).WithFailureThreshold(60)).
		WithReadinessProbe(workload.HTTPProbe("health", "/").WithPeriodSeconds(10).WithTimeoutSeconds(5)).
		WithLivenessProbe(workload.HTTPProbe("health", "/").
			WithPeriodSeconds(30).WithTimeoutSeconds(5).WithFailureThreshold(4))
}

// state is as large as the queue may get, and once more for its compaction. It outlives a container that ends, not its
// pod: the next one reads the files from their beginning.
func state(c *v1alpha1.XaTubeCluster) *corev1ac.VolumeApplyConfiguration {
	limit := resource.NewQuantity(2*queueSize(c)+64<<20, resource.BinarySI)
	return corev1ac.Volume().WithName(volumeState).
		WithEmptyDir(corev1ac.EmptyDirVolumeSource().WithSizeLimit(*limit))
}
