package migration

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	batchv1ac "k8s.io/client-go/applyconfigurations/batch/v1"
	"k8s.io/utils/ptr"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component"
	"github.com/xatube/xatube-operator/internal/component/backend"
	"github.com/xatube/xatube-operator/internal/component/naming"
	"github.com/xatube/xatube-operator/internal/component/postgres"
	"github.com/xatube/xatube-operator/internal/component/workload"
	"github.com/xatube/xatube-operator/internal/golden"
	"github.com/xatube/xatube-operator/internal/outcome"
)

func TestRender(t *testing.T) {
	golden.Run(t, New(), func(_ string, in *component.Input) { provide(t, in) })
}

func provide(t *testing.T, in *component.Input) {
	t.Helper()
	env, err := backend.Environment(*in, postgres.URLEnv(*in))
	if err != nil {
		t.Fatal(err)
	}
	golden.Provide(in, env...)
	golden.Provide(in, workload.SecretEnv("", "mail", "MAIL_PASSWORD"), workload.SecretEnv("", "mail", "PGAPPNAME"),
		workload.SecretEnv("", "seeds", "users.sql"))
	in.Facts.ConfigMaps = map[string]*corev1.ConfigMap{
		"seeds":  {Data: map[string]string{"documents.sql": "SELECT 1;"}, BinaryData: map[string][]byte{"latin.sql": {0xe4}}},
		"driver": {Data: map[string]string{"PGSSLMODE": "require", "PGOPTIONS": "-c timezone=UTC", "THEME": "dark"}},
	}
}

func input(t *testing.T, name string) component.Input {
	t.Helper()
	in := golden.Input(t, "testdata/"+name+"/in.yaml", New())
	provide(t, &in)
	return in
}

func TestJobName(t *testing.T) {
	tests := []struct {
		name   string
		change func(*v1alpha1.XaTubeCluster)
		again  bool
	}{
		{name: "image", change: func(c *v1alpha1.XaTubeCluster) { c.Spec.Backend.Image = "example.com/backend:2" }, again: true},
		{name: "registry", change: func(c *v1alpha1.XaTubeCluster) {
			c.Spec.ImageDefaults = &v1alpha1.ImageDefaults{Registry: "mirror.example.com"}
		}, again: true},
		{name: "command", change: func(c *v1alpha1.XaTubeCluster) { c.Spec.Backend.Migration.Command = []string{"true"} }, again: true},
		{name: "wish to try again", change: func(c *v1alpha1.XaTubeCluster) {
			c.Annotations = map[string]string{naming.AnnotationRetry: "now"}
		}, again: true},
		{name: "setting", change: func(c *v1alpha1.XaTubeCluster) { c.Spec.Backend.Settings.LogLevel = "DEBUG" }},
		{name: "replicas", change: func(c *v1alpha1.XaTubeCluster) { c.Spec.Backend.Replicas = ptr.To[int32](9) }},
		{name: "resources", change: func(c *v1alpha1.XaTubeCluster) { c.Spec.Backend.Pod.Resources = &v1alpha1.Resources{} }},
		{name: "timeout", change: func(c *v1alpha1.XaTubeCluster) { c.Spec.Backend.Migration.Timeout = "1h" }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			in := input(t, "minimal")
			before := JobName(in)
			tt.change(in.Cluster)
			if again := JobName(in) != before; again != tt.again {
				t.Errorf("migration runs again: %t, want %t", again, tt.again)
			}
		})
	}
}

func TestJobNameOfTheLongestPlatformFits(t *testing.T) {
	in := input(t, "minimal")
	in.Cluster.Name = strings.Repeat("x", 35)
	if name := JobName(in); len(name) > 63 {
		t.Errorf("%s has %d characters, more than the label job-name takes", name, len(name))
	}
}

func TestMissingSecretIsWaitedFor(t *testing.T) {
	in := input(t, "full")
	delete(in.Facts.Secrets, "mail")
	_, err := New().Render(in)
	if blocked, ok := outcome.AsBlocked(err); !ok || blocked.Reason != v1alpha1.ReasonSecretNotFound {
		t.Errorf("Render: %v, want reason %s", err, v1alpha1.ReasonSecretNotFound)
	}
}

func TestFinishedJobsOfEarlierImagesAreKept(t *testing.T) {
	in := input(t, "minimal")
	wanted := JobName(in)
	in.Facts.Jobs = map[string]*batchv1.Job{wanted: ended(batchv1.JobComplete, "")}
	for i, name := range []string{"oldest", "old", "recent", "newest"} {
		in.Facts.Jobs[name] = ended(batchv1.JobComplete, "")
		in.Facts.Jobs[name].CreationTimestamp = metav1.Unix(int64(i), 0)
	}
	in.Facts.Jobs["failed"] = ended(batchv1.JobFailed, "")
	for name, job := range in.Facts.Jobs {
		job.Name, job.Labels = name, naming.Labels(in.Cluster, naming.Migration)
	}
	objects, err := New().Render(in)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, o := range objects {
		names = append(names, *o.(*batchv1ac.JobApplyConfiguration).Name)
	}
	if diff := cmp.Diff([]string{wanted, "newest", "recent", "old"}, names); diff != "" {
		t.Errorf("Jobs (-want +got):\n%s", diff)
	}
}
