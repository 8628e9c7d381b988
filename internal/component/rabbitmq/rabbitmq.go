// Package rabbitmq renders the message broker: a StatefulSet of one or three, or the reference to a broker that is
// run elsewhere.
package rabbitmq

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/runtime/schema"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component"
	"github.com/xatube/xatube-operator/internal/component/external"
	"github.com/xatube/xatube-operator/internal/component/hibernation"
	"github.com/xatube/xatube-operator/internal/component/naming"
	"github.com/xatube/xatube-operator/internal/component/workload"
	"github.com/xatube/xatube-operator/internal/observe"
	"github.com/xatube/xatube-operator/internal/outcome"
)

// Component is the broker.
type Component struct{}

// New is the broker.
func New() Component { return Component{} }

// Name of the component.
func (Component) Name() string { return naming.RabbitMQ }

// Condition that Health fills.
func (Component) Condition() string { return v1alpha1.ConditionBrokerReady }

// Needs no optional API: peers are found by name.
func (Component) Needs(*v1alpha1.XaTubeCluster) []schema.GroupVersionKind { return nil }

// Render the brokers, their configuration and their Services.
func (Component) Render(in component.Input) ([]component.Object, error) {
	if server, ok := elsewhere(in.Cluster); ok {
		_, err := server.URI(in)
		return nil, err
	}
	if err := refuseShrinking(in); err != nil {
		return nil, err
	}
	if err := refuseLittleMemory(in.Cluster); err != nil {
		return nil, err
	}
	if logins(in).Newest() == nil {
		return nil, outcome.Waiting(v1alpha1.ReasonWaiting, "waiting for Secret %s to be created", logins(in).Names()[0])
	}
	if name := cookieSecret(in.Cluster); in.Facts.Secrets[name] == nil {
		return nil, outcome.Waiting(v1alpha1.ReasonWaiting, "waiting for Secret %s to be created", name)
	}
	conf, err := configuration(in.Cluster)
	if err != nil {
		return nil, err
	}
	set, claims, err := statefulSet(in, conf)
	if err != nil {
		return nil, err
	}
	out := []component.Object{configMap(in, conf), headlessService(in), service(in)}
	out = append(out, workload.Budget(in, naming.RabbitMQ, hibernation.Replicas(in, naming.RabbitMQ, replicas(in)))...)
	out = append(out, claims...)
	return append(out, set), nil
}

// Health of the broker.
func (Component) Health(in component.Input) component.Health {
	if server, ok := elsewhere(in.Cluster); ok {
		return server.Health(in)
	}
	if health := workload.StatefulSetHealth(in, naming.RabbitMQ); !health.Healthy() || len(in.Facts.Alarms) == 0 {
		return health
	}
	return component.NotReady(v1alpha1.ReasonBrokerAlarm, describeAlarms(in.Facts.Alarms))
}

// describeAlarms tells which brokers lack what. One alarm blocks the publishers of all brokers.
func describeAlarms(alarms map[string][]observe.Alarm) string {
	cures := map[observe.Alarm]string{
		observe.AlarmMemory: "lacks memory; consume its queues or raise spec.rabbitmq.pod.resources.limits.memory",
		observe.AlarmDisk:   "lacks free disk; consume its queues or raise spec.rabbitmq.storage.size",
	}
	var out []string
	for _, pod := range slices.Sorted(maps.Keys(alarms)) {
		for _, alarm := range alarms[pod] {
			out = append(out, fmt.Sprintf("pod %s %s", pod, cures[alarm]))
		}
	}
	return "RabbitMQ accepts no messages: " + strings.Join(out, "; ")
}

// URLEnv gives a container of the application RABBITMQ_URL.
func URLEnv(in component.Input) []*corev1ac.EnvVarApplyConfiguration {
	const variable = "RABBITMQ_URL"
	if server, ok := elsewhere(in.Cluster); ok {
		return []*corev1ac.EnvVarApplyConfiguration{server.Env(variable)}
	}
	return []*corev1ac.EnvVarApplyConfiguration{workload.SecretEnv(variable, loginSecret(in), keyURI)}
}

// elsewhere is the broker that somebody else runs, if the spec names one.
func elsewhere(c *v1alpha1.XaTubeCluster) (external.Server, bool) {
	e := c.Spec.RabbitMQ.External
	if e == nil {
		return external.Server{}, false
	}
	return external.Server{Field: "spec.rabbitmq.external", Ref: e.SecretRef, Schemes: []string{"amqp", "amqps"}}, true
}

// replicas is the desired number of brokers. The volumes that a deleted platform left behind belong together, and a
// minority of them never starts: where the spec leaves the number open, all of them run again.
func replicas(in component.Input) int32 {
	if n := in.Cluster.Spec.RabbitMQ.Replicas; n != nil {
		return *n
	}
	if claimBeyond(in, 1) != "" {
		return largest
	}
	return 1
}

// claimBeyond names a claim of a broker that n brokers do not have; empty when there is none.
func claimBeyond(in component.Input, n int32) string {
	for _, claim := range claimNames(in.Cluster, n, largest) {
		if in.Facts.Claims[claim] != nil {
			return claim
		}
	}
	return ""
}

// refuseShrinking keeps the brokers of a larger cluster.
func refuseShrinking(in component.Input) error {
	claim := claimBeyond(in, replicas(in))
	if claim == "" {
		return nil
	}
	return outcome.Terminal(v1alpha1.ReasonInvalid,
		"spec.rabbitmq.replicas: PersistentVolumeClaim %s belongs to a cluster of %d brokers, of which one alone cannot run; set replicas to %d, or delete the claims of RabbitMQ and their messages with them",
		claim, largest, largest)
}
