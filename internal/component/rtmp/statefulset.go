package rtmp

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
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
	// user is nginx in the official images.
	user = 101

	configVolume = "config"
	runVolume    = "run"
	liveVolume   = "live"

	// lingerMargin is how much longer than the tail of its playlists a drained pod serves viewers, at most.
	lingerMargin = 5 * time.Second
	// sweepEvery is how long after its start a pod looks for streams that nobody publishes any more, and how much later
	// again: the time that a publisher has to come back.
	sweepEvery = 15 * time.Second
	// maxPods is the limit of spec.rtmp.replicas.
	maxPods = 20
	// quitMargin is what the end of a pod takes besides waiting: three silent answers, the end of nginx.
	quitMargin = 30 * time.Second
)

func statefulSet(in component.Input, files map[string]string, rec recordings) (*appsv1ac.StatefulSetApplyConfiguration, error) {
	spec := in.Cluster.Spec.RTMP
	times, err := timesOf(in)
	if err != nil {
		return nil, err
	}
	scratch, err := in.Cluster.Spec.RTMP.Scratch.Quantity()
	if err != nil {
		return nil, fmt.Errorf("spec.rtmp.scratch: %w", err)
	}
	checksum, err := workload.Checksum(files)
	if err != nil {
		return nil, err
	}
	template, err := workload.Template(in, workload.Pod{
		Component:      naming.RTMP,
		Settings:       spec.Pod,
		User:           user,
		InitContainers: []*corev1ac.ContainerApplyConfiguration{prepare(in), reaper(in, times), gateOf(in, scratch)},
		Containers:     []*corev1ac.ContainerApplyConfiguration{nginx(in, times, scratch)},
		Volumes: []*corev1ac.VolumeApplyConfiguration{
			workload.ConfigVolume(configVolume, naming.Child(in.Cluster, naming.RTMP)),
			workload.SmallScratch(runVolume),
			corev1ac.Volume().WithName(liveVolume).WithEmptyDir(corev1ac.EmptyDirVolumeSource().WithSizeLimit(scratch)),
		},
		Checksum:    checksum,
		GracePeriod: times.drain + times.tail + lingerMargin + quitMargin,
	})
	if err != nil {
		return nil, err
	}
	if err := chooseGateImage(in, template); err != nil {
		return nil, err
	}
	set := workload.StatefulSet(in, naming.RTMP)
	set.Spec.
		WithServiceName(naming.Headless(in.Cluster, naming.RTMP)).
		WithReplicas(hibernation.Replicas(in, naming.RTMP, spec.Replicas)).
		WithRevisionHistoryLimit(3).
		WithPodManagementPolicy(appsv1.ParallelPodManagement).
		WithUpdateStrategy(appsv1ac.StatefulSetUpdateStrategy().WithType(appsv1.RollingUpdateStatefulSetStrategyType)).
		WithTemplate(template)
	if rec.claim != nil {
		set.Spec.WithVolumeClaimTemplates(rec.claim)
	}
	return set, nil
}

// times of the end of a pod.
type times struct {
	// drain is how long publishers may go on, tail how long the playlist of an ended stream stays.
	drain, tail time.Duration
}

func timesOf(in component.Input) (times, error) {
	drain, err := in.Cluster.Spec.RTMP.DrainTimeout.Parse()
	if err != nil {
		return times{}, fmt.Errorf("spec.rtmp.drainTimeout: %w", err)
	}
	h, err := hlsOf(in.Cluster.Spec.RTMP.HLS)
	if err != nil {
		return times{}, err
	}
	return times{drain: drain, tail: h.tail()}, nil
}

