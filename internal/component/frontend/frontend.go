// Package frontend is the React application: static files behind a small server.
package frontend

import (
	_ "embed"
	"strconv"
	"time"

	"k8s.io/apimachinery/pkg/runtime/schema"
	appsv1ac "k8s.io/client-go/applyconfigurations/apps/v1"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component"
	"github.com/xatube/xatube-operator/internal/component/hibernation"
	"github.com/xatube/xatube-operator/internal/component/naming"
	"github.com/xatube/xatube-operator/internal/component/workload"
	"github.com/xatube/xatube-operator/internal/credential"
)

const (
	// user is `node` in the images of Node.js.
	user int64 = 1000
	// finish is how long requests in flight may take once the server is told to stop. Node.js closes idle
	// connections after 5 s.
	finish = 20 * time.Second
	tmp    = "tmp"

	// fileServe configures the server of upstream's image.
	fileServe    = "serve.json"
	volumeConfig = "config"
	configFolder = "/etc/serve"
)

// rewrites answers unknown paths with index.html, as the application's router expects, but never an unknown asset: a
// browser that gets the page for a script of another release shows nothing.
//
//go:embed file/serve.json
var rewrites string

// Component is the frontend.
type Component struct{}

// New returns the component.
func New() Component { return Component{} }

// Name is the value of the component label.
func (Component) Name() string { return naming.Frontend }

// Condition that Health fills.
func (Component) Condition() string { return v1alpha1.ConditionFrontendReady }

// Needs no optional API.
func (Component) Needs(*v1alpha1.XaTubeCluster) []schema.GroupVersionKind { return nil }

// Credentials are none.
func (Component) Credentials(component.Input) []credential.Request { return nil }

// Render returns the Services that the edge resolves, the budget and the Deployment.
func (Component) Render(in component.Input) ([]component.Object, error) {
	spec := in.Cluster.Spec.Frontend
	objects := workload.BalancedServices(in, naming.Frontend, spec.Port)
	if !bringsServer(spec) {
		objects = append(objects, workload.ConfigMap(in, naming.Child(in.Cluster, naming.Frontend), naming.Frontend,
			map[string]string{fileServe: rewrites}))
	}
	objects = append(objects, workload.Budget(in, naming.Frontend, hibernation.Replicas(in, naming.Frontend, spec.Replicas))...)
	deployment, err := deployment(in)
	if err != nil {
		return objects, err
	}
	return append(objects, deployment), nil
}

func deployment(in component.Input) (*appsv1ac.DeploymentApplyConfiguration, error) {
	spec := in.Cluster.Spec.Frontend
	pod := workload.Pod{
		Component:   naming.Frontend,
		Settings:    spec.Pod,
		User:        user,
		Containers:  []*corev1ac.ContainerApplyConfiguration{server(in)},
		Volumes:     []*corev1ac.VolumeApplyConfiguration{workload.SmallScratch(tmp)},
		GracePeriod: workload.Departure + finish,
	}
	if !bringsServer(spec) {
		checksum, err := workload.Checksum(rewrites)
		if err != nil {
			return nil, err
		}
		pod.Checksum = checksum
		pod.Volumes = append(pod.Volumes, workload.ConfigVolume(volumeConfig, naming.Child(in.Cluster, naming.Frontend)))
	}
	template, err := workload.Template(in, pod)
	if err != nil {
		return nil, err
	}
	deployment := workload.Deployment(in, naming.Frontend)
	deployment.Spec.WithReplicas(hibernation.Replicas(in, naming.Frontend, spec.Replicas)).WithTemplate(template)
	return deployment, nil
}

// bringsServer reports whether the user starts another server than that of upstream's image.
func bringsServer(spec v1alpha1.FrontendSpec) bool { return len(spec.Command) > 0 }

func server(in component.Input) *corev1ac.ContainerApplyConfiguration {
	spec := in.Cluster.Spec.Frontend
	command := spec.Command
	mounts := []*corev1ac.VolumeMountApplyConfiguration{workload.Mount(tmp, "/"+tmp)}
	if !bringsServer(spec) {
		command = []string{"serve", "build", "-l", strconv.Itoa(int(spec.Port)), "-c", configFolder + "/" + fileServe}
		mounts = append(mounts, workload.Mount(volumeConfig, configFolder).WithReadOnly(true))
	}
	image := naming.Image(in.Cluster, spec.Image, naming.ImageFrontend)
	return workload.Container(in, naming.Frontend, image, command...).
		WithPorts(workload.Port(naming.PortHTTP, spec.Port)).
		WithEnv(
			corev1ac.EnvVar().WithName("NODE_ENV").WithValue("production"),
			// serve asks npm's registry for a newer version at each start, and waits for the answer.
			corev1ac.EnvVar().WithName("NO_UPDATE_CHECK").WithValue("1"),
			corev1ac.EnvVar().WithName("HOME").WithValue("/"+tmp),
		).
		WithResources(workload.Requests("50m", "64Mi")).
		WithVolumeMounts(mounts...).
		WithStartupProbe(workload.HTTPProbe(naming.PortHTTP, "/").WithPeriodSeconds(2).WithTimeoutSeconds(3).WithFailureThreshold(60)).
		WithReadinessProbe(workload.HTTPProbe(naming.PortHTTP, "/").WithPeriodSeconds(5).WithTimeoutSeconds(3).WithFailureThreshold(3)).
		WithLivenessProbe(workload.HTTPProbe(naming.PortHTTP, "/").WithPeriodSeconds(10).WithTimeoutSeconds(5).WithFailureThreshold(6)).
		WithLifecycle(workload.PreStopSleep(workload.Departure))
}
