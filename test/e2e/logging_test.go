//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component/naming"
	"github.com/xatube/xatube-operator/test/drive"
)

// sinkManifest is a server that speaks Elasticsearch's bulk API and keeps what it took on a volume; see
// test/fixtures/logging.
const sinkManifest = `
apiVersion: v1
kind: Secret
metadata: {name: sink}
stringData: {username: writer, password: word-of-the-writer}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: sink}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
---
apiVersion: v1
kind: Service
metadata: {name: sink}
spec: {selector: {app: sink}, ports: [{name: http, port: 9200, targetPort: 9200}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: sink}
spec:
  replicas: 1
  strategy: {type: Recreate}
  selector: {matchLabels: {app: sink}}
  template:
    metadata: {labels: {app: sink}}
    spec:
      automountServiceAccountToken: false
      terminationGracePeriodSeconds: 1
      securityContext: {runAsNonRoot: true, runAsUser: 65532, fsGroup: 65532, seccompProfile: {type: RuntimeDefault}}
      containers:
      - name: sink
        image: docker.io/xatube/elasticsearch-fixture:dev
        args: [--journal=/data/journal]
        env:
        - {name: USERNAME, valueFrom: {secretKeyRef: {name: sink, key: username}}}
        - {name: PASSWORD, valueFrom: {secretKeyRef: {name: sink, key: password}}}
        readinessProbe: {tcpSocket: {port: 9200}, periodSeconds: 1}
        resources: {requests: {cpu: 10m}}
        securityContext: {allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: {drop: [ALL]}}
        volumeMounts: [{name: data, mountPath: /data}]
      volumes: [{name: data, persistentVolumeClaim: {claimName: sink}}]
`

const (
	// outage of the sink that must lose nothing.
	outage = 60 * time.Second
	// numbered lines are written before, through and after it.
	numbered      = 2400
	numberedPause = "0.04"
)

// TestLogging finds a line of each component in the sink, with its labels and without a password, and every one of many
// numbered lines after an outage of the sink. Before, restricted Pod Security refuses the collectors, and the condition
// says what to do.
func TestLogging(t *testing.T) {
	t.Parallel()
	ns := namespace(t)
	check(t, kube.Apply(t.Context(), ns, sinkManifest))
	platform := apply(t, ns, "told", drive.Small+fmt.Sprintf(`
  logging:
    endpoint: {url: "http://sink.%s.svc:9200", secretRef: {name: sink}}
    retention: 7d
    collector: {resources: {requests: {cpu: 10m}}}`, ns))
	refusedCollectors(t, platform)
	ready(t, platform, readyTimeout)

	s := openSink(t, platform)
	// Upstream's login has its password in the query, and its log the whole request line.
	register(t, open(t, platform))
	linesOfEachComponent(t, s, platform)
	noPasswords(t, s, platform)
	nothingIsLost(t, s, platform)
}

// refusedCollectors waits until the operator says why there are none, and does what it says.
func refusedCollectors(t *testing.T, platform types.NamespacedName) {
	t.Helper()
	refused, err := kube.WaitCondition(t.Context(), platform, v1alpha1.ConditionLoggingReady, metav1.ConditionFalse, v1alpha1.ReasonPodRefused, changeTimeout)
	check(t, err)
	const cure = "pod-security.kubernetes.io/enforce=privileged"
	if !strings.Contains(refused.Message, "kubectl label namespace "+platform.Namespace+" "+cure) {
		t.Errorf("the condition names no cure: %s", refused.Message)
	}
	ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: platform.Namespace}}
	edit(t, ns, `{"metadata":{"labels":{"pod-security.kubernetes.io/enforce":"privileged"}}}`)
	// Kubernetes would wait ever longer between two attempts; the operator makes another DaemonSet at once.
	check(t, kube.Delete(t.Context(), &appsv1.DaemonSet{ObjectMeta: metav1.ObjectMeta{
		Namespace: platform.Namespace, Name: platform.Name + "-" + naming.Logging,
	}}))
}

// sink asks for what was kept.
type sink struct{ url, stream string }

func openSink(t *testing.T, platform types.NamespacedName) sink {
	t.Helper()
	addr, stop, err := kube.Forward(t.Context(), platform.Namespace, "sink", 9200)
	check(t, err)
	t.Cleanup(stop)
	return sink{url: "http://" + addr, stream: fmt.Sprintf("logs-xatube-%s.%s", platform.Namespace, platform.Name)}
}

// kept is what the sink holds of a line.
type kept struct {
	Message string            `json:"message"`
	JSON    map[string]any    `json:"json"`
	Labels  map[string]string `json:"labels"`
}

// find the lines with a label and a phrase; an empty phrase is in every line.
func (s sink) find(ctx context.Context, label, value, phrase string) ([]kept, error) {
	filter := []any{map[string]any{"term": map[string]string{"labels." + label: value}}}
	if phrase != "" {
		filter = append(filter, map[string]any{"match_phrase": map[string]string{"message": phrase}})
	}
	body, err := json.Marshal(map[string]any{"size": 10000, "query": map[string]any{"bool": map[string]any{"filter": filter}}})
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url+"/"+s.stream+"/_search", bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.SetBasicAuth("writer", "word-of-the-writer")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("the search was answered with %s", res.Status)
	}
	var answer struct {
		Hits struct {
			Hits []struct {
				Source kept `json:"_source"`
			} `json:"hits"`
		} `json:"hits"`
	}
	if err := json.NewDecoder(res.Body).Decode(&answer); err != nil {
		return nil, fmt.Errorf("reading the answer: %w", err)
	}
	var out []kept
	for _, hit := range answer.Hits.Hits {
		out = append(out, hit.Source)
	}
	return out, nil
}

