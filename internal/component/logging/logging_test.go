package logging_test

import (
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	batchv1ac "k8s.io/client-go/applyconfigurations/batch/v1"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component"
	"github.com/xatube/xatube-operator/internal/component/logging"
	"github.com/xatube/xatube-operator/internal/component/naming"
	"github.com/xatube/xatube-operator/internal/eck"
	"github.com/xatube/xatube-operator/internal/golden"
	"github.com/xatube/xatube-operator/internal/outcome"
)

func TestRender(t *testing.T) {
	golden.Run(t, logging.New(), func(_ string, in *component.Input) { provide(in) })
}

// provide makes the user's Secrets, and ECK's objects as they are while all is well.
func provide(in *component.Input) {
	in.Options.CollectorImages = []string{"registry.example.com", "mirror.example.com"}
	secrets := map[string]map[string][]byte{
		"login":                     {"username": []byte("writer"), "password": []byte("word")},
		"key":                       {"apiKey": []byte("a2V5")},
		"ca":                        {"tls.crt": []byte("certificate")},
		"demo-es-http-certs-public": {"ca.crt": []byte("certificate")},
	}
	for name, data := range secrets {
		in.Facts.Secrets[name] = &corev1.Secret{Data: data}
	}
	in.Facts.APIs = map[schema.GroupVersionKind]bool{eck.ElasticsearchKind: true, eck.KibanaKind: true}
	in.Facts.Elasticsearch = &eck.Elasticsearch{Object: eck.Object{Status: eck.Status{Health: "yellow", Phase: "Ready"}}}
	in.Facts.Kibana = &eck.Kibana{Object: eck.Object{Status: eck.Status{Health: "green"}}}
	in.Facts.DaemonSets = map[string]*appsv1.DaemonSet{"demo-logging": {Status: appsv1.DaemonSetStatus{
		DesiredNumberScheduled: 2, CurrentNumberScheduled: 2, UpdatedNumberScheduled: 2, NumberReady: 2,
	}}}
}

// job is the Job that the component wants, as it is in a certain condition.
func job(t *testing.T, in *component.Input, condition batchv1.JobConditionType) {
	t.Helper()
	objects, err := logging.New().Render(*in)
	if err != nil {
		t.Fatal(err)
	}
	in.Facts.Jobs = map[string]*batchv1.Job{}
	for _, o := range objects {
		if wanted, ok := o.(*batchv1ac.JobApplyConfiguration); ok {
			in.Facts.Jobs[*wanted.Name] = &batchv1.Job{Status: batchv1.JobStatus{
				Conditions: []batchv1.JobCondition{{Type: condition, Status: corev1.ConditionTrue}},
			}}
		}
	}
}

func TestHealth(t *testing.T) {
	tests := []struct {
		name, dir string
		change    func(*component.Input)
		reason    string
		says      string
	}{
		{"well", "endpoint", func(*component.Input) {}, v1alpha1.ReasonReady, "2 of 2 pods are ready; lines go to data stream logs-xatube-tube.demo and are kept for 30d"},
		{"well with ECK", "elasticsearch", func(*component.Input) {}, v1alpha1.ReasonReady, "logs-xatube-tube.demo"},
		{"off", "off", func(*component.Input) {}, v1alpha1.ReasonDisabled, "spec.logging is not set"},
		{
			"no API", "elasticsearch", func(in *component.Input) { in.Facts.APIs = nil },
			v1alpha1.ReasonAPINotInstalled, "install ECK (Elastic Cloud on Kubernetes) 3.0 or newer, or set spec.logging.endpoint instead",
		},
		{
			"no Elasticsearch yet", "elasticsearch", func(in *component.Input) { in.Facts.Elasticsearch = nil },
			v1alpha1.ReasonProgressing, "Elasticsearch demo does not exist yet",
		},
		{
			"a red Elasticsearch", "elasticsearch", func(in *component.Input) { in.Facts.Elasticsearch.Status.Health = "red" },
			v1alpha1.ReasonUnavailable, "the health of Elasticsearch demo is red; lines wait in the collectors",
		},
		{
			"a refused Elasticsearch", "elasticsearch", func(in *component.Input) { in.Facts.Elasticsearch.Status.Phase = "Invalid" },
			v1alpha1.ReasonRejected, "ECK refuses Elasticsearch demo; see kubectl describe elasticsearch demo",
		},
		{
			"a Kibana that is made", "elasticsearch", func(in *component.Input) { in.Facts.Kibana.Status.Health = "" },
			v1alpha1.ReasonProgressing, "ECK is making Kibana demo",
		},
		{
			"no collector yet", "endpoint", func(in *component.Input) { in.Facts.DaemonSets = nil },
			v1alpha1.ReasonProgressing, "DaemonSet demo-logging does not exist yet",
		},
		{
			"a node without a collector", "endpoint", func(in *component.Input) { in.Facts.DaemonSets["demo-logging"].Status.NumberReady = 1 },
			v1alpha1.ReasonProgressing, "DaemonSet demo-logging: 1 of 2 pods are ready and up to date",
		},
		{
			"pods that Pod Security refuses", "endpoint", func(in *component.Input) {
				in.Facts.DaemonSets["demo-logging"].Status = appsv1.DaemonSetStatus{DesiredNumberScheduled: 2}
				in.Facts.Refusals = map[string]string{"demo-logging": `pods "demo-logging-x" is forbidden: violates PodSecurity "restricted:latest": hostPath volumes`}
			},
			v1alpha1.ReasonPodRefused, "kubectl label namespace tube pod-security.kubernetes.io/enforce=privileged",
		},
		{
			"a Job that runs", "endpoint", func(in *component.Input) { in.Facts.Jobs = nil },
			v1alpha1.ReasonProgressing, "makes data stream logs-xatube-tube.demo at http://elasticsearch.logs.svc:9200",
		},
		{
			"a Job that Elasticsearch turns away", "endpoint", func(in *component.Input) {
				in.Facts.Jobs = nil
				in.Facts.Pods = map[string][]*corev1.Pod{naming.LogRetention: {crashing()}}
				in.Facts.CrashLogs = map[string]string{"job": "security_exception"}
			},
			v1alpha1.ReasonCrashLoop, "security_exception",
		},
		{"hibernated", "hibernated", func(in *component.Input) { in.Facts.DaemonSets = nil }, v1alpha1.ReasonHibernated, "nothing runs but Elasticsearch demo"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			in := golden.Input(t, "testdata/"+tt.dir+"/in.yaml", logging.New())
			provide(&in)
			job(t, &in, batchv1.JobComplete)
			tt.change(&in)
			got := logging.New().Health(in)
			if got.Reason != tt.reason || !strings.Contains(got.Message, tt.says) {
				t.Errorf("got %s: %s", got.Reason, got.Message)
			}
		})
	}
}

