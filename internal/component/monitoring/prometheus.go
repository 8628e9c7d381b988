package monitoring

import (
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"
	rbacv1ac "k8s.io/client-go/applyconfigurations/rbac/v1"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component"
	"github.com/xatube/xatube-operator/internal/component/hibernation"
	"github.com/xatube/xatube-operator/internal/component/naming"
	"github.com/xatube/xatube-operator/internal/component/workload"
	"github.com/xatube/xatube-operator/internal/observe"
)

const (
	// portWeb is the name that prometheus-operator gives to the port of a Prometheus.
	portWeb = "web"
	// volumeSamples is the name of the volume claim template of a Prometheus.
	volumeSamples = "samples"
)

// prometheus for this platform alone: the object for prometheus-operator, and leave to find the pods of its namespace.
func prometheus(in component.Input) ([]component.Object, error) {
	spec := in.Cluster.Spec.Monitoring.Prometheus
	if spec == nil || !in.Facts.Installed(observe.Prometheus) {
		return nil, nil
	}
	server, err := server(in, *spec)
	if err != nil {
		return nil, err
	}
	service := workload.Service(in, naming.Child(in.Cluster, naming.Prometheus), naming.Monitoring,
		workload.ServicePort(portWeb, naming.PrometheusPort))
	service.Spec.Selector = podsOf(in.Cluster, naming.Prometheus)
	out := append(access(in.Cluster), service)
	if spec.Storage != nil {
		grown, err := workload.GrownClaims(in, statefulSet(in.Cluster), volumeSamples, naming.Monitoring, *spec.Storage, 1)
		if err != nil {
			return nil, err
		}
		out = append(out, grown...)
	}
	return append(out, server), nil
}

// statefulSet is the name of that of the Prometheus.
func statefulSet(c *v1alpha1.XaTubeCluster) string {
	return observe.PrometheusSet(naming.Child(c, naming.Prometheus))
}

func server(in component.Input, want v1alpha1.PrometheusSpec) (component.Object, error) {
	c := in.Cluster
	// What is made for this platform, and nothing else of its namespace.
	ours := matching(map[string]string{
		naming.LabelManagedBy: naming.ManagedBy, naming.LabelInstance: c.Name, naming.LabelComponent: naming.Monitoring,
	})
	image := naming.Image(c, want.Image, naming.ImagePrometheus)
	spec := map[string]any{
		"image":                  image,
		"replicas":               hibernation.Replicas(in, naming.Prometheus, 1),
		"retention":              want.Retention,
		"scrapeInterval":         string(c.Spec.Monitoring.Interval),
		"evaluationInterval":     string(c.Spec.Monitoring.Interval),
		"serviceAccountName":     naming.Child(c, naming.Prometheus),
		"serviceDiscoveryRole":   "EndpointSlice",
		"serviceMonitorSelector": ours,
		"podMonitorSelector":     ours,
		"ruleSelector":           ours,
		"podMetadata":            map[string]any{"labels": podLabels},
		"securityContext":        workload.PodSecurity(nobody),
		"resources":              workload.Requests("50m", "256Mi"),
	}
	if version := naming.Version(image); version != "" {
		spec["version"] = version
	}
	if want.Resources != nil {
		spec["resources"] = workload.Resources(*want.Resources)
	}
	if d := c.Spec.ImageDefaults; d != nil {
		spec["imagePullPolicy"] = string(d.PullPolicy)
		if len(d.PullSecrets) > 0 {
			spec["imagePullSecrets"] = d.PullSecrets
		}
	}
	if want.Storage != nil {
		claim, err := workload.ClaimTemplate(in, statefulSet(c), volumeSamples, naming.Monitoring, *want.Storage)
		if err != nil {
			return nil, err
		}
		spec["storage"] = map[string]any{"volumeClaimTemplate": claim}
	}
	return document(c, observe.Prometheus, naming.Child(c, naming.Prometheus), spec), nil
}

// podLabels tell what the pods are. prometheus-operator keeps the other recommended labels to itself.
var podLabels = map[string]string{naming.LabelComponent: naming.Prometheus, naming.LabelPartOf: naming.AppName}

// access lets the Prometheus find what it is to scrape, in this namespace.
func access(c *v1alpha1.XaTubeCluster) []component.Object {
	name, labels := naming.Child(c, naming.Prometheus), naming.Labels(c, naming.Monitoring)
	rule := func(group string, resources ...string) *rbacv1ac.PolicyRuleApplyConfiguration {
		return rbacv1ac.PolicyRule().WithAPIGroups(group).WithResources(resources...).WithVerbs("get", "list", "watch")
	}
	return []component.Object{
		corev1ac.ServiceAccount(name, c.Namespace).WithLabels(labels),
		rbacv1ac.Role(name, c.Namespace).WithLabels(labels).WithRules(
			rule("", "services", "pods"), rule("discovery.k8s.io", "endpointslices")),
		rbacv1ac.RoleBinding(name, c.Namespace).WithLabels(labels).
			WithRoleRef(rbacv1ac.RoleRef().WithAPIGroup("rbac.authorization.k8s.io").WithKind("Role").WithName(name)).
			WithSubjects(rbacv1ac.Subject().WithKind("ServiceAccount").WithName(name).WithNamespace(c.Namespace)),
	}
}
