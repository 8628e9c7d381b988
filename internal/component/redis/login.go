package redis

import (
	_ "embed"
	"fmt"

	batchv1ac "k8s.io/client-go/applyconfigurations/batch/v1"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"

	"github.com/xatube/xatube-operator/internal/component"
	"github.com/xatube/xatube-operator/internal/component/naming"
	"github.com/xatube/xatube-operator/internal/component/rotation"
	"github.com/xatube/xatube-operator/internal/component/workload"
	"github.com/xatube/xatube-operator/internal/credential"
)

// Keys of the Secrets.
const (
	keyUsername = "username"
	keyPassword = "password"
	keyHost     = "host"
	keyPort     = "port"
	keyURI      = "uri"

	// keyAdmin and keyMonitor are the passwords of the users of the operator's Jobs and of the pod's own probes and
	// exporter. They may not read data, and no rotation changes them.
	keyAdmin   = "admin"
	keyMonitor = "monitor"
)

//go:embed file/login.sh
var tell string

// serverSecret is the Secret of the server itself.
func serverSecret(in component.Input) string {
	return naming.Child(in.Cluster, naming.Redis) + "-server"
}

// logins are the Secrets of the applications.
func logins(in component.Input) rotation.State {
	first := naming.Child(in.Cluster, naming.Redis)
	_, served := in.Facts.StatefulSets[first]
	return rotation.Pair{Component: naming.Redis, First: first, Served: served}.State(in)
}

// secretName is the Secret whose login the applications use.
func secretName(in component.Input) string { return logins(in).Use(Handover(in).Accepted) }

// Credentials are the login of the applications, with what they need to use it, and those of the server's own users.
func (Component) Credentials(in component.Input) []credential.Request {
	if _, ok := elsewhere(in.Cluster); ok {
		return nil
	}
	host := host(in)
	requests := logins(in).Requests(func(string) func(credential.Generator) map[string][]byte {
		return func(g credential.Generator) map[string][]byte { return login(host, g.Password()) }
	})
	return append(requests, credential.Request{
		Component: naming.Redis,
		Name:      serverSecret(in),
		Data: func(g credential.Generator) map[string][]byte {
			return map[string][]byte{keyAdmin: []byte(g.Password()), keyMonitor: []byte(g.Password())}
		},
	})
}

func host(in component.Input) string {
	return fmt.Sprintf("%s.%s.svc", naming.Child(in.Cluster, naming.Redis), in.Cluster.Namespace)
}

func login(host, password string) map[string][]byte {
	return map[string][]byte{
		keyUsername: []byte("default"),
		keyPassword: []byte(password),
		keyHost:     []byte(host),
		keyPort:     fmt.Append(nil, naming.RedisPort),
		keyURI:      fmt.Appendf(nil, "redis://:%s@%s:%d/0", password, host, naming.RedisPort),
	}
}

// Handover of the applications' login.
func Handover(in component.Input) rotation.Handover {
	process, runs := server(in)
	return logins(in).ByJob(in, "Redis", runs, process)
}

// server identifies the process of the server, and says whether it answers.
func server(in component.Input) (process string, runs bool) {
	for _, pod := range in.Facts.Pods[naming.Redis] {
		for _, c := range pod.Status.ContainerStatuses {
			if c.Name == containerName && c.Ready && pod.DeletionTimestamp == nil {
				return fmt.Sprintf("%s/%d", pod.UID, c.RestartCount), true
			}
		}
	}
	return "", false
}

// Job that tells the server of the newest login; nil when there is none to run.
func Job(in component.Input) (*batchv1ac.JobApplyConfiguration, error) {
	h := Handover(in)
	if h.Job == "" {
		return nil, nil
	}
	command := []string{"sh", "-c", tell, "login.sh"}
	if _, lingers := h.Former(); !lingers {
		command = append(command, "only")
	}
	c := workload.Container(in, "login", image(in), command...).
		WithEnv(
			corev1ac.EnvVar().WithName("HOST").WithValue(host(in)),
			workload.SecretEnv("REDISCLI_AUTH", serverSecret(in), keyAdmin),
			workload.SecretEnv("PASSWORD", h.Newest().Name, keyPassword)).
		WithResources(workload.Requests("10m", "16Mi"))
	return rotation.Job(in, h.Job, in.Cluster.Spec.Redis.Pod, workload.Pod{
		User: user, Containers: []*corev1ac.ContainerApplyConfiguration{c},
	})
}

// secrets are all files with passwords, under stable names: a rotation changes what is mounted and not the pod.
func secrets(in component.Input) *corev1ac.VolumeApplyConfiguration {
	sources := []*corev1ac.VolumeProjectionApplyConfiguration{
		corev1ac.VolumeProjection().WithSecret(corev1ac.SecretProjection().WithName(serverSecret(in)).WithItems(
			item(keyAdmin, "server/"+keyAdmin), item(keyMonitor, "server/"+keyMonitor))),
	}
	for _, name := range logins(in).Names() {
		sources = append(sources, corev1ac.VolumeProjection().WithSecret(corev1ac.SecretProjection().
			WithName(name).WithOptional(true).WithItems(item(keyPassword, "login/"+name))))
	}
	return corev1ac.Volume().WithName(volumeSecret).WithProjected(corev1ac.ProjectedVolumeSource().
		WithDefaultMode(0o440).WithSources(sources...))
}

func item(key, file string) *corev1ac.KeyToPathApplyConfiguration {
	return corev1ac.KeyToPath().WithKey(key).WithPath(file)
}
