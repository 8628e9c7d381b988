package rotation

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component"
	"github.com/xatube/xatube-operator/internal/component/naming"
	"github.com/xatube/xatube-operator/internal/credential"
	"github.com/xatube/xatube-operator/internal/observe"
)

const (
	first     = "demo-redis"
	alternate = "demo-redis-alternate"
	before    = "demo-postgres-app"
)

var epoch = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)

// world is what exists, written briefly.
type world struct {
	wish string
	// secrets that exist, with the wish and the count of each: "name wish count".
	secrets []string
	// deployed is the Secret of the backend's Deployment, which has been rolled unless rolling.
	deployed string
	rolling  bool
	// pods are the Secrets that pods use.
	pods   []string
	served bool
	before bool
}

func (w world) input() component.Input {
	c := &v1alpha1.XaTubeCluster{ObjectMeta: metav1.ObjectMeta{Name: "demo", Namespace: "tube"}}
	if w.wish != "" {
		c.Annotations = map[string]string{naming.AnnotationRotate: w.wish}
	}
	f := observe.Facts{
		Secrets: map[string]*corev1.Secret{}, Pods: map[string][]*corev1.Pod{}, Deployments: map[string]*appsv1.Deployment{},
		Jobs: map[string]*batchv1.Job{}, Revisions: map[string]*appsv1.ControllerRevision{},
	}
	for i, text := range w.secrets {
		s := secret(text)
		s.CreationTimestamp = metav1.NewTime(epoch.Add(time.Duration(i) * time.Second))
		f.Secrets[s.Name] = s
	}
	for _, name := range w.pods {
		f.Pods[naming.Backend] = append(f.Pods[naming.Backend], &corev1.Pod{Spec: uses(name)})
	}
	if w.deployed != "" {
		d := &appsv1.Deployment{Spec: appsv1.DeploymentSpec{Template: corev1.PodTemplateSpec{Spec: uses(w.deployed)}}}
		d.Status.Replicas, d.Status.UpdatedReplicas = 3, 3
		if w.rolling {
			d.Status.UpdatedReplicas = 1
		}
		f.Deployments["demo-backend"] = d
	}
	return component.Input{Cluster: c, Facts: f}
}

func (w world) pair() Pair {
	p := Pair{Component: naming.Redis, First: first, Served: w.served}
	if w.before {
		p.Before = before
	}
	return p
}

func secret(text string) *corev1.Secret {
	words := append(strings.Split(text, " "), "", "")
	s := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: words[0], UID: types.UID(words[0]), Annotations: map[string]string{}}}
	for i, key := range []string{naming.AnnotationRotate, naming.AnnotationRotation} {
		if words[i+1] != "" {
			s.Annotations[key] = words[i+1]
		}
	}
	return s
}

func uses(name string) corev1.PodSpec {
	return corev1.PodSpec{Containers: []corev1.Container{{Env: []corev1.EnvVar{{
		Name: "URL", ValueFrom: &corev1.EnvVarSource{SecretKeyRef: &corev1.SecretKeySelector{
			LocalObjectReference: corev1.LocalObjectReference{Name: name}, Key: "uri",
		}},
	}}}}}
}

// requests in brief: +name wish count for a Secret to be made, -name for one to go; those that stay are left out.
func requests(in component.Input, p Pair) []string {
	var out []string
	data := func(string) func(credential.Generator) map[string][]byte { return nil }
	for _, r := range p.State(in).Requests(data) {
		switch {
		case r.Retire:
			out = append(out, "-"+r.Name)
		case in.Facts.Secrets[r.Name] == nil:
			out = append(out, strings.Join([]string{"+" + r.Name, r.Annotations[naming.AnnotationRotate], r.Annotations[naming.AnnotationRotation]}, " "))
		}
	}
	return out
}

