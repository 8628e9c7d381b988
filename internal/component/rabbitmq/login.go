package rabbitmq

import (
	_ "embed"
	"fmt"
	"strings"

	batchv1ac "k8s.io/client-go/applyconfigurations/batch/v1"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"

	"github.com/xatube/xatube-operator/internal/component"
	"github.com/xatube/xatube-operator/internal/component/naming"
	"github.com/xatube/xatube-operator/internal/component/rotation"
	"github.com/xatube/xatube-operator/internal/component/workload"
)

//go:embed file/login.sh
var tell string

// logins are the Secrets of the applications. A user has one password, so each Secret has a user of its own.
func logins(in component.Input) rotation.State {
	first := naming.Child(in.Cluster, naming.RabbitMQ)
	_, served := in.Facts.StatefulSets[first]
	return rotation.Pair{Component: naming.RabbitMQ, First: first, Served: served}.State(in)
}

// loginSecret is the Secret whose login the applications use.
func loginSecret(in component.Input) string { return logins(in).Use(Handover(in).Accepted) }

// user of a Secret.
func username(in component.Input, secret string) string {
	if secret == naming.Child(in.Cluster, naming.RabbitMQ) {
		return firstUser
	}
	return alternateUser
}

// Handover of the applications' login.
func Handover(in component.Input) rotation.Handover {
	return logins(in).ByJob(in, "RabbitMQ", runs(in))
}

// runs says that a broker answers.
func runs(in component.Input) bool {
	set := in.Facts.StatefulSets[naming.Child(in.Cluster, naming.RabbitMQ)]
	return set != nil && set.Status.ReadyReplicas > 0
}

// Job that tells the brokers of the newest login; nil when there is none to run.
func Job(in component.Input) (*batchv1ac.JobApplyConfiguration, error) {
	const definitions, home = "definitions", "/tmp"
	h := Handover(in)
	if h.Job == "" {
		return nil, nil
	}
	command := []string{"sh", "-c", tell, "login.sh"}
	former, lingers := h.Former()
	if !lingers {
		command = append(command, username(in, former))
	}
	c := workload.Container(in, "login", image(in.Cluster), command...).
		WithEnv(
			corev1ac.EnvVar().WithName("HOME").WithValue(home),
			corev1ac.EnvVar().WithName("LANG").WithValue("C.UTF-8"),
			corev1ac.EnvVar().WithName("BROKERS").WithValue(brokers(in)),
			corev1ac.EnvVar().WithName("NEW").WithValue(username(in, h.Newest().Name))).
		WithResources(workload.Requests("50m", "128Mi")).
		WithVolumeMounts(
			workload.Mount(volumeTmp, home),
			workload.Mount(volumeCookie, cookiePath).WithReadOnly(true),
			workload.Mount(definitions, "/etc/"+definitions).WithReadOnly(true))
	return rotation.Job(in, h.Job, in.Cluster.Spec.RabbitMQ.Pod, workload.Pod{
		User:       user,
		Containers: []*corev1ac.ContainerApplyConfiguration{c},
		Volumes: []*corev1ac.VolumeApplyConfiguration{
			workload.SmallScratch(volumeTmp), workload.SecretVolume(volumeCookie, cookieSecret(in.Cluster)),
			corev1ac.Volume().WithName(definitions).WithSecret(corev1ac.SecretVolumeSource().
				WithSecretName(h.Newest().Name).WithDefaultMode(0o440).WithItems(item(keyDefinitions, keyDefinitions))),
		},
	})
}

// brokers are the hosts in the brokers' node names.
func brokers(in component.Input) string {
	set, service := naming.Child(in.Cluster, naming.RabbitMQ), naming.Headless(in.Cluster, naming.RabbitMQ)
	var hosts []string
	for i := range replicas(in) {
		hosts = append(hosts, naming.FQDN(in.Cluster, fmt.Sprintf("%s-%d.%s", set, i, service), in.Options.ClusterDomain))
	}
	return strings.Join(hosts, " ")
}
