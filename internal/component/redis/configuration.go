package redis

import (
	"cmp"
	_ "embed"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/outcome"
)

const (
	defaultMaxMemory v1alpha1.Size           = "512Mi"
	defaultEviction  v1alpha1.EvictionPolicy = "allkeys-lru"
)

//go:embed file/start.sh
var start string

// configuration is redis.conf without the users, which start.sh adds.
func configuration(c *v1alpha1.XaTubeCluster, memory resource.Quantity) string {
	lines := []string{
		"bind * -::*",
		"dir " + dataPath,
		fmt.Sprintf("maxmemory %d", memory.Value()),
		"maxmemory-policy " + string(cmp.Or(c.Spec.Redis.EvictionPolicy, defaultEviction)),
		`save ""`,
		"appendonly " + appendOnly(c),
	}
	return strings.Join(lines, "\n") + "\n"
}

func appendOnly(c *v1alpha1.XaTubeCluster) string {
	if c.Spec.Redis.Persistence != nil {
		return "yes"
	}
	return "no"
}

// maxMemory for data, refused if the container's limit leaves too little beside it.
func maxMemory(c *v1alpha1.XaTubeCluster) (resource.Quantity, error) {
	memory, err := cmp.Or(c.Spec.Redis.MaxMemory, defaultMaxMemory).Quantity()
	if err != nil {
		return memory, fmt.Errorf("spec.redis.maxMemory: %w", err)
	}
	r := c.Spec.Redis.Pod.Resources
	if r == nil {
		return memory, nil
	}
	limit, set := r.Limits[corev1.ResourceMemory]
	if need := withHeadroom(memory); set && limit.Cmp(need) < 0 {
		return memory, outcome.Terminal(v1alpha1.ReasonInvalid,
			"spec.redis.pod.resources.limits.memory %s is too little for maxMemory %s: Redis needs half as much again beside its data; set the limit to %s or more, or lower spec.redis.maxMemory",
			limit.String(), memory.String(), need.String())
	}
	return memory, nil
}

// withHeadroom is what the container may use: half as much again for fragmentation, buffers and copies on write.
func withHeadroom(memory resource.Quantity) resource.Quantity {
	return *resource.NewQuantity(memory.Value()/2*3, resource.BinarySI)
}
