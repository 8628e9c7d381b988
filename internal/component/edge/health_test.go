package edge_test

import (
	"errors"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	appsv1ac "k8s.io/client-go/applyconfigurations/apps/v1"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component"
	"github.com/xatube/xatube-operator/internal/component/edge"
	"github.com/xatube/xatube-operator/internal/outcome"
)

func readyDeployment() *appsv1.Deployment {
	replicas := int32(2)
	return &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Name: "demo-edge", Generation: 2},
		Spec:       appsv1.DeploymentSpec{Replicas: &replicas},
		Status: appsv1.DeploymentStatus{
			ObservedGeneration: 2, Replicas: 2, UpdatedReplicas: 2, AvailableReplicas: 2,
		},
	}
}

func withSecret(change func(*corev1.Secret)) func(*component.Input) {
	return func(in *component.Input) {
		s := certificateSecret()
		if change != nil {
			change(s)
		}
		in.Facts.Secrets["tube-tls"] = s
	}
}

func TestHealth(t *testing.T) {
	for name, c := range map[string]struct {
		dir    string
		change func(*component.Input)
		status metav1.ConditionStatus
		reason string
		says   []string
	}{
		"ready": {dir: "default", status: metav1.ConditionTrue, reason: v1alpha1.ReasonReady},
		"the proxy in front is assumed": {
			dir: "default", status: metav1.ConditionTrue, reason: v1alpha1.ReasonReady,
			change: func(in *component.Input) { in.Cluster.Spec.Ingress = &v1alpha1.IngressSpec{Host: "tube.example.com"} },
			says:   []string{"2 of 2 pods are ready; ", "X-Forwarded-For", "spec.edge.trustedProxies"},
		},
		"the proxy in front is unknown": {
			dir: "default", status: metav1.ConditionTrue, reason: v1alpha1.ReasonReady,
			change: func(in *component.Input) {
				in.Cluster.Spec.Gateway = &v1alpha1.GatewaySpec{}
				in.Cluster.Spec.Edge.Service.Type = corev1.ServiceTypeLoadBalancer
			},
			says: []string{"not limited", "LoadBalancer", "spec.edge.trustedProxies"},
		},
		"addresses may be translated": {
			dir: "default", status: metav1.ConditionTrue, reason: v1alpha1.ReasonReady,
			change: func(in *component.Input) { in.Cluster.Spec.Edge.Service.Type = corev1.ServiceTypeNodePort },
			says:   []string{"private address", "not limited"},
		},
		"rolling": {
			dir: "default", status: metav1.ConditionFalse, reason: v1alpha1.ReasonProgressing,
			change: func(in *component.Input) { in.Facts.Deployments["demo-edge"].Status.UpdatedReplicas = 1 },
			says:   []string{"Deployment demo-edge"},
		},
		"nothing yet": {
			dir: "default", status: metav1.ConditionFalse, reason: v1alpha1.ReasonProgressing,
			change: func(in *component.Input) { in.Facts.Deployments = nil },
		},
		"with a certificate": {dir: "tls", change: withSecret(nil), status: metav1.ConditionTrue, reason: v1alpha1.ReasonReady},
		"certificate missing": {
			dir: "tls", change: func(in *component.Input) { delete(in.Facts.Secrets, "tube-tls") },
			status: metav1.ConditionFalse, reason: v1alpha1.ReasonSecretNotFound,
			says: []string{"tube-tls", "spec.edge.tls.secretName", "kubectl create secret tls"},
		},
		"key missing": {
			dir: "tls", change: withSecret(func(s *corev1.Secret) { delete(s.Data, corev1.TLSPrivateKeyKey) }),
			status: metav1.ConditionFalse, reason: v1alpha1.ReasonSecretKeyMissing, says: []string{"tube-tls", "tls.key"},
		},
		"no certificate in it": {
			dir: "tls", change: withSecret(func(s *corev1.Secret) { s.Data[corev1.TLSCertKey] = []byte("x") }),
			status: metav1.ConditionFalse, reason: v1alpha1.ReasonSecretInvalid, says: []string{"tube-tls", "PEM"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			in := input(t, "testdata/"+c.dir)
			in.Facts.Deployments = map[string]*appsv1.Deployment{"demo-edge": readyDeployment()}
			if c.change != nil {
				c.change(&in)
			}
			h := edge.New().Health(in)
			if h.Status != c.status || h.Reason != c.reason {
				t.Errorf("%s %s: %s", h.Status, h.Reason, h.Message)
			}
			for _, part := range c.says {
				if !strings.Contains(h.Message, part) {
					t.Errorf("%q does not say %q", h.Message, part)
				}
			}
			checkUntouched(t, in, strings.HasPrefix(c.reason, "Secret"))
		})
	}
}

// checkUntouched: neither the pods nor what they read changes while the certificate is of no use.
func checkUntouched(t *testing.T, in component.Input, blocked bool) {
	t.Helper()
	objects, err := edge.New().Render(in)
	if blocked != (err != nil) {
		t.Errorf("rendering: %v", err)
	}
	if b, found := outcome.AsBlocked(err); blocked && (!found || b.Terminal) {
		t.Errorf("rendering does not wait for the Secret: %v", err)
	}
	for _, o := range objects {
		switch o.(type) {
		case *appsv1ac.DeploymentApplyConfiguration, *corev1ac.ConfigMapApplyConfiguration:
			if blocked {
				t.Errorf("%T is rendered", o)
			}
		}
	}
}

func TestRenderRefusesWhatAdmissionShouldHaveRefused(t *testing.T) {
	for field, change := range map[string]func(*v1alpha1.EdgeSpec){
		"spec.edge.trustedProxies": func(s *v1alpha1.EdgeSpec) {
			s.TrustedProxies = []v1alpha1.CIDR{"10.0.0.0/8; } evil {"}
		},
		"spec.edge.headers.frameAncestors": func(s *v1alpha1.EdgeSpec) {
			s.Headers.FrameAncestors = []v1alpha1.WebSource{"https://a.example.com\"; } evil {"}
		},
		"spec.edge.headers.mediaSources": func(s *v1alpha1.EdgeSpec) {
			s.Headers.MediaSources = []v1alpha1.WebSource{"https://a.example.com; script-src *"}
		},
	} {
		in := input(t, "testdata/default")
		change(&in.Cluster.Spec.Edge)
		_, err := edge.New().Render(in)
		var blocked *outcome.Blocked
		if !errors.As(err, &blocked) || !blocked.Terminal || !strings.Contains(err.Error(), field) {
			t.Errorf("%s: %v", field, err)
		}
	}
}

// TestRenewalRollsThePods: a renewed certificate is a new pod template, another key of the Secret is not.
func TestRenewalRollsThePods(t *testing.T) {
	checksum := func(change func(*corev1.Secret)) string {
		in := input(t, "testdata/tls")
		withSecret(change)(&in)
		return templateChecksum(t, in)
	}
	before := checksum(nil)
	if got := checksum(func(s *corev1.Secret) { s.Data["ca.crt"] = []byte("x") }); got != before {
		t.Error("a key that nginx does not read rolls the pods")
	}
	renewed := checksum(func(s *corev1.Secret) {
		s.Data[corev1.TLSCertKey] = append(s.Data[corev1.TLSCertKey], '\n')
	})
	if renewed == before {
		t.Error("a renewed certificate does not roll the pods")
	}
}
