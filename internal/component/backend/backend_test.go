package backend

import (
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	appsv1ac "k8s.io/client-go/applyconfigurations/apps/v1"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"
	"k8s.io/utils/ptr"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component"
	"github.com/xatube/xatube-operator/internal/component/naming"
	"github.com/xatube/xatube-operator/internal/component/postgres"
	"github.com/xatube/xatube-operator/internal/component/workload"
	"github.com/xatube/xatube-operator/internal/credential"
	"github.com/xatube/xatube-operator/internal/golden"
	"github.com/xatube/xatube-operator/internal/outcome"
)

func TestRender(t *testing.T) {
	golden.Run(t, New(), func(name string, in *component.Input) {
		provide(t, in)
		if name == "resuming" {
			in.Facts.Deployments = standing(0)
		}
	})
}

// standing is the live Deployment at a number of replicas.
func standing(n int32) map[string]*appsv1.Deployment {
	return map[string]*appsv1.Deployment{"demo-backend": {Spec: appsv1.DeploymentSpec{Replicas: &n}}}
}

func TestStarts(t *testing.T) {
	tests := []struct {
		name   string
		live   map[string]*appsv1.Deployment
		change func(*v1alpha1.XaTubeClusterSpec)
		want   bool
	}{
		{"there is none yet", nil, func(*v1alpha1.XaTubeClusterSpec) {}, false},
		{"runs", standing(3), func(*v1alpha1.XaTubeClusterSpec) {}, false},
		{"stands still and is wanted", standing(0), func(*v1alpha1.XaTubeClusterSpec) {}, true},
		{"stands still by choice", standing(0), func(s *v1alpha1.XaTubeClusterSpec) { s.Backend.Replicas = ptr.To[int32](0) }, false},
		{"hibernated", standing(0), func(s *v1alpha1.XaTubeClusterSpec) { s.PowerState = v1alpha1.PowerHibernated }, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			in := input(t, "minimal")
			in.Facts.Deployments = tt.live
			tt.change(&in.Cluster.Spec)
			if got := Starts(in); got != tt.want {
				t.Errorf("got %v", got)
			}
		})
	}
}

// provide makes what the other components and the user have made by the time that a backend is rendered.
func provide(t *testing.T, in *component.Input) {
	t.Helper()
	env, err := Environment(*in, postgres.URLEnv(*in))
	if err != nil {
		t.Fatal(err)
	}
	golden.Provide(in, env...)
	golden.Provide(in, postgres.ServerURLEnv(*in)...)
	golden.Provide(in, workload.SecretEnv("", "mail", "MAIL_PASSWORD"), workload.SecretEnv("", "sentry", "dsn"))
	in.Facts.ConfigMaps = map[string]*corev1.ConfigMap{"flags": {Data: map[string]string{"feature": "on"}}}
}

func input(t *testing.T, name string) component.Input {
	t.Helper()
	in := golden.Input(t, "testdata/"+name+"/in.yaml", New())
	provide(t, &in)
	return in
}

// podTemplate of the rendered Deployment.
func podTemplate(t *testing.T, in component.Input) *corev1ac.PodTemplateSpecApplyConfiguration {
	t.Helper()
	d, err := deployment(in)
	if err != nil {
		t.Fatal(err)
	}
	return d.Spec.Template
}

func TestChangedCredentialRollsThePods(t *testing.T) {
	tests := []struct{ in, secret string }{
		{"minimal", "demo-backend"},
		{"minimal", "demo-postgres-app"},
		{"minimal", "demo-redis"},
		{"minimal", "demo-rabbitmq"},
		{"external", "my-db"},
		{"external", "my-redis"},
		{"external", "my-broker"},
		{"full", "mail"},
		{"full", "sentry"},
	}
	for _, tt := range tests {
		t.Run(tt.secret, func(t *testing.T) {
			in := input(t, tt.in)
			secret := in.Facts.Secrets[tt.secret]
			if secret == nil {
				t.Fatalf("no Secret %s is used", tt.secret)
			}
			before := podTemplate(t, in).Annotations[naming.AnnotationChecksum]
			for key := range secret.Data {
				secret.Data[key] = []byte("changed")
			}
			if after := podTemplate(t, in).Annotations[naming.AnnotationChecksum]; after == before {
				t.Errorf("checksum is still %s", after)
			}
		})
	}
}

