// Package network renders the NetworkPolicies of a platform: whom each component takes connections from. What a pod
// connects to itself is left to it.
package network

import (
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	metav1ac "k8s.io/client-go/applyconfigurations/meta/v1"
	networkingv1ac "k8s.io/client-go/applyconfigurations/networking/v1"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component"
	"github.com/xatube/xatube-operator/internal/component/naming"
	"github.com/xatube/xatube-operator/internal/credential"
)

// Component is the network policies.
type Component struct{}

// New returns the component.
func New() Component { return Component{} }

// Name is the value of the component label.
func (Component) Name() string { return naming.Network }

// Condition that Health fills.
func (Component) Condition() string { return v1alpha1.ConditionNetworkPolicyReady }

// Needs no optional API.
func (Component) Needs(*v1alpha1.XaTubeCluster) []schema.GroupVersionKind { return nil }

// Credentials are none.
func (Component) Credentials(component.Input) []credential.Request { return nil }

// Render what is allowed, and last that nothing else is: while policies are being made, no flow is cut that will be
// allowed.
func (Component) Render(in component.Input) ([]component.Object, error) {
	if disabled(in.Cluster) {
		return nil, nil
	}
	var out []component.Object
	for _, f := range flows(in) {
		out = append(out, policy(in.Cluster, f.component, f.pods, f.rules...))
	}
	return append(out, policy(in.Cluster, naming.Network, platform(in.Cluster))), nil
}

// Health knows only that the policies are applied: whether the network plugin enforces them, it tells nobody.
func (Component) Health(in component.Input) component.Health {
	if disabled(in.Cluster) {
		return component.Off(v1alpha1.ReasonDisabled, "spec.networkPolicy is Disabled: every pod of the Kubernetes cluster may connect to every component")
	}
	return component.Ready("NetworkPolicies are in place; they hold where the network plugin enforces them")
}

func disabled(c *v1alpha1.XaTubeCluster) bool { return c.Spec.NetworkPolicy == v1alpha1.ToggleDisabled }

// policy lets the pods take what the rules allow and nothing else.
func policy(c *v1alpha1.XaTubeCluster, comp string, pods map[string]string, rules ...*networkingv1ac.NetworkPolicyIngressRuleApplyConfiguration) component.Object {
	return networkingv1ac.NetworkPolicy(naming.Child(c, comp), c.Namespace).
		WithLabels(naming.Labels(c, naming.Network)).
		WithSpec(networkingv1ac.NetworkPolicySpec().
			WithPodSelector(metav1ac.LabelSelector().WithMatchLabels(pods)).
			WithPolicyTypes(networkingv1.PolicyTypeIngress).
			WithIngress(rules...))
}