// wait until there are lines with a label and a phrase.
func (s sink) wait(t *testing.T, label, value, phrase string) []kept {
	t.Helper()
	var found []kept
	check(t, drive.Until(t.Context(), reportTimeout, fmt.Sprintf("a line %q of %s %s", phrase, label, value), func(ctx context.Context) error {
		var err error
		if found, err = s.find(ctx, label, value, phrase); err != nil {
			return err
		}
		if len(found) == 0 {
			return fmt.Errorf("there is none in %s", s.stream)
		}
		return nil
	}))
	return found
}

func linesOfEachComponent(t *testing.T, s sink, platform types.NamespacedName) {
	t.Helper()
	// The ingest has nothing to tell as long as nobody streams.
	check(t, say(t.Context(), firstPod(t, platform, naming.RTMP), "echo a line of the ingest"))
	for _, component := range []string{
		naming.Backend, naming.Frontend, naming.Edge, naming.RTMP, naming.Redis, naming.RabbitMQ, naming.Postgres, naming.Migration,
	} {
		for _, line := range s.wait(t, "component", component, "") {
			l := line.Labels
			if l["namespace"] != platform.Namespace || l["platform"] != platform.Name || l["node"] == "" || l["container"] == "" ||
				!strings.HasPrefix(l["pod"], platform.Name+"-"+component) {
				t.Fatalf("a line of %s has the labels %v", component, l)
			}
		}
	}
	for _, line := range s.wait(t, "component", naming.Edge, "requestId") {
		if line.JSON["requestId"] == nil {
			t.Errorf("a line in JSON was not parsed: %s", line.Message)
		}
	}
}

// noPasswords finds the line of a login, and in no line the password of it or of the database.
func noPasswords(t *testing.T, s sink, platform types.NamespacedName) {
	t.Helper()
	s.wait(t, "component", naming.Backend, "password=***")
	var database corev1.Secret
	check(t, kube.Get(t.Context(), types.NamespacedName{Namespace: platform.Namespace, Name: platform.Name + "-postgres-app"}, &database))
	for _, secret := range []string{string(database.Data["password"]), "word-of-the-writer"} {
		found, err := s.find(t.Context(), "platform", platform.Name, secret)
		check(t, err)
		for _, line := range found {
			t.Errorf("a line of %s holds a password", line.Labels["pod"])
		}
	}
	found, err := s.find(t.Context(), "component", naming.Backend, "password=")
	check(t, err)
	for _, line := range found {
		if strings.Count(line.Message, "password=") != strings.Count(line.Message, "password=***") {
			t.Errorf("a line of %s holds a password", line.Labels["pod"])
		}
	}
}

func firstPod(t *testing.T, platform types.NamespacedName, component string) *corev1.Pod {
	t.Helper()
	pods, err := kube.Pods(t.Context(), platform, component)
	check(t, err)
	if len(pods) == 0 {
		t.Fatalf("there is no pod of %s", component)
	}
	return &pods[0]
}

// say runs a command in a pod whose output goes where the server's own lines go.
func say(ctx context.Context, pod *corev1.Pod, command string) error {
	_, err := kube.Exec(ctx, pod, "sh", "-c", "{ "+command+"; } >/proc/1/fd/1")
	return err
}

// nothingIsLost counts numbered lines that are written while the sink goes away and comes back.
func nothingIsLost(t *testing.T, s sink, platform types.NamespacedName) {
	t.Helper()
	pod := firstPod(t, platform, naming.Redis)
	written := make(chan error, 1)
	go func() {
		written <- say(t.Context(), pod, fmt.Sprintf(
			"i=0; while [ $i -lt %d ]; do i=$((i+1)); echo numbered line $i end; sleep %s; done", numbered, numberedPause))
	}()
	s.wait(t, "component", naming.Redis, "numbered line 1 end")
	scaleSink(t, platform, 0)
	away := time.Now()
	check(t, drive.Until(t.Context(), 2*outage, "end of the outage", func(context.Context) error {
		if since := time.Since(away); since < outage {
			return fmt.Errorf("it has lasted %s", since.Round(time.Second))
		}
		return nil
	}))
	scaleSink(t, platform, 1)
	check(t, <-written)

	seen := map[string]int{}
	check(t, drive.Until(t.Context(), changeTimeout, "all numbered lines", func(ctx context.Context) error {
		found, err := s.find(ctx, "pod", pod.Name, "numbered line")
		if err != nil {
			return err
		}
		clear(seen)
		for _, line := range found {
			seen[line.Message]++
		}
		if len(seen) < numbered {
			return fmt.Errorf("there are %d of %d", len(seen), numbered)
		}
		return nil
	}))
	for line, times := range seen {
		if times != 1 {
			t.Errorf("%q was kept %d times", line, times)
		}
	}
	t.Logf("%d lines were written through an outage of %s, and all were kept", numbered, outage)
}

// scaleSink takes the sink away or brings it back, and waits until it is so.
func scaleSink(t *testing.T, platform types.NamespacedName, replicas int32) {
	t.Helper()
	d := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Namespace: platform.Namespace, Name: "sink"}}
	edit(t, d, fmt.Sprintf(`{"spec":{"replicas":%d}}`, replicas))
	check(t, drive.Until(t.Context(), changeTimeout, fmt.Sprintf("%d pods of the sink", replicas), func(ctx context.Context) error {
		var pods corev1.PodList
		if err := kube.List(ctx, &pods, client.InNamespace(platform.Namespace), client.MatchingLabels{"app": "sink"}); err != nil {
			return err
		}
		if n := len(pods.Items); n != int(replicas) || (n == 1 && !drive.PodReady(&pods.Items[0])) {
			return fmt.Errorf("there are %d", n)
		}
		return nil
	}))
}
