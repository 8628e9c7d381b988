package workload

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component"
	"github.com/xatube/xatube-operator/internal/component/naming"
	"github.com/xatube/xatube-operator/internal/observe"
	"github.com/xatube/xatube-operator/internal/outcome"
)

// tenant is a platform whose backend takes a variable from a key of each of two objects of the user, and all of two
// others.
func tenant() component.Input {
	spec := v1alpha1.XaTubeClusterSpec{}
	spec.Backend.Pod.Env = []v1alpha1.EnvVar{
		{Name: "TOKEN", ValueFrom: &v1alpha1.EnvVarSource{SecretKeyRef: &v1alpha1.KeySelector{Name: "tokens", Key: "token"}}},
		{Name: "MODE", ValueFrom: &v1alpha1.EnvVarSource{ConfigMapKeyRef: &v1alpha1.KeySelector{Name: "modes", Key: "mode"}}},
	}
	spec.Backend.EnvFrom = []v1alpha1.EnvFromSource{
		{SecretRef: &v1alpha1.LocalSecret{Name: "mail"}}, {ConfigMapRef: &v1alpha1.LocalConfigMap{Name: "flags"}},
	}
	return component.Input{
		Cluster: &v1alpha1.XaTubeCluster{ObjectMeta: metav1.ObjectMeta{Name: "demo", Namespace: "media"}, Spec: spec},
		Facts: observe.Facts{
			Secrets: map[string]*corev1.Secret{
				"demo-own": {Data: map[string][]byte{"password": []byte("p"), "unused": []byte("u")}},
				"tokens":   {Data: map[string][]byte{"token": []byte("t")}},
				"mail":     {Data: map[string][]byte{"MAIL_USER": []byte("m")}},
			},
			ConfigMaps: map[string]*corev1.ConfigMap{
				"modes": {Data: map[string]string{"mode": "fast"}},
				"flags": {Data: map[string]string{"FLAG": "1"}},
			},
		},
	}
}

func renderTenant(in component.Input) (*corev1ac.PodTemplateSpecApplyConfiguration, error) {
	main := Container(in, "main", "registry.example.com/app:1", "app").
		WithEnv(SecretEnv("PASSWORD", "demo-own", "password")).
		WithEnvFrom(
			corev1ac.EnvFromSource().WithSecretRef(corev1ac.SecretEnvSource().WithName("mail")),
			corev1ac.EnvFromSource().WithConfigMapRef(corev1ac.ConfigMapEnvSource().WithName("flags")))
	return Template(in, Pod{
		Component:  naming.Backend,
		Settings:   in.Cluster.Spec.Backend.Pod,
		Containers: []*corev1ac.ContainerApplyConfiguration{main},
		Checksum:   "configuration",
	})
}

func TestChecksumFollowsTheEnvironment(t *testing.T) {
	tests := []struct {
		name   string
		change func(*observe.Facts)
		rolls  bool
	}{
		{name: "own Secret", change: func(f *observe.Facts) { f.Secrets["demo-own"].Data["password"] = []byte("new") }, rolls: true},
		{name: "unused key of the own Secret", change: func(f *observe.Facts) { f.Secrets["demo-own"].Data["unused"] = []byte("new") }},
		{name: "key of a Secret", change: func(f *observe.Facts) { f.Secrets["tokens"].Data["token"] = []byte("new") }, rolls: true},
		{name: "unused key of a Secret", change: func(f *observe.Facts) { f.Secrets["tokens"].Data["other"] = []byte("new") }},
		{name: "key of a ConfigMap", change: func(f *observe.Facts) { f.ConfigMaps["modes"].Data["mode"] = "slow" }, rolls: true},
		{name: "all of a Secret", change: func(f *observe.Facts) { f.Secrets["mail"].Data["MAIL_PASS"] = []byte("new") }, rolls: true},
		{name: "all of a ConfigMap", change: func(f *observe.Facts) { f.ConfigMaps["flags"].Data["FLAG"] = "2" }, rolls: true},
		{name: "a Secret that is not used", change: func(f *observe.Facts) { f.Secrets["other"] = &corev1.Secret{} }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			before, after := tenant(), tenant()
			tt.change(&after.Facts)
			if rolled := checksumOf(t, before) != checksumOf(t, after); rolled != tt.rolls {
				t.Errorf("pods roll: %t, want %t", rolled, tt.rolls)
			}
		})
	}
}

func checksumOf(t *testing.T, in component.Input) string {
	t.Helper()
	template, err := renderTenant(in)
	if err != nil {
		t.Fatal(err)
	}
	return template.Annotations[naming.AnnotationChecksum]
}

func TestMissingEnvironmentHoldsThePodsBack(t *testing.T) {
	tests := []struct {
		name    string
		change  func(*observe.Facts)
		reason  string
		message string
	}{
		{"Secret of the user", func(f *observe.Facts) { delete(f.Secrets, "tokens") }, v1alpha1.ReasonSecretNotFound, "Secret tokens"},
		{"key of a Secret", func(f *observe.Facts) { f.Secrets["tokens"].Data = nil }, v1alpha1.ReasonSecretKeyMissing, "Secret tokens has no key token"},
		{"whole Secret of the user", func(f *observe.Facts) { delete(f.Secrets, "mail") }, v1alpha1.ReasonSecretNotFound, "Secret mail"},
		{"ConfigMap", func(f *observe.Facts) { delete(f.ConfigMaps, "modes") }, v1alpha1.ReasonConfigMapNotFound, "ConfigMap modes"},
		{"key of a ConfigMap", func(f *observe.Facts) { f.ConfigMaps["modes"].Data = nil }, v1alpha1.ReasonConfigMapKeyMissing, "ConfigMap modes has no key mode"},
		{"whole ConfigMap", func(f *observe.Facts) { delete(f.ConfigMaps, "flags") }, v1alpha1.ReasonConfigMapNotFound, "ConfigMap flags"},
		{"Secret of the platform", func(f *observe.Facts) { delete(f.Secrets, "demo-own") }, v1alpha1.ReasonWaiting, "Secret demo-own"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			in := tenant()
			tt.change(&in.Facts)
			_, err := renderTenant(in)
			blocked, ok := outcome.AsBlocked(err)
			if !ok || blocked.Terminal || blocked.Reason != tt.reason || !strings.Contains(blocked.Message, tt.message) {
				t.Errorf("error = %v (%+v), want waiting with reason %s: …%s…", err, blocked, tt.reason, tt.message)
			}
		})
	}
}
