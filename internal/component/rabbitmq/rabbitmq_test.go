package rabbitmq_test

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"sigs.k8s.io/yaml"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component"
	"github.com/xatube/xatube-operator/internal/component/naming"
	"github.com/xatube/xatube-operator/internal/component/rabbitmq"
	"github.com/xatube/xatube-operator/internal/credential"
	"github.com/xatube/xatube-operator/internal/golden"
	"github.com/xatube/xatube-operator/internal/observe"
	"github.com/xatube/xatube-operator/internal/outcome"
)

func input(t *testing.T, name string) component.Input {
	t.Helper()
	in := golden.Input(t, filepath.Join("testdata", name, "in.yaml"), rabbitmq.New())
	in.Facts.Secrets["my-broker"] = &corev1.Secret{Data: map[string][]byte{"uri": []byte("amqps://tube:secret@mq.example.com")}}
	return in
}

func TestRender(t *testing.T) {
	golden.Run(t, rabbitmq.New(), func(name string, in *component.Input) {
		in.Facts.Secrets["my-broker"] = &corev1.Secret{Data: map[string][]byte{"uri": []byte("amqp://mq.example.com")}}
		if name == "grown" {
			in.Facts.StatefulSets = map[string]*appsv1.StatefulSet{"demo-rabbitmq": {Spec: appsv1.StatefulSetSpec{
				VolumeClaimTemplates: []corev1.PersistentVolumeClaim{*claim("data", "8Gi")},
			}}}
			in.Facts.Claims = map[string]*corev1.PersistentVolumeClaim{}
			for i := range 3 {
				c := claim(fmt.Sprintf("data-demo-rabbitmq-%d", i), "8Gi")
				in.Facts.Claims[c.Name] = c
			}
		}
	})
}

func claim(name, size string) *corev1.PersistentVolumeClaim {
	c := &corev1.PersistentVolumeClaim{}
	c.Name = name
	c.Spec.Resources.Requests = corev1.ResourceList{corev1.ResourceStorage: resource.MustParse(size)}
	return c
}

func TestCredentials(t *testing.T) {
	requests := rabbitmq.New().Credentials(input(t, "minimal"))
	if len(requests) != 2 || requests[0].Name != "demo-rabbitmq" || requests[1].Name != "demo-rabbitmq-erlang-cookie" {
		t.Fatalf("got %+v", requests)
	}
	login := requests[0].Data(credential.Generator{})
	password := string(login["password"])
	if want := "amqp://xatube:" + password + "@demo-rabbitmq.tube.svc:5672/"; string(login["uri"]) != want {
		t.Errorf("uri %s, want %s", login["uri"], want)
	}
	var definitions struct {
		Users []struct{ Name, Password string }
	}
	if err := json.Unmarshal(login["definitions.json"], &definitions); err != nil {
		t.Fatal(err)
	}
	if u := definitions.Users; len(u) != 1 || u[0].Name != string(login["username"]) || u[0].Password != password {
		t.Errorf("the definitions hold %+v, not the login", u)
	}
	if cookie := requests[1].Data(credential.Generator{})["cookie"]; string(cookie) == password || len(cookie) < 20 {
		t.Errorf("the cookie is weak or the password: %s", cookie)
	}
	if len(rabbitmq.New().Credentials(input(t, "external"))) != 0 {
		t.Error("an external broker needs no generated login")
	}
}

// TestGrowthRestartsNobody: Kubernetes rolls the pods on any change of their template.
func TestGrowthRestartsNobody(t *testing.T) {
	one, three := template(t, input(t, "minimal")), template(t, input(t, "three"))
	if one != three {
		t.Errorf("one:\n%s\nthree:\n%s", one, three)
	}
}

func TestARotationRestartsNobody(t *testing.T) {
	in := input(t, "minimal")
	before := template(t, in)
	in.Facts.Secrets["demo-rabbitmq-alternate"] = &corev1.Secret{Data: map[string][]byte{"definitions.json": []byte("{}")}}
	if template(t, in) != before {
		t.Error("a new login would restart the brokers")
	}
	in.Facts.Secrets["demo-rabbitmq-erlang-cookie"].Data["cookie"] = []byte("other")
	if template(t, in) == before {
		t.Error("the brokers would not learn their new cookie")
	}
}