func TestAJobThatFailed(t *testing.T) {
	in := golden.Input(t, "testdata/endpoint/in.yaml", logging.New())
	provide(&in)
	job(t, &in, batchv1.JobFailed)
	if got := logging.New().Health(in); got.Reason != v1alpha1.ReasonUnavailable || !strings.Contains(got.Message, "delete the Job to try again") {
		t.Errorf("got %v", got)
	}
}

func crashing() *corev1.Pod {
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: "job"},
		Status: corev1.PodStatus{ContainerStatuses: []corev1.ContainerStatus{{
			Name: "curl", State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "CrashLoopBackOff"}},
		}}},
	}
}

func TestSecretsOfTheUser(t *testing.T) {
	tests := []struct {
		name   string
		change func(secrets map[string]*corev1.Secret)
		reason string
		says   string
	}{
		{"no login", func(s map[string]*corev1.Secret) { delete(s, "login") }, v1alpha1.ReasonSecretNotFound, "spec.logging.endpoint.secretRef"},
		{"no password", func(s map[string]*corev1.Secret) { delete(s["login"].Data, "password") }, v1alpha1.ReasonSecretKeyMissing, "Secret login has no key password"},
		{
			"a password that the collector would change", func(s map[string]*corev1.Secret) { s["login"].Data["password"] = []byte("a${env:HOME}") },
			v1alpha1.ReasonSecretInvalid, "choose another login",
		},
		{"no authority", func(s map[string]*corev1.Secret) { delete(s, "ca") }, v1alpha1.ReasonSecretNotFound, "spec.logging.endpoint.caRef"},
		{"an empty authority", func(s map[string]*corev1.Secret) { delete(s["ca"].Data, "tls.crt") }, v1alpha1.ReasonSecretKeyMissing, "caRef.key"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			in := golden.Input(t, "testdata/login/in.yaml", logging.New())
			provide(&in)
			tt.change(in.Facts.Secrets)
			_, err := logging.New().Render(in)
			b, ok := outcome.AsBlocked(err)
			if !ok || b.Reason != tt.reason || !strings.Contains(b.Message, tt.says) || strings.Contains(b.Message, "env:HOME") {
				t.Errorf("got %v", err)
			}
		})
	}
}

// TestAnElasticsearchThatIsMade is not asked for a data stream.
func TestAnElasticsearchThatIsMade(t *testing.T) {
	in := golden.Input(t, "testdata/elasticsearch/in.yaml", logging.New())
	provide(&in)
	in.Facts.Elasticsearch.Status = eck.Status{}
	objects, err := logging.New().Render(in)
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range objects {
		if _, ok := o.(*batchv1ac.JobApplyConfiguration); ok {
			t.Error("there is a Job already")
		}
	}
}