func TestRequests(t *testing.T) {
	tests := []struct {
		name string
		in   world
		want []string
	}{
		{"a new platform", world{}, []string{"+demo-redis  0"}},
		{"a new platform with a wish, which its first Secret grants", world{wish: "redis"}, []string{"+demo-redis redis 0"}},
		{"at rest", world{secrets: []string{first}, deployed: first, pods: []string{first}}, nil},
		{"a wish", world{wish: "redis", secrets: []string{first}, deployed: first}, []string{"+demo-redis-alternate redis 1"}},
		{"a granted wish", world{wish: "redis", secrets: []string{first + " redis 4"}, deployed: first}, nil},
		{"a wish for something else", world{wish: "rabbitmq@3", secrets: []string{first}, deployed: first}, nil},
		{"one wish of several, once more", world{wish: "backend,redis@2", secrets: []string{alternate + " redis 1"}, deployed: alternate}, []string{"+demo-redis redis@2 2"}},
		{
			"a second wish waits for the first",
			world{wish: "redis@2", secrets: []string{first, alternate + " redis 1"}, deployed: first, pods: []string{first}},
			nil,
		},
		{
			"while the roll goes on",
			world{wish: "redis", secrets: []string{first, alternate + " redis 1"}, deployed: alternate, rolling: true, pods: []string{alternate}},
			nil,
		},
		{
			"while a pod of before the roll is on its way out",
			world{wish: "redis", secrets: []string{first, alternate + " redis 1"}, deployed: alternate, pods: []string{alternate, first}},
			nil,
		},
		{
			"after the roll",
			world{wish: "redis", secrets: []string{first, alternate + " redis 1"}, deployed: alternate, pods: []string{alternate}},
			[]string{"-demo-redis"},
		},
		{
			"without a backend nothing is given up",
			world{wish: "redis", secrets: []string{first, alternate + " redis 1"}},
			nil,
		},
		{"the annotation is taken away", world{secrets: []string{alternate + " redis 1"}, deployed: alternate}, nil},
		{
			"a lost Secret that pods use",
			world{deployed: first, pods: []string{first}, served: true},
			[]string{"+demo-redis-alternate  1"},
		},
		{
			"no wish is granted while a lost Secret is in use",
			world{wish: "redis", secrets: []string{alternate + "  1"}, deployed: first, pods: []string{first}},
			nil,
		},
		{"a lost Secret that nobody uses, but the server knows", world{served: true}, []string{"+demo-redis  1"}},
		{"somebody else makes the first login", world{before: true}, nil},
		{"and it does not exist yet", world{before: true, wish: "redis"}, nil},
		{"the first rotation away from it", world{before: true, wish: "redis", secrets: []string{before}}, []string{"+demo-redis redis 1"}},
		{
			"it is in use",
			world{before: true, wish: "redis", secrets: []string{before, first + " redis 1"}, deployed: first, pods: []string{first, before}},
			nil,
		},
		{
			"it is no longer in use",
			world{before: true, wish: "redis", secrets: []string{before, first + " redis 1"}, deployed: first, pods: []string{first}},
			[]string{"-demo-postgres-app"},
		},
		{
			"it was made again",
			world{before: true, wish: "redis", secrets: []string{first + " redis 1", before}, deployed: first, pods: []string{first}},
			nil,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := requests(tt.in.input(), tt.in.pair()); !slices.Equal(got, tt.want) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestUse(t *testing.T) {
	both := []string{first, alternate + " redis 1"}
	tests := []struct {
		name     string
		in       world
		accepted bool
		want     string
	}{
		{"the only one", world{secrets: []string{first}}, true, first},
		{"none yet", world{}, true, first},
		{"the server does not know the newer", world{secrets: both, deployed: first}, false, first},
		{"it does", world{secrets: both, deployed: first}, true, alternate},
		{"there is no way back", world{secrets: both, deployed: alternate}, false, alternate},
		{"a lost one keeps the pods as they are", world{secrets: both[1:], deployed: first}, false, first},
		{"until the server knows the other", world{secrets: both[1:], deployed: first}, true, alternate},
		{"before the first rotation", world{before: true, secrets: []string{before}}, false, before},
		{"during it", world{before: true, secrets: []string{before, first + " redis 1"}, deployed: before}, false, before},
		{"after it", world{before: true, secrets: []string{before, first + " redis 1"}, deployed: before}, true, first},
		{"all that it made is lost", world{before: true, secrets: []string{before}, deployed: first}, false, before},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.in.pair().State(tt.in.input()).Use(tt.accepted); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

// TestWhatCountsAsUse: a Secret must not go while anything may still ask for it.
func TestWhatCountsAsUse(t *testing.T) {
	in := world{secrets: []string{first, alternate + "  1"}, deployed: alternate, pods: []string{alternate}}.input()
	lingers := func() bool { _, is := Pair{Component: naming.Redis, First: first}.State(in).Former(); return is }
	delete(in.Facts.Secrets, first)
	if lingers() {
		t.Fatal("nothing uses it")
	}
	template := corev1.PodTemplateSpec{Spec: uses(first)}
	job := &batchv1.Job{Spec: batchv1.JobSpec{Template: template}}
	in.Facts.Jobs["migration"] = job
	if !lingers() {
		t.Error("a migration that runs does not count")
	}
	job.Status.Conditions = []batchv1.JobCondition{{Type: batchv1.JobComplete, Status: corev1.ConditionTrue}}
	if lingers() {
		t.Error("a migration that has ended counts")
	}
	pod := &corev1.Pod{Spec: uses(first)}
	in.Facts.Pods[naming.Migration] = []*corev1.Pod{pod}
	if !lingers() {
		t.Error("a pod that runs does not count")
	}
	pod.Status.Phase = corev1.PodSucceeded
	if lingers() {
		t.Error("a pod that has ended counts")
	}
	in.Facts.Pods = map[string][]*corev1.Pod{naming.Credentials: {{Spec: uses(first)}}}
	if lingers() {
		t.Error("the pod that tells the server counts")
	}
	raw, err := json.Marshal(appsv1.Deployment{Spec: appsv1.DeploymentSpec{Template: template}})
	if err != nil {
		t.Fatal(err)
	}
	in.Facts.Revisions["r"] = &appsv1.ControllerRevision{
		ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{naming.LabelComponent: naming.Backend}},
		Data:       runtime.RawExtension{Raw: raw}, Revision: 3,
	}
	if !lingers() {
		t.Error("a revision that may be applied again does not count")
	}
}

func TestAChangeByHandIsTold(t *testing.T) {
	in := world{secrets: []string{first}}.input()
	s := in.Facts.Secrets[first]
	s.Data = map[string][]byte{"password": []byte("made")}
	state := func() State { return Pair{Component: naming.Redis, First: first}.State(in) }
	if state().Untold() {
		t.Error("a Secret of an older operator, without a digest, counts as changed")
	}
	s.Annotations[naming.AnnotationApplied] = credential.Digest(s.Data)
	if state().Untold() {
		t.Error("a Secret that nobody changed counts as changed")
	}
	before := state().Content()
	s.Data["password"] = []byte("changed")
	if !state().Untold() || state().Content() == before {
		t.Error("a changed Secret is not told")
	}
	if h := (Handover{State: state()}).Health(in); !strings.Contains(h.Message, "told of the change of Secret demo-redis") {
		t.Errorf("got %+v", h)
	}
}

func TestProblem(t *testing.T) {
	tests := []struct{ name, wish, want string }{
		{"none", "", ""},
		{"one", "redis", ""},
		{"several", "redis@2, backend@2026-11-25,postgres rabbitmq@x", ""},
		{"unknown", "redis,mysql@1", `names "mysql", which has no generated credential`},
		{"external", "rabbitmq@2", "change the Secret that spec.rabbitmq.external names"},
		{"pooled", "postgres@2", "remove spec.postgres.pooler first"},
		{"twice", "redis@1,redis@2", "names redis twice"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			in := world{wish: tt.wish}.input()
			if tt.name == "external" {
				in.Cluster.Spec.RabbitMQ.External = &v1alpha1.ExternalSpec{}
			}
			if tt.name == "pooled" {
				in.Cluster.Spec.Postgres.Pooler = &v1alpha1.PoolerSpec{}
			}
			got := Problem(in.Cluster)
			if (tt.want == "") != (got == "") || !strings.Contains(got, tt.want) {
				t.Errorf("got %q, want …%s…", got, tt.want)
			}
			if got != "" && !strings.Contains(got, "annotation xatube.io/rotate") {
				t.Errorf("%q does not name the annotation", got)
			}
		})
	}
}

func TestHealth(t *testing.T) {
	both := []string{first, alternate + " redis 1"}
	failed := &batchv1.Job{Status: batchv1.JobStatus{Conditions: []batchv1.JobCondition{{Type: batchv1.JobFailed, Status: corev1.ConditionTrue}}}}
	tests := []struct {
		name           string
		in             world
		handover       Handover
		reason, wanted string
	}{
		{"at rest", world{secrets: []string{first}, deployed: first}, Handover{Accepted: true, Cleared: true}, v1alpha1.ReasonReady, ""},
		{"the server is told", world{secrets: both, deployed: first}, Handover{Awaits: "waiting for it"}, v1alpha1.ReasonRotating, "redis: waiting for it before Secret demo-redis-alternate takes the place of demo-redis"},
		{"the roll", world{secrets: both, deployed: alternate, pods: []string{first}}, Handover{Accepted: true}, v1alpha1.ReasonRotating, "waiting until no pod uses Secret demo-redis any more"},
		{"the server forgets", world{secrets: both[1:], deployed: alternate}, Handover{}, v1alpha1.ReasonRotating, "has forgotten what Secret demo-redis held"},
		{"done", world{secrets: both[1:], deployed: alternate}, Handover{Accepted: true, Cleared: true}, v1alpha1.ReasonReady, ""},
		{"failed", world{secrets: both, deployed: first}, Handover{Job: "j"}, v1alpha1.ReasonRotationFailed, "delete the Job to try again"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			in := tt.in.input()
			in.Facts.Jobs["j"] = failed
			h := tt.handover
			h.State = tt.in.pair().State(in)
			got := h.Health(in)
			if got.Reason != tt.reason || !strings.Contains(got.Message, tt.wanted) {
				t.Errorf("got %+v", got)
			}
		})
	}
}
