package backend

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/resource"
	appsv1ac "k8s.io/client-go/applyconfigurations/apps/v1"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component"
	"github.com/xatube/xatube-operator/internal/component/naming"
	"github.com/xatube/xatube-operator/internal/component/postgres"
	"github.com/xatube/xatube-operator/internal/component/workload"
)

const (
	// User owns the processes and the uploads. The image names none; any one that is not root works.
	User int64 = 1000

	// finish is how long requests in flight may take once the server is told to stop. Only an upload takes long:
	// 500 MiB at 15 Mbit/s take five minutes. Idle connections and chats are closed at once.
	finish = 5 * time.Minute
	// margin between the server's own deadline and the kill.
	margin = 10 * time.Second
	// settle is how long a new pod must stay ready before the roll goes on: one that dies in its first seconds stops
	// the roll, and the edge has asked DNS again.
	settle = 5 * time.Second

	tmp = "tmp"

	// MaxLargeBodies is how many bodies an edge pod streams to the backends at a time.
	MaxLargeBodies = 128
	// MaxFormSize of a body that is no upload, in bytes.
	MaxFormSize int64 = 16 << 20
	// bodiesSize of the uploads that an edge pod streams at a time, in bytes.
	bodiesSize int64 = 16 << 30
	// minUploads may be under way in any case.
	minUploads = 4
)

// MaxUploads is how many uploads of the size an edge pod streams to the backends at a time.
func MaxUploads(size int64) int64 {
	return min(max(bodiesSize/max(size, 1), minUploads), MaxLargeBodies)
}

// spoolSize is what the edge lets come at a time: the application keeps bodies on disk until it has them whole.
func spoolSize(uploads v1alpha1.UploadsSpec) (resource.Quantity, error) {
	size, err := uploads.MaxUploadSize.Quantity()
	if err != nil {
		return resource.Quantity{}, fmt.Errorf("spec.backend.uploads.maxUploadSize: %w", err)
	}
	bytes := MaxUploads(size.Value())*size.Value() + MaxLargeBodies*MaxFormSize
	return *resource.NewQuantity(bytes, resource.BinarySI), nil
}

func deployment(in component.Input) (*appsv1ac.DeploymentApplyConfiguration, error) {
	spec := in.Cluster.Spec.Backend
	server, err := server(in)
	if err != nil {
		return nil, err
	}
	spool, err := spoolSize(spec.Uploads)
	if err != nil {
		return nil, err
	}
	chat, err := chatConfiguration(spec)
	if err != nil {
		return nil, err
	}
	checksum, err := workload.Checksum(chat)
	if err != nil {
		return nil, err
	}
	doors, names := databaseDoor(in)
	template, err := workload.Template(in, workload.Pod{
		Component:      naming.Backend,
		Settings:       spec.Pod,
		User:           User,
		Containers:     []*corev1ac.ContainerApplyConfiguration{server},
		InitContainers: append(doors, chatDoor(in)),
		OwnNames:       names,
		Volumes: []*corev1ac.VolumeApplyConfiguration{
			workload.Scratch(tmp, spool), UploadsVolume(in.Cluster), workload.SmallScratch(volumeChat),
			workload.ConfigVolume(volumeChatConfig, naming.Child(in.Cluster, naming.Backend)),
		},
		Checksum:    checksum,
		GracePeriod: workload.Departure + finish + margin,
		// Its requests wait for the database.
		ImpatientDNS: true,
	})
	if err != nil {
		return nil, err
	}
	if err := chooseDoorImage(in, template); err != nil {
		return nil, err
	}
	deadline, err := spec.Rollout.Deadline.Parse()
	if err != nil {
		return nil, fmt.Errorf("spec.backend.rollout.deadline: %w", err)
	}
	deployment := workload.Deployment(in, naming.Backend)
	deployment.Spec.
		WithMinReadySeconds(int32(settle.Seconds())).
		WithProgressDeadlineSeconds(int32(deadline.Seconds())).
		WithTemplate(template)
	deployment.Spec.Replicas = ownReplicas(in)
	fitVolume(in, deployment)
	return deployment, nil
}

func server(in component.Input) (*corev1ac.ContainerApplyConfiguration, error) {
	env, err := Environment(in, postgres.ServerURLEnv(in))
	if err != nil {
		return nil, err
	}
	c := workload.Container(in, naming.Backend, Image(in.Cluster), command(in.Cluster.Spec.Backend)...).
		WithPorts(workload.Port(naming.PortHTTP, naming.BackendPort)).
		WithEnvFrom(EnvFrom(in.Cluster)...).
		WithEnv(env...).
		WithResources(workload.RequestDisk(workload.Requests("200m", "256Mi"), resource.MustParse("512Mi"))).
		WithVolumeMounts(workload.Mount(tmp, "/"+tmp), UploadsMount()).
		WithLifecycle(workload.PreStopSleep(workload.Departure))
	addProbes(c)
	return c, nil
}

// command is the user's, or uvicorn as upstream's image starts it, behind a proxy.
func command(spec v1alpha1.BackendSpec) []string {
	if len(spec.Command) > 0 {
		return spec.Command
	}
	return []string{
		"uvicorn", "app.main:app",
		"--host", "0.0.0.0",
		"--port", strconv.Itoa(int(naming.BackendPort)),
		"--workers", strconv.Itoa(int(max(spec.Workers, 1))),
		// The edge overwrites these headers; redirects then lead to https where the edge was asked by https.
		"--proxy-headers", "--forwarded-allow-ips", "*",
		"--timeout-graceful-shutdown", strconv.Itoa(int(finish.Seconds())),
		"--log-level", strings.ToLower(spec.Settings.LogLevel),
		// Upstream's login carries the password in the query string, which this log would show. The edge logs every
		// request without its query.
		"--no-access-log",
	}
}

// addProbes: none of them asks for SQL, because a database that fails over would take all replicas out of rotation,
// or restart them, at once.
func addProbes(c *corev1ac.ContainerApplyConfiguration) {
	// Upstream answers /health without touching anything.
	const alive = "/health"
	// The description of the API exists only when every router was loaded: the application itself answers.
	const reached = "/openapi.json"

	// A hung process must not use up the long grace period that uploads have.
	const restartGrace = 10

	c.WithStartupProbe(workload.HTTPProbe(naming.PortHTTP, alive).
		WithPeriodSeconds(2).WithTimeoutSeconds(3).WithFailureThreshold(60).
		WithTerminationGracePeriodSeconds(restartGrace))
	// It outlasts the wait of the door for the database, during which the process answers nothing: all replicas wait at once.
	c.WithReadinessProbe(workload.HTTPProbe(naming.PortHTTP, reached).
		WithPeriodSeconds(5).WithTimeoutSeconds(3).WithFailureThreshold(5))
	// Upstream's handlers block their event loop on SQL, so that a lost database silences /health as well, and so does a
	// wait for one of the process's own connections, 30 s at a time. A restart would not help: the patience is longer than
	// the loss of a node takes to be mended, and than three such waits.
	c.WithLivenessProbe(workload.HTTPProbe(naming.PortHTTP, alive).
		WithPeriodSeconds(15).WithTimeoutSeconds(5).WithFailureThreshold(6).
		WithTerminationGracePeriodSeconds(restartGrace))
}