func TestMissingSecretHoldsBackThePods(t *testing.T) {
	in := input(t, "full")
	delete(in.Facts.Secrets, "mail")
	objects, err := New().Render(in)
	if blocked, ok := outcome.AsBlocked(err); !ok || blocked.Reason != v1alpha1.ReasonSecretNotFound {
		t.Errorf("Render: %v, want reason %s", err, v1alpha1.ReasonSecretNotFound)
	}
	if len(objects) == 0 {
		t.Error("the volume and the Service are not rendered, though they need no Secret")
	}
	for _, o := range objects {
		if _, found := o.(*appsv1ac.DeploymentApplyConfiguration); found {
			t.Error("the Deployment is rendered")
		}
	}
}

func TestRefusals(t *testing.T) {
	resources := func(requests, limits string) func(*v1alpha1.BackendSpec) {
		return func(s *v1alpha1.BackendSpec) {
			s.Autoscaling = &v1alpha1.AutoscalingSpec{MinReplicas: 1, MaxReplicas: 3, TargetCPUUtilization: 70}
			s.Pod.Resources = &v1alpha1.Resources{
				Requests: corev1.ResourceList{corev1.ResourceName(requests): resource.MustParse("1")},
				Limits:   corev1.ResourceList{corev1.ResourceName(limits): resource.MustParse("1")},
			}
		}
	}
	onePod := func(s *v1alpha1.BackendSpec) {
		s.Uploads.AccessModes = []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOncePod}
	}
	tests := []struct {
		name   string
		change func(*v1alpha1.BackendSpec)
		want   string
	}{
		{name: "autoscaling with a CPU request", change: resources("cpu", "memory")},
		{name: "autoscaling with a CPU limit", change: resources("memory", "cpu")},
		{name: "autoscaling without either", change: resources("memory", "memory"), want: "set spec.backend.pod.resources.requests.cpu"},
		{name: "three replicas on a volume of one pod", change: onePod, want: "set spec.backend.replicas to 1"},
		{
			name: "one replica on a volume of one pod",
			change: func(s *v1alpha1.BackendSpec) {
				onePod(s)
				s.Replicas = ptr.To[int32](1)
			},
		},
		{
			name: "an affinity that is none",
			change: func(s *v1alpha1.BackendSpec) {
				s.Pod.Affinity = golden.Load(t, "testdata/one-node/in.yaml").Spec.Backend.Pod.Affinity
				s.Pod.Affinity.Raw = []byte(`{"nodeAfinity": {}}`)
			},
			want: "spec.backend.pod.affinity",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			in := input(t, "minimal")
			tt.change(&in.Cluster.Spec.Backend)
			_, err := New().Render(in)
			if tt.want == "" {
				if err != nil {
					t.Errorf("Render: %v", err)
				}
				return
			}
			blocked, ok := outcome.AsBlocked(err)
			if !ok || !blocked.Terminal || blocked.Reason != v1alpha1.ReasonInvalid || !strings.Contains(blocked.Message, tt.want) {
				t.Errorf("Render: %v, want a terminal error with …%s…", err, tt.want)
			}
		})
	}
}

func TestSecretKeyIsLongEnough(t *testing.T) {
	in := input(t, "minimal")
	requests := New().Credentials(in)
	if len(requests) != 1 {
		t.Fatalf("%d credentials, want 1", len(requests))
	}
	// The contract of the application.
	const least = 32
	if key := requests[0].Data(credential.Generator{})["SECRET_KEY"]; len(key) < least {
		t.Errorf("SECRET_KEY has %d characters, want at least %d", len(key), least)
	}
}

func TestTimesFitTogether(t *testing.T) {
	template := podTemplate(t, input(t, "minimal"))
	kill := *template.Spec.TerminationGracePeriodSeconds
	sleep := *template.Spec.Containers[0].Lifecycle.PreStop.Sleep.Seconds
	if drain := int64(finish.Seconds()); kill <= sleep+drain {
		t.Errorf("killed after %d s, while leaving takes %d s and draining %d s", kill, sleep, drain)
	}
}