// template of the pods.
func template(t *testing.T, in component.Input) string {
	t.Helper()
	objects, err := rabbitmq.New().Render(in)
	if err != nil {
		t.Fatal(err)
	}
	var set appsv1.StatefulSet
	if err := yaml.Unmarshal(golden.Documents(t, objects[len(objects)-1:]), &set); err != nil {
		t.Fatal(err)
	}
	b, err := yaml.Marshal(set.Spec.Template)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestRefusesFewerBrokersThanVolumes(t *testing.T) {
	in := input(t, "minimal")
	in.Facts.Claims = map[string]*corev1.PersistentVolumeClaim{
		"data-demo-rabbitmq-0": claim("data-demo-rabbitmq-0", "8Gi"),
	}
	if _, err := rabbitmq.New().Render(in); err != nil {
		t.Fatalf("one broker with its volume is refused: %v", err)
	}
	in.Facts.Claims["data-demo-rabbitmq-2"] = claim("data-demo-rabbitmq-2", "8Gi")
	objects, err := rabbitmq.New().Render(in)
	if err != nil || !strings.Contains(string(golden.Documents(t, objects)), "target_cluster_size_hint = 3") {
		t.Errorf("where the spec leaves the number open, all brokers run again: %v", err)
	}
	one := int32(1)
	in.Cluster.Spec.RabbitMQ.Replicas = &one
	_, err = rabbitmq.New().Render(in)
	blocked, ok := outcome.AsBlocked(err)
	if !ok || !blocked.Terminal || !strings.Contains(blocked.Message, "PersistentVolumeClaim data-demo-rabbitmq-2") {
		t.Errorf("got %v", err)
	}
}

func TestMemoryAndDisk(t *testing.T) {
	const gibibyte = 1 << 30
	tests := []struct {
		name      string
		resources *v1alpha1.Resources
		storage   v1alpha1.Size
		want      []string
	}{
		{
			"defaults", nil, "8Gi",
			[]string{set("total_memory_available_override_value", gibibyte/5*4), set("disk_free_limit.absolute", gibibyte)},
		},
		{
			"a small volume must not block its publishers", nil, "1Gi",
			[]string{set("disk_free_limit.absolute", gibibyte/4)},
		},
		{
			"a limit", &v1alpha1.Resources{Limits: memory("2Gi")}, "8Gi",
			[]string{set("total_memory_available_override_value", 2*gibibyte/5*4), set("raft.wal_max_size_bytes", gibibyte/8)},
		},
		{
			"no limit", &v1alpha1.Resources{Requests: memory("4Gi")}, "8Gi",
			[]string{set("total_memory_available_override_value", 4*gibibyte/5*4)},
		},
		{
			"much memory", &v1alpha1.Resources{Limits: memory("64Gi")}, "8Gi",
			[]string{set("raft.wal_max_size_bytes", gibibyte/2)},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			in := input(t, "minimal")
			in.Cluster.Spec.RabbitMQ.Pod.Resources = tt.resources
			in.Cluster.Spec.RabbitMQ.Storage = &v1alpha1.VolumeSpec{Size: tt.storage}
			objects, err := rabbitmq.New().Render(in)
			if err != nil {
				t.Fatal(err)
			}
			rendered := string(golden.Documents(t, objects))
			for _, line := range tt.want {
				if !strings.Contains(rendered, line) {
					t.Errorf("%q is missing", line)
				}
			}
		})
	}
}

func set(key string, value int) string { return fmt.Sprintf("%s = %d\n", key, value) }

func memory(amount string) corev1.ResourceList {
	return corev1.ResourceList{corev1.ResourceMemory: resource.MustParse(amount)}
}

func TestWaitsForItsSecrets(t *testing.T) {
	for _, name := range []string{"demo-rabbitmq", "demo-rabbitmq-erlang-cookie"} {
		in := input(t, "minimal")
		delete(in.Facts.Secrets, name)
		_, err := rabbitmq.New().Render(in)
		if blocked, ok := outcome.AsBlocked(err); !ok || blocked.Terminal || !strings.Contains(blocked.Message, name) {
			t.Errorf("without %s: %v", name, err)
		}
	}
}

