package network_test

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	networkingv1ac "k8s.io/client-go/applyconfigurations/networking/v1"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component/network"
	"github.com/xatube/xatube-operator/internal/golden"
)

func TestRender(t *testing.T) {
	golden.Run(t, network.New(), nil)
}

// A15: whoever may make pods in some namespace gives them any label.
func TestNoLabelAloneOpensAnotherNamespace(t *testing.T) {
	for _, dir := range []string{"minimal", "full", "logging"} {
		in := golden.Input(t, "testdata/"+dir+"/in.yaml", network.New())
		in.Cluster.Spec.Monitoring.ScraperNamespaces = []v1alpha1.ObjectName{"metrics"}
		objects, err := network.New().Render(in)
		if err != nil {
			t.Fatal(err)
		}
		scraped := false
		for _, o := range objects {
			policy, _ := o.(*networkingv1ac.NetworkPolicyApplyConfiguration)
			for _, rule := range policy.Spec.Ingress {
				for _, peer := range rule.From {
					if peer.NamespaceSelector == nil {
						continue
					}
					name := peer.NamespaceSelector.MatchLabels[corev1.LabelMetadataName]
					scraped = scraped || name == "metrics"
					if peer.PodSelector != nil && name == "" {
						t.Errorf("%s, %s: pods of any namespace are chosen by labels %v", dir, *policy.Name, peer.PodSelector.MatchLabels)
					}
				}
			}
		}
		if !scraped {
			t.Errorf("%s: the namespace of the spec may scrape nothing", dir)
		}
	}
}

func TestHealth(t *testing.T) {
	for dir, want := range map[string]string{"minimal": v1alpha1.ReasonReady, "disabled": v1alpha1.ReasonDisabled} {
		in := golden.Input(t, "testdata/"+dir+"/in.yaml", network.New())
		if got := network.New().Health(in); got.Reason != want || !got.Healthy() {
			t.Errorf("%s: got %v", dir, got)
		}
	}
}
