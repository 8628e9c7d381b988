package observe

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	monitoringv1 "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component/naming"
)

// LogReader reads the end of the log of a container, or of its predecessor that has ended. It fails when there is none.
type LogReader interface {
	Tail(ctx context.Context, namespace, pod, container string, lines int64, previous bool) (string, error)
}

// refusals finds why workloads lack pods. A Deployment says so in a condition; a StatefulSet and a Job only in events.
func (r *Reader) refusals(ctx context.Context, c *v1alpha1.XaTubeCluster, f *Facts) error {
	f.Refusals = map[string]string{}
	for name, d := range f.Deployments {
		for _, cond := range d.Status.Conditions {
			if cond.Type == appsv1.DeploymentReplicaFailure && cond.Status == corev1.ConditionTrue {
				f.Refusals[name] = cond.Message
			}
		}
	}
	for _, name := range f.LackPods() {
		message, err := r.refusal(ctx, c.Namespace, name, f)
		if err != nil {
			return err
		}
		if message != "" {
			f.Refusals[name] = message
		}
	}
	return nil
}

// LackPods are the StatefulSets, DaemonSets and Jobs that have fewer pods than they want, and go on trying.
func (f *Facts) LackPods() []string {
	var names []string
	for name, s := range f.StatefulSets {
		if s.Spec.Replicas != nil && s.Status.Replicas < *s.Spec.Replicas {
			names = append(names, name)
		}
	}
	for name, d := range f.DaemonSets {
		if d.Status.CurrentNumberScheduled < d.Status.DesiredNumberScheduled {
			names = append(names, name)
		}
	}
	for name, j := range f.Jobs {
		if jobLacksPod(j) {
			names = append(names, name)
		}
	}
	if serverLacksPods(f.Prometheus) {
		names = append(names, PrometheusSet(f.Prometheus.Name))
	}
	return names
}

func jobLacksPod(j *batchv1.Job) bool {
	s := j.Status
	return s.StartTime != nil && s.Active == 0 && s.Succeeded == 0 && s.Failed == 0 && !failed(j)
}

func serverLacksPods(p *monitoringv1.Prometheus) bool {
	return p != nil && p.Spec.Replicas != nil && p.Status.Replicas < *p.Spec.Replicas
}

// PrometheusSet is what prometheus-operator calls the StatefulSet of a Prometheus. It has labels of its own, so no cache
// holds it.
func PrometheusSet(prometheus string) string { return "prometheus-" + prometheus }

const (
	// logLines of a failed Job are enough to tell what went wrong.
	logLines = 12
	// logTimeout bounds the wait for a log, which the API server asks a kubelet for.
	logTimeout = 5 * time.Second
)

func (r *Reader) failedJobs(ctx context.Context, c *v1alpha1.XaTubeCluster, f *Facts) error {
	f.JobLogs, f.LogsAwaited = map[string]string{}, map[string]bool{}
	for name, j := range f.Jobs {
		if !failed(j) {
			continue
		}
		if pod := newestPod(f, name); pod != nil && len(pod.Spec.Containers) > 0 {
			tail, known, err := r.tail(ctx, c, f, pod, tailOf{container: failedContainer(pod), lines: logLines})
			if err != nil {
				// The log may be gone with its node; the failure itself is known without it.
				tail = fmt.Sprintf("(no log: %v)", err)
			}
			if known {
				f.JobLogs[name] = Redact(tail, f.Secrets)
			}
		}
	}
	return nil
}

// failedContainer is the one that ended the pod: what runs before the others is asked first.
func failedContainer(pod *corev1.Pod) string {
	for _, s := range slices.Concat(pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses) {
		if ended := s.State.Terminated; ended == nil || ended.ExitCode != 0 {
			return s.Name
		}
	}
	return pod.Spec.Containers[0].Name
}

// tailOf a container: the end of its log, or of that of its predecessor.
type tailOf struct {
	container string
	lines     int64
	previous  bool
	// restarts tell which predecessor. What has ended writes no more.
	restarts int32
}