// nginx is the server itself.
func nginx(in component.Input, t times, scratch resource.Quantity) *corev1ac.ContainerApplyConfiguration {
	c := script(in, naming.RTMP, "serve.sh", map[string]string{
		"DRAIN_LOG":      "/proc/1/fd/1",
		envDrainSeconds:  seconds(t.drain),
		"LINGER_SECONDS": seconds(t.tail + lingerMargin),
	}).
		// The port of RTMP is the gate's. A Service looks for names of ports in such containers first, not in sidecars.
		WithPorts(workload.Port(naming.PortRTMP, naming.RTMPPort), workload.Port(naming.PortHTTP, naming.RTMPHTTPPort)).
		WithResources(workload.RequestDisk(workload.Requests("100m", "128Mi"), usualFragments(scratch))).
		WithLifecycle(corev1ac.Lifecycle().WithPreStop(corev1ac.LifecycleHandler().
			WithExec(corev1ac.ExecAction().WithCommand("/bin/sh", configDir+"/drain.sh")))).
		WithStartupProbe(healthz().WithPeriodSeconds(1).WithFailureThreshold(60)).
		WithReadinessProbe(healthz().WithPeriodSeconds(5).WithTimeoutSeconds(3).WithFailureThreshold(2)).
		// A restart cuts every publisher of the pod: only for a server that is dead for a minute. The drain of such a
		// server has nothing to wait for, so the grace period of the pod must not apply.
		WithLivenessProbe(healthz().WithPeriodSeconds(10).WithTimeoutSeconds(5).WithFailureThreshold(6).
			WithTerminationGracePeriodSeconds(int64(quitMargin.Seconds())))
	if in.Cluster.Spec.RTMP.Recording != nil {
		c.WithVolumeMounts(workload.Mount(recordingsVolume, recordingsDir))
	}
	return c
}

// usualFragments is the space that live fragments take on a usual day: a minute of a hundred streams. The bound is for the
// others, and a node need not have it free.
func usualFragments(scratch resource.Quantity) resource.Quantity {
	usual := resource.MustParse("1Gi")
	if scratch.Cmp(usual) < 0 {
		return scratch
	}
	return usual
}

// prepare writes what only the pod knows and tests the configuration.
func prepare(in component.Input) *corev1ac.ContainerApplyConfiguration {
	c := script(in, "prepare", "prepare.sh", map[string]string{
		"RESOLV_CONF": "/etc/resolv.conf",
		"HTTP_PORT":   strconv.Itoa(int(naming.RTMPHTTPPort)),
	}).
		WithResources(workload.Requests("10m", "32Mi"))
	if in.Cluster.Spec.RTMP.Recording != nil {
		c.WithVolumeMounts(workload.Mount(recordingsVolume, recordingsDir))
	}
	return c
}

// reaper removes the playlists of ended streams, and tells the backend of the streams of a pod that died. It outlives
// nginx, as sidecars do.
func reaper(in component.Input, t times) *corev1ac.ContainerApplyConfiguration {
	return script(in, "reaper", "reap.sh", map[string]string{
		"TAIL_SECONDS":  seconds(t.tail),
		"SWEEP_SECONDS": seconds(sweepEvery),
		"MAX_PODS":      strconv.Itoa(maxPods),
	}).
		WithRestartPolicy(corev1.ContainerRestartPolicyAlways).
		WithResources(workload.Requests("10m", "16Mi"))
}

// script is a container that runs one of the scripts, with the environment that all of them share and its own.
func script(in component.Input, name, file string, env map[string]string) *corev1ac.ContainerApplyConfiguration {
	image := naming.Image(in.Cluster, in.Cluster.Spec.RTMP.Image, naming.ImageRTMP)
	all := map[string]string{
		"CONFIG_DIR":   configDir,
		"RUN_DIR":      runDir,
		"LIVE_DIR":     liveDir,
		"CONTROL_PORT": strconv.Itoa(int(controlPort)),
	}
	maps.Copy(all, env)
	c := workload.Container(in, name, image, "/bin/sh", configDir+"/"+file).WithVolumeMounts(
		workload.Mount(configVolume, configDir).WithReadOnly(true),
		workload.Mount(runVolume, runDir),
		workload.Mount(liveVolume, liveDir))
	for _, k := range slices.Sorted(maps.Keys(all)) {
		c.WithEnv(corev1ac.EnvVar().WithName(k).WithValue(all[k]))
	}
	return c
}

func healthz() *corev1ac.ProbeApplyConfiguration {
	return workload.HTTPProbe(naming.PortHTTP, "/healthz")
}

func seconds(d time.Duration) string {
	return strconv.FormatInt(int64(d.Seconds()), 10)
}
