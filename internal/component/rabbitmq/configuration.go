package rabbitmq

import (
	_ "embed"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component"
	"github.com/xatube/xatube-operator/internal/component/naming"
	"github.com/xatube/xatube-operator/internal/component/workload"
	"github.com/xatube/xatube-operator/internal/outcome"
)

// defaultStorage of each broker, as the schema's rules have it.
const defaultStorage v1alpha1.Size = "8Gi"

const (
	defaultMemory = "1Gi"
	// leastMemory with which an idle broker stays below its alarm, at 60 % of four fifths.
	leastMemory = "320Mi"

	// largest number of brokers.
	largest int32 = 3

	mebibyte = 1 << 20

	fileBroker   = "broker.conf"
	fileSize     = "size.conf"
	filePlugins  = "enabled_plugins"
	fileStarted  = "started.sh"
	fileStopping = "stopping.sh"

	definitionsFolder = "definitions"
)

//go:embed file/enabled_plugins
var plugins string

//go:embed file/started.sh
var started string

//go:embed file/stopping.sh
var stopping string

// configuration is what all brokers share, without secrets. What a broker reads at its start only, and only the
// first time, is left to sizeHint: growth restarts nobody.
func configuration(c *v1alpha1.XaTubeCluster) (string, error) {
	size, err := storage(c).Size.Quantity()
	if err != nil {
		return "", fmt.Errorf("spec.rabbitmq.storage: %w", err)
	}
	memory := memoryLimit(c)
	lines := []string{
		"cluster_name = " + c.Name,
		"cluster_formation.peer_discovery_backend = k8s",
		"cluster_partition_handling = pause_minority",
		"auth_mechanisms.1 = PLAIN",
		"auth_mechanisms.2 = AMQPLAIN",
		"anonymous_login_user = none",
		"load_definitions = " + configPath + "/" + definitionsFolder,
		// Queues survive the loss of a broker, and those that a single broker has made spread when it gets peers.
		"default_queue_type = quorum",
		"queue_leader_locator = balanced",
		"quorum_queue.continuous_membership_reconciliation.enabled = true",
		fmt.Sprintf("quorum_queue.continuous_membership_reconciliation.target_group_size = %d", largest),
		// Below the limit: RabbitMQ must slow down its publishers before the kernel ends it.
		fmt.Sprintf("total_memory_available_override_value = %d", memory.Value()/5*4),
		fmt.Sprintf("raft.wal_max_size_bytes = %d", min(memory.Value()/16, 512*mebibyte)),
		fmt.Sprintf("disk_free_limit.absolute = %d", min(size.Value()/4, 1024*mebibyte)),
		"log.console = true",
		"log.file = false",
	}
	return strings.Join(lines, "\n") + "\n", nil
}

// sizeHint lets a broker that starts for the first time wait until the cluster is complete.
func sizeHint(in component.Input) string {
	return fmt.Sprintf("cluster_formation.target_cluster_size_hint = %d\n", replicas(in))
}

func configMap(in component.Input, conf string) component.Object {
	return workload.ConfigMap(in, naming.Child(in.Cluster, naming.RabbitMQ), naming.RabbitMQ, map[string]string{
		fileBroker:   conf,
		fileSize:     sizeHint(in),
		filePlugins:  plugins,
		fileStarted:  started,
		fileStopping: stopping,
	})
}

func storage(c *v1alpha1.XaTubeCluster) v1alpha1.VolumeSpec {
	if s := c.Spec.RabbitMQ.Storage; s != nil {
		return *s
	}
	return v1alpha1.VolumeSpec{Size: defaultStorage}
}

// memoryLimit that RabbitMQ has to keep to: that of the container. What it reserves is no bound: an idle broker needs more
// than a small request, and with that as its limit it would refuse all messages for ever.
func memoryLimit(c *v1alpha1.XaTubeCluster) resource.Quantity {
	if r := c.Spec.RabbitMQ.Pod.Resources; r != nil {
		if m := r.Limits.Memory(); !m.IsZero() {
			return *m
		}
	}
	memory := resource.MustParse(defaultMemory)
	if r := c.Spec.RabbitMQ.Pod.Resources; r != nil && r.Requests.Memory().Cmp(memory) > 0 {
		return *r.Requests.Memory()
	}
	return memory
}

// refuseLittleMemory: the memory alarm would be on from the start, while the broker looks ready.
func refuseLittleMemory(c *v1alpha1.XaTubeCluster) error {
	least := resource.MustParse(leastMemory)
	if memory := memoryLimit(c); memory.Cmp(least) < 0 {
		return outcome.Terminal(v1alpha1.ReasonInvalid,
			"spec.rabbitmq.pod.resources.limits.memory is %s, with which RabbitMQ refuses all messages; give it at least %s", &memory, leastMemory)
	}
	return nil
}

func defaultResources() *corev1ac.ResourceRequirementsApplyConfiguration {
	return workload.Requests("200m", "256Mi").
		WithLimits(corev1.ResourceList{corev1.ResourceMemory: resource.MustParse(defaultMemory)})
}