// tail is the end of a log, if it has been read. A component whose log is being read is noted.
func (r *Reader) tail(ctx context.Context, c *v1alpha1.XaTubeCluster, f *Facts, pod *corev1.Pod, t tailOf) (string, bool, error) {
	text, known, err := r.tails.answer(ctx, r, question[string]{
		platform: client.ObjectKeyFromObject(c), key: fmt.Sprintf("%s/%s/%d", pod.UID, t.container, t.restarts), timeout: logTimeout,
		ask: func(ctx context.Context) (string, error) {
			return r.Logs.Tail(ctx, pod.Namespace, pod.Name, t.container, t.lines, t.previous)
		},
	})
	if !known {
		f.LogsAwaited[pod.Labels[naming.LabelComponent]] = true
	}
	return text, known, err
}

// CrashLoop is why the kubelet lets a container wait that has ended again and again.
const CrashLoop = "CrashLoopBackOff"

const (
	// crashLines of a container are enough to see its last error.
	crashLines = 5
	// crashes of a container are enough to know: a dependency that was away for a moment is forgiven.
	crashes = 2
)

// Crashes says that a container has ended again and again and not been ready since, whether it waits or runs just now.
func Crashes(s corev1.ContainerStatus) bool {
	return s.RestartCount >= crashes && !s.Ready && s.LastTerminationState.Terminated != nil
}

// crashes reads what the first pod of each component said that ends again and again. Its siblings say the same.
func (r *Reader) crashes(ctx context.Context, c *v1alpha1.XaTubeCluster, f *Facts) error {
	f.CrashLogs = map[string]string{}
	for _, pods := range f.Pods {
		pod, crashed := firstCrashing(pods)
		if pod == nil {
			continue
		}
		tail, known, err := r.tail(ctx, c, f, pod,
			tailOf{container: crashed.Name, lines: crashLines, previous: true, restarts: crashed.RestartCount})
		// The crash itself is known without the log, which may be gone with its container.
		if known && err == nil {
			f.CrashLogs[pod.Name] = Redact(tail, f.Secrets)
		}
	}
	return nil
}

func firstCrashing(pods []*corev1.Pod) (first *corev1.Pod, crashed corev1.ContainerStatus) {
	for _, p := range pods {
		if p.DeletionTimestamp != nil || (first != nil && first.Name < p.Name) {
			continue
		}
		statuses := slices.Concat(p.Status.InitContainerStatuses, p.Status.ContainerStatuses)
		if i := slices.IndexFunc(statuses, Crashes); i >= 0 {
			first, crashed = p, statuses[i]
		}
	}
	return first, crashed
}

func failed(j *batchv1.Job) bool {
	return slices.ContainsFunc(j.Status.Conditions, func(c batchv1.JobCondition) bool {
		return c.Type == batchv1.JobFailed && c.Status == corev1.ConditionTrue
	})
}

func newestPod(f *Facts, job string) *corev1.Pod {
	var newest *corev1.Pod
	for _, pods := range f.Pods {
		for _, p := range pods {
			if p.Labels[batchv1.JobNameLabel] == job && (newest == nil || newest.CreationTimestamp.Before(&p.CreationTimestamp)) {
				newest = p
			}
		}
	}
	return newest
}

// credentialInURL is the user part of a URL: upstream's backend prints its DATABASE_URL at every start.
var credentialInURL = regexp.MustCompile(`(://)[^/@\s]*@`)

// shortest secret value that is looked for literally: shorter ones, such as a port, would mangle the text.
const shortestSecret = 8

// Redact removes credentials from a text: those in URLs, and every value of the Secrets.
func Redact(text string, secrets map[string]*corev1.Secret) string {
	text = credentialInURL.ReplaceAllString(text, "${1}***@")
	var values []string
	for _, s := range secrets {
		for _, v := range s.Data {
			if len(v) >= shortestSecret {
				values = append(values, string(v))
			}
		}
	}
	// Longest first: a URI holds the password that is a value of its own.
	slices.SortFunc(values, func(a, b string) int { return len(b) - len(a) })
	for _, v := range values {
		text = strings.ReplaceAll(text, v, "***")
	}
	return text
}
