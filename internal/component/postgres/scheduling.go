package postgres

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component/naming"
	"github.com/xatube/xatube-operator/internal/component/workload"
)

// podSettings are the user's pod settings in CloudNativePG's terms.
func podSettings(c *v1alpha1.XaTubeCluster) (map[string]any, error) {
	settings := c.Spec.Postgres.Pod
	affinity, err := affinity(settings)
	if err != nil {
		return nil, err
	}
	out := map[string]any{"affinity": affinity}
	if settings.PriorityClassName != "" {
		out["priorityClassName"] = settings.PriorityClassName
	}
	if s := spread(c); len(s) > 0 {
		out["topologySpreadConstraints"] = s
	}
	return out, nil
}

// affinity keeps instances apart unless the user arranges that otherwise.
func affinity(s v1alpha1.PodSettings) (map[string]any, error) {
	out := map[string]any{}
	apart := len(s.TopologySpreadConstraints) == 0
	if s.Affinity != nil {
		user, err := workload.Affinity(s.Affinity.Raw)
		if err != nil {
			return nil, err
		}
		if user.NodeAffinity != nil {
			out["nodeAffinity"] = user.NodeAffinity
		}
		if user.PodAffinity != nil {
			out["additionalPodAffinity"] = user.PodAffinity
		}
		if user.PodAntiAffinity != nil {
			out["additionalPodAntiAffinity"] = user.PodAntiAffinity
			apart = false
		}
	}
	out["enablePodAntiAffinity"] = apart
	if apart {
		// Preferred only: a small cluster must still take all instances.
		out["podAntiAffinityType"] = "preferred"
		out["topologyKey"] = corev1.LabelHostname
	}
	if len(s.NodeSelector) > 0 {
		out["nodeSelector"] = s.NodeSelector
	}
	if t := tolerations(s.Tolerations); len(t) > 0 {
		out["tolerations"] = t
	}
	return out, nil
}

func tolerations(user []v1alpha1.Toleration) []*corev1ac.TolerationApplyConfiguration {
	var out []*corev1ac.TolerationApplyConfiguration
	for _, t := range user {
		out = append(out, workload.Toleration(t))
	}
	return out
}

// environment of the instances: the user's, and what the operator sets unless the user does.
func environment(c *v1alpha1.XaTubeCluster) []*corev1ac.EnvVarApplyConfiguration {
	user := c.Spec.Postgres.Pod.Env
	var out []*corev1ac.EnvVarApplyConfiguration
	set := func(e v1alpha1.EnvVar) bool { return e.Name == resolverOptions }
	if FailsOverFast(c) && !slices.ContainsFunc(user, set) {
		out = append(out, corev1ac.EnvVar().WithName(resolverOptions).WithValue(impatientDNS))
	}
	for _, e := range user {
		out = append(out, workload.Env(e))
	}
	return out
}

func spread(c *v1alpha1.XaTubeCluster) []*corev1ac.TopologySpreadConstraintApplyConfiguration {
	return workload.Spread(c.Spec.Postgres.Pod.TopologySpreadConstraints, map[string]string{
		naming.LabelDatabase: naming.Child(c, naming.Postgres),
		"cnpg.io/podRole":    "instance",
	})
}
