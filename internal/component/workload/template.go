// Package workload holds what the pods, Services and budgets of all components have in common.
package workload

import (
	"cmp"
	"maps"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"
	metav1ac "k8s.io/client-go/applyconfigurations/meta/v1"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component"
	"github.com/xatube/xatube-operator/internal/component/naming"
)

// Pod describes the pods of a component. Template adds all that is the same everywhere: restricted security,
// labels, spread, and the user's settings.
type Pod struct {
	Component string
	Settings  v1alpha1.PodSettings
	// User is the user and group id of every process in the pod.
	User int64
	// Containers of the pod.
	Containers     []*corev1ac.ContainerApplyConfiguration
	InitContainers []*corev1ac.ContainerApplyConfiguration
	Volumes        []*corev1ac.VolumeApplyConfiguration
	// Main is the container that takes the user's resources and env; absent means the first of Containers.
	Main *corev1ac.ContainerApplyConfiguration
	// Checksum of the configuration rolls the pods when it changes; empty for pods without configuration. Template
	// adds what the Secrets and ConfigMaps behind environment variables hold.
	Checksum string
	// GracePeriod from the start of preStop to the kill.
	GracePeriod time.Duration
	// Single is for pods of which there is never more than one: there is nothing to spread. All others have the same
	// template whatever their number, so that scaling replaces no pod.
	Single bool
	// OwnNames lead to the pod itself.
	OwnNames []string
	// ImpatientDNS is for pods that must connect anew within seconds after a node is lost, and a DNS server with it.
	// Kubernetes goes on sending a share of the questions to it, and a pod waits for an answer for twice 5 s.
	ImpatientDNS bool
}

// Template renders the pod template.
func Template(in component.Input, p Pod) (*corev1ac.PodTemplateSpecApplyConfiguration, error) {
	if err := RefuseSettings(p.field(), p.Settings); err != nil {
		return nil, err
	}
	main := cmp.Or(p.Main, p.Containers[0])
	addSettings(main, p.Settings)

	labels := naming.Metadata(p.Settings.Labels)
	maps.Copy(labels, naming.Labels(in.Cluster, p.Component))
	if v := naming.Version(*main.Image); v != "" {
		labels[naming.LabelVersion] = v
	}
	annotations := naming.Metadata(p.Settings.Annotations)
	checksum, err := p.checksum(in)
	if err != nil {
		return nil, err
	}
	if checksum != "" {
		annotations[naming.AnnotationChecksum] = checksum
	}

	spec := corev1ac.PodSpec().
		WithSecurityContext(PodSecurity(p.User)).
		WithAutomountServiceAccountToken(false).
		WithEnableServiceLinks(false).
		WithTerminationGracePeriodSeconds(int64(p.GracePeriod.Seconds())).
		WithInitContainers(p.InitContainers...).
		WithContainers(p.Containers...).
		WithVolumes(p.Volumes...)
	if len(p.OwnNames) > 0 {
		spec.WithHostAliases(corev1ac.HostAlias().WithIP("127.0.0.1").WithHostnames(p.OwnNames...))
	}
	if p.ImpatientDNS {
		spec.WithDNSConfig(corev1ac.PodDNSConfig().WithOptions(
			corev1ac.PodDNSConfigOption().WithName("timeout").WithValue("1"),
			corev1ac.PodDNSConfigOption().WithName("attempts").WithValue("3")))
	}
	if err := addScheduling(spec, in, p); err != nil {
		return nil, err
	}
	if d := in.Cluster.Spec.ImageDefaults; d != nil {
		for _, s := range d.PullSecrets {
			spec.WithImagePullSecrets(corev1ac.LocalObjectReference().WithName(string(s.Name)))
		}
	}
	return corev1ac.PodTemplateSpec().WithLabels(labels).WithAnnotations(annotations).WithSpec(spec), nil
}

// field of the spec that holds the settings. A migration runs with those of the backend.
func (p Pod) field() string {
	if p.Component == naming.Migration {
		return naming.Backend
	}
	return p.Component
}

func (p Pod) checksum(in component.Input) (string, error) {
	content, err := environmentContent(in, slices.Concat(p.InitContainers, p.Containers))
	if err != nil {
		return "", err
	}
	if len(content) == 0 {
		return p.Checksum, nil
	}
	return Checksum(p.Checksum, content)
}

// PodSecurity runs all of a pod as one user, as a restricted namespace demands.
func PodSecurity(user int64) *corev1ac.PodSecurityContextApplyConfiguration {
	return corev1ac.PodSecurityContext().
		WithRunAsNonRoot(true).
		WithRunAsUser(user).
		WithRunAsGroup(user).
		WithFSGroup(user).
		// A volume with many files must not delay each start.
		WithFSGroupChangePolicy(corev1.FSGroupChangeOnRootMismatch).
		WithSeccompProfile(corev1ac.SeccompProfile().WithType(corev1.SeccompProfileTypeRuntimeDefault))
}