func TestExternal(t *testing.T) {
	in := input(t, "external")
	if h := rabbitmq.New().Health(in); !h.Healthy() || h.Reason != v1alpha1.ReasonExternal {
		t.Errorf("got %+v", h)
	}
	if env := rabbitmq.URLEnv(in); *env[0].Name != "RABBITMQ_URL" || *env[0].ValueFrom.SecretKeyRef.Name != "my-broker" {
		t.Errorf("%s from Secret %s", *env[0].Name, *env[0].ValueFrom.SecretKeyRef.Name)
	}
	delete(in.Facts.Secrets, "my-broker")
	if _, err := rabbitmq.New().Render(in); err == nil {
		t.Error("a missing Secret must hold the component back")
	}
}

func TestURLEnv(t *testing.T) {
	env := rabbitmq.URLEnv(input(t, "minimal"))
	if ref := env[0].ValueFrom.SecretKeyRef; *env[0].Name != "RABBITMQ_URL" || *ref.Name != "demo-rabbitmq" || *ref.Key != "uri" {
		t.Errorf("%s from %s/%s", *env[0].Name, *ref.Name, *ref.Key)
	}
}

func TestHealth(t *testing.T) {
	in := input(t, "three")
	if h := rabbitmq.New().Health(in); h.Healthy() {
		t.Errorf("healthy without a StatefulSet: %+v", h)
	}
	wanted := int32(3)
	live := &appsv1.StatefulSet{
		Spec:   appsv1.StatefulSetSpec{Replicas: &wanted},
		Status: appsv1.StatefulSetStatus{Replicas: 3, ReadyReplicas: 2, UpdatedReplicas: 3},
	}
	in.Facts.StatefulSets = map[string]*appsv1.StatefulSet{naming.Child(in.Cluster, naming.RabbitMQ): live}
	if h := rabbitmq.New().Health(in); h.Healthy() {
		t.Errorf("healthy with two of three: %+v", h)
	}
	live.Status.ReadyReplicas = 3
	if h := rabbitmq.New().Health(in); !h.Healthy() {
		t.Errorf("got %+v", h)
	}
	// C14. A broker with an alarm is ready for Kubernetes and accepts nothing.
	in.Facts.Alarms = map[string][]observe.Alarm{"demo-rabbitmq-1": {observe.AlarmMemory, observe.AlarmDisk}}
	h := rabbitmq.New().Health(in)
	want := "RabbitMQ accepts no messages: pod demo-rabbitmq-1 lacks memory; consume its queues or raise " +
		"spec.rabbitmq.pod.resources.limits.memory; pod demo-rabbitmq-1 lacks free disk; consume its queues or raise spec.rabbitmq.storage.size"
	if h.Healthy() || h.Reason != v1alpha1.ReasonBrokerAlarm || h.Message != want {
		t.Errorf("with alarms: %+v", h)
	}
}

// C14. A request for memory is no limit: with it for one, the alarm of an idle broker would never end.
func TestSmallMemory(t *testing.T) {
	list := func(memory string) corev1.ResourceList {
		return corev1.ResourceList{corev1.ResourceMemory: resource.MustParse(memory)}
	}
	tests := []struct {
		name    string
		in      v1alpha1.Resources
		refused bool
	}{
		{"small request", v1alpha1.Resources{Requests: list("64Mi")}, false},
		{"least limit", v1alpha1.Resources{Limits: list("320Mi")}, false},
		{"small limit", v1alpha1.Resources{Limits: list("256Mi")}, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			in := input(t, "minimal")
			in.Cluster.Spec.RabbitMQ.Pod.Resources = &tt.in
			objects, err := rabbitmq.New().Render(in)
			if refused := err != nil && strings.Contains(err.Error(), "spec.rabbitmq.pod.resources.limits.memory is 256Mi"); refused != tt.refused || (err != nil) != refused {
				t.Fatalf("Render: %v, want a refusal: %t", err, tt.refused)
			}
			if tt.name != "small request" {
				return
			}
			// Four fifths of the default of 1Gi.
			text, err := yaml.Marshal(objects)
			if err != nil || !strings.Contains(string(text), "total_memory_available_override_value = 858993456") {
				t.Errorf("a request is taken for the limit: %v", err)
			}
		})
	}
}
