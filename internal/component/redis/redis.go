// Package redis renders the cache: one Redis server with an exporter, or the reference to one that is run elsewhere.
package redis

import (
	"fmt"

	"k8s.io/apimachinery/pkg/runtime/schema"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component"
	"github.com/xatube/xatube-operator/internal/component/external"
	"github.com/xatube/xatube-operator/internal/component/naming"
	"github.com/xatube/xatube-operator/internal/component/workload"
	"github.com/xatube/xatube-operator/internal/credential"
	"github.com/xatube/xatube-operator/internal/outcome"
)

// Keys of the Secret.
const (
	keyUsername = "username"
	keyPassword = "password"
	keyHost     = "host"
	keyPort     = "port"
	keyURI      = "uri"
	// keyAuth holds the part of redis.conf that demands the password, so that it is in no argument and no ConfigMap.
	keyAuth = "auth.conf"
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

// Credentials is the login, and what clients and the server need to use it.
func (Component) Credentials(in component.Input) []credential.Request {
	if _, ok := elsewhere(in.Cluster); ok {
		return nil
	}
	host := fmt.Sprintf("%s.%s.svc", secretName(in), in.Cluster.Namespace)
	return []credential.Request{{
		Component: naming.Redis,
		Name:      secretName(in),
		Data: func(g credential.Generator) map[string][]byte {
			password := g.Password()
			return map[string][]byte{
				keyUsername: []byte("default"),
				keyPassword: []byte(password),
				keyHost:     []byte(host),
				keyPort:     fmt.Append(nil, naming.RedisPort),
				keyURI:      fmt.Appendf(nil, "redis://:%s@%s:%d/0", password, host, naming.RedisPort),
				keyAuth:     fmt.Appendf(nil, "requirepass %s\n", password),
			}
		},
	}}
}

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
	if in.Facts.Secrets[secretName(in)] == nil {
		return nil, outcome.Waiting(v1alpha1.ReasonWaiting, "waiting for Secret %s to be created", secretName(in))
	}
	conf := configuration(in.Cluster, memory)
	set, claims, err := statefulSet(in, conf, memory)
	if err != nil {
		return nil, err
	}
	name := naming.Child(in.Cluster, naming.Redis)
	out := []component.Object{
		workload.ConfigMap(in, name, naming.Redis, map[string]string{confFile: conf}),
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

func secretName(in component.Input) string { return naming.Child(in.Cluster, naming.Redis) }

// elsewhere is the server that somebody else runs, if the spec names one.
func elsewhere(c *v1alpha1.XaTubeCluster) (external.Server, bool) {
	e := c.Spec.Redis.External
	if e == nil {
		return external.Server{}, false
	}
	return external.Server{Field: "spec.redis.external", Ref: e.SecretRef, Schemes: []string{"redis", "rediss"}}, true
}