func addSettings(c *corev1ac.ContainerApplyConfiguration, s v1alpha1.PodSettings) {
	if r := s.Resources; r != nil {
		c.Resources = Resources(*r)
	}
	own := make(map[string]bool, len(c.Env))
	for _, e := range c.Env {
		own[*e.Name] = true
	}
	for _, e := range s.Env {
		if !own[e.Name] {
			c.WithEnv(Env(e))
		}
	}
}

// Env renders one environment variable of the user.
func Env(e v1alpha1.EnvVar) *corev1ac.EnvVarApplyConfiguration {
	out := corev1ac.EnvVar().WithName(e.Name)
	switch {
	case e.Value != nil:
		out.WithValue(*e.Value)
	case e.ValueFrom != nil && e.ValueFrom.SecretKeyRef != nil:
		return SecretEnv(e.Name, string(e.ValueFrom.SecretKeyRef.Name), e.ValueFrom.SecretKeyRef.Key)
	case e.ValueFrom != nil && e.ValueFrom.ConfigMapKeyRef != nil:
		out.WithValueFrom(corev1ac.EnvVarSource().WithConfigMapKeyRef(corev1ac.ConfigMapKeySelector().
			WithName(string(e.ValueFrom.ConfigMapKeyRef.Name)).WithKey(e.ValueFrom.ConfigMapKeyRef.Key)))
	}
	return out
}

// SecretEnv is an environment variable whose value is a key of a Secret.
func SecretEnv(name, secret, key string) *corev1ac.EnvVarApplyConfiguration {
	return corev1ac.EnvVar().WithName(name).WithValueFrom(corev1ac.EnvVarSource().
		WithSecretKeyRef(corev1ac.SecretKeySelector().WithName(secret).WithKey(key)))
}

func addScheduling(spec *corev1ac.PodSpecApplyConfiguration, in component.Input, p Pod) error {
	spec.WithNodeSelector(naming.Metadata(p.Settings.NodeSelector))
	for _, t := range p.Settings.Tolerations {
		spec.WithTolerations(Toleration(t))
	}
	if p.Settings.PriorityClassName != "" {
		spec.WithPriorityClassName(p.Settings.PriorityClassName)
	}
	if raw := p.Settings.Affinity; raw != nil {
		affinity, err := Affinity(raw.Raw)
		if err != nil {
			return err
		}
		spec.WithAffinity(affinity)
	}
	spec.WithTopologySpreadConstraints(spread(in, p)...)
	return nil
}

// Toleration renders one toleration of the user.
func Toleration(t v1alpha1.Toleration) *corev1ac.TolerationApplyConfiguration {
	out := corev1ac.Toleration()
	if t.Key != "" {
		out.WithKey(t.Key)
	}
	if t.Operator != "" {
		out.WithOperator(t.Operator)
	}
	if t.Value != "" {
		out.WithValue(string(t.Value))
	}
	if t.Effect != "" {
		out.WithEffect(t.Effect)
	}
	out.TolerationSeconds = t.TolerationSeconds
	return out
}

// defaultSpread is soft: a small cluster must still take all pods.
var defaultSpread = []v1alpha1.SpreadConstraint{
	{TopologyKey: corev1.LabelHostname, MaxSkew: 1, WhenUnsatisfiable: corev1.ScheduleAnyway},
	{TopologyKey: corev1.LabelTopologyZone, MaxSkew: 1, WhenUnsatisfiable: corev1.ScheduleAnyway},
}

func spread(in component.Input, p Pod) []*corev1ac.TopologySpreadConstraintApplyConfiguration {
	constraints := p.Settings.TopologySpreadConstraints
	if len(constraints) == 0 && !p.Single {
		constraints = defaultSpread
	}
	return Spread(constraints, naming.Selector(in.Cluster, p.Component))
}

// DefaultSpread of the pods with certain labels.
func DefaultSpread(selector map[string]string) []*corev1ac.TopologySpreadConstraintApplyConfiguration {
	return Spread(defaultSpread, selector)
}

// Spread the pods with certain labels.
func Spread(constraints []v1alpha1.SpreadConstraint, selector map[string]string) []*corev1ac.TopologySpreadConstraintApplyConfiguration {
	var out []*corev1ac.TopologySpreadConstraintApplyConfiguration
	for _, c := range constraints {
		out = append(out, corev1ac.TopologySpreadConstraint().
			WithTopologyKey(c.TopologyKey).
			WithMaxSkew(c.MaxSkew).
			WithWhenUnsatisfiable(c.WhenUnsatisfiable).
			WithLabelSelector(metav1ac.LabelSelector().WithMatchLabels(selector)))
	}
	return out
}
