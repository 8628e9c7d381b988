// Package redis renders the cache: one Redis server with an exporter, or the reference to one that is run elsewhere.
package redis

import (
	"k8s.io/apimachinery/pkg/runtime/schema"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component"
	"github.com/xatube/xatube-operator/internal/component/external"
	"github.com/xatube/xatube-operator/internal/component/naming"
	"github.com/xatube/xatube-operator/internal/component/workload"
	"github.com/xatube/xatube-operator/internal/outcome"
)

// Component is the cache.
type Component struct{}

// New is the cache.
func New() Component { return Component{} }

// Name of the component.
func (Component) Name() string { return naming.Redis }

// Condition that Health fills.
func (Component) Condition() string { return v1alpha1.ConditionCacheReady }

// Needs no optional API.
func (Component) Needs(*v1alpha1.XaTubeCluster) []schema.GroupVersionKind { return nil }

// Render the server, its configuration and its Service.
func (Component) Render(in component.Input) ([]component.Object, error) {
	if server, ok := elsewhere(in.Cluster); ok {
		_, err := server.URI(in)
		return nil, err
	}
	memory, err := maxMemory(in.Cluster)
	if err != nil {
		return nil, err
	}
	if logins(in).Newest() == nil {
		return nil, outcome.Waiting(v1alpha1.ReasonWaiting, "waiting for Secret %s to be created", logins(in).Names()[0])
	}
	conf := configuration(in.Cluster, memory)
	set, claims, err := statefulSet(in, conf, memory)
	if err != nil {
		return nil, err
	}
	name := naming.Child(in.Cluster, naming.Redis)
	out := []component.Object{
		workload.ConfigMap(in, name, naming.Redis, map[string]string{confFile: conf, startFile: start}),
		workload.Service(in, name, naming.Redis,
			workload.ServicePort(naming.PortRedis, naming.RedisPort),
			workload.ServicePort(naming.PortMetrics, naming.RedisMetricsPort)),
	}
	out = append(out, claims...)
	return append(out, set), nil
}

// Health of the cache.
func (Component) Health(in component.Input) component.Health {
	if server, ok := elsewhere(in.Cluster); ok {
		return server.Health(in)
	}
	return workload.StatefulSetHealth(in, naming.Redis)
}

// URLEnv gives a container of the application REDIS_URL.
func URLEnv(in component.Input) []*corev1ac.EnvVarApplyConfiguration {
	const variable = "REDIS_URL"
	if server, ok := elsewhere(in.Cluster); ok {
		return []*corev1ac.EnvVarApplyConfiguration{server.Env(variable)}
	}
	return []*corev1ac.EnvVarApplyConfiguration{workload.SecretEnv(variable, secretName(in), keyURI)}
}

// elsewhere is the server that somebody else runs, if the spec names one.
func elsewhere(c *v1alpha1.XaTubeCluster) (external.Server, bool) {
	e := c.Spec.Redis.External
	if e == nil {
		return external.Server{}, false
	}
	return external.Server{Field: "spec.redis.external", Ref: e.SecretRef, Schemes: []string{"redis", "rediss"}}, true
}
