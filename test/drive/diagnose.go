package drive

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	cnpgv1 "github.com/cloudnative-pg/api/pkg/api/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/xatube/xatube-operator/api/v1alpha1"
)

const (
	// diagnosisTimeout bounds a diagnosis: the cluster may be what is broken.
	diagnosisTimeout = 30 * time.Second
	// shownLines of a diagnosis go into the error, the rest into the file only.
	shownLines = 60
)

// Artifacts is the folder for what a failure leaves: $ARTIFACTS, or one below the temporary folder.
func Artifacts() string {
	if dir := os.Getenv("ARTIFACTS"); dir != "" {
		return dir
	}
	return filepath.Join(os.TempDir(), "xatube-artifacts")
}

// Explain adds to an error what can be seen in a namespace: all of it in a file, the end in the error.
func (c *Client) Explain(ctx context.Context, namespace string, failure error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), diagnosisTimeout)
	defer cancel()
	var text strings.Builder
	c.Diagnose(ctx, &text, namespace)
	lines := strings.Split(strings.TrimSpace(text.String()), "\n")
	path := filepath.Join(Artifacts(), namespace+"-"+time.Now().Format("150405.000")+".txt")
	if err := writeArtifact(path, text.String()); err != nil {
		path = err.Error()
	}
	return fmt.Errorf("%w\n--- namespace %s; all of it: %s\n%s", failure, namespace, path,
		strings.Join(lines[max(0, len(lines)-shownLines):], "\n"))
}

func writeArtifact(path, text string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("making the folder of artifacts: %w", err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		return fmt.Errorf("writing a diagnosis: %w", err)
	}
	return nil
}

// Diagnose writes what can be seen in a namespace, what matters most last.
func (c *Client) Diagnose(ctx context.Context, w io.Writer, namespace string) {
	for _, section := range []struct {
		title string
		write func(context.Context, io.Writer, string) error
	}{
		{"log of the operator", c.diagnoseOperator},
		{"events", c.diagnoseEvents},
		{"volumes", c.diagnoseClaims},
		{"pods that are not ready", c.diagnosePods},
		{"databases", c.diagnoseDatabases},
		{"platforms", c.diagnosePlatforms},
	} {
		fmt.Fprintf(w, "== %s\n", section.title)
		if err := section.write(ctx, w, namespace); err != nil {
			fmt.Fprintf(w, "(%v)\n", err)
		}
	}
}

func (c *Client) diagnosePlatforms(ctx context.Context, w io.Writer, namespace string) error {
	var list v1alpha1.XaTubeClusterList
	if err := c.List(ctx, &list, client.InNamespace(namespace)); err != nil {
		return err
	}
	for i := range list.Items {
		x := &list.Items[i]
		fmt.Fprintf(w, "%s generation=%d observed=%d phase=%s deleted=%v\n", x.Name, x.Generation, x.Status.ObservedGeneration, x.Status.Phase, x.DeletionTimestamp)
		for _, cond := range x.Status.Conditions {
			fmt.Fprintf(w, "  %-18s %-7s %s: %s\n", cond.Type, cond.Status, cond.Reason, cond.Message)
		}
	}
	return nil
}

func (c *Client) diagnoseDatabases(ctx context.Context, w io.Writer, namespace string) error {
	var list cnpgv1.ClusterList
	if err := c.List(ctx, &list, client.InNamespace(namespace)); err != nil {
		return err
	}
	for i := range list.Items {
		s := list.Items[i].Status
		fmt.Fprintf(w, "%s phase=%q %s; ready=%d/%d primary=%s target=%s\n", list.Items[i].Name, s.Phase, s.PhaseReason,
			s.ReadyInstances, list.Items[i].Spec.Instances, s.CurrentPrimary, s.TargetPrimary)
	}
	return nil
}

func (c *Client) diagnosePods(ctx context.Context, w io.Writer, namespace string) error {
	var list corev1.PodList
	if err := c.List(ctx, &list, client.InNamespace(namespace)); err != nil {
		return err
	}
	for i := range list.Items {
		pod := &list.Items[i]
		if PodReady(pod) || pod.Status.Phase == corev1.PodSucceeded {
			continue
		}
		fmt.Fprintf(w, "%s on %s: %s %s %s\n", pod.Name, pod.Spec.NodeName, pod.Status.Phase, pod.Status.Reason, pod.Status.Message)
		for _, cond := range pod.Status.Conditions {
			if cond.Status != corev1.ConditionTrue {
				fmt.Fprintf(w, "  %s=%s %s %s\n", cond.Type, cond.Status, cond.Reason, cond.Message)
			}
		}
		for _, status := range slices.Concat(pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses) {
			c.diagnoseContainer(ctx, w, pod, status)
		}
	}
	return nil
}

func (c *Client) diagnoseContainer(ctx context.Context, w io.Writer, pod *corev1.Pod, status corev1.ContainerStatus) {
	switch state := status.State; {
	case status.Ready:
		return
	case state.Waiting != nil:
		fmt.Fprintf(w, "  %s waits: %s %s\n", status.Name, state.Waiting.Reason, state.Waiting.Message)
	case state.Terminated != nil:
		fmt.Fprintf(w, "  %s ended: %s %d %s\n", status.Name, state.Terminated.Reason, state.Terminated.ExitCode, state.Terminated.Message)
	default:
		fmt.Fprintf(w, "  %s runs and is not ready, %d restarts\n", status.Name, status.RestartCount)
	}
	log := c.logTail(ctx, pod, status.Name, status.RestartCount > 0 && status.State.Running == nil, 15)
	for line := range strings.SplitSeq(log, "\n") {
		fmt.Fprintf(w, "    | %s\n", line)
	}
}

func (c *Client) diagnoseClaims(ctx context.Context, w io.Writer, namespace string) error {
	var list corev1.PersistentVolumeClaimList
	if err := c.List(ctx, &list, client.InNamespace(namespace)); err != nil {
		return err
	}
	for i := range list.Items {
		fmt.Fprintf(w, "%s %s\n", list.Items[i].Name, list.Items[i].Status.Phase)
	}
	return nil
}

// shownEvents are the newest that are written.
const shownEvents = 40

func (c *Client) diagnoseEvents(ctx context.Context, w io.Writer, namespace string) error {
	var list corev1.EventList
	if err := c.List(ctx, &list, client.InNamespace(namespace)); err != nil {
		return err
	}
	slices.SortFunc(list.Items, func(a, b corev1.Event) int { return eventTime(a).Compare(eventTime(b)) })
	for _, e := range list.Items[max(0, len(list.Items)-shownEvents):] {
		fmt.Fprintf(w, "%s %s %s/%s %s: %s\n", eventTime(e).Format(time.TimeOnly), e.Type, e.InvolvedObject.Kind, e.InvolvedObject.Name, e.Reason, e.Message)
	}
	return nil
}

func eventTime(e corev1.Event) time.Time {
	if !e.EventTime.IsZero() {
		return e.EventTime.Time
	}
	return e.LastTimestamp.Time
}

func (c *Client) diagnoseOperator(ctx context.Context, w io.Writer, _ string) error {
	operator, err := c.FindOperator(ctx)
	if err != nil {
		return err
	}
	pods, err := operator.pods(ctx)
	if err != nil {
		return err
	}
	for i := range pods {
		fmt.Fprintln(w, c.logTail(ctx, &pods[i], "", false, 80))
	}
	return nil
}

// logTail is the end of a container's log, or why there is none.
func (c *Client) logTail(ctx context.Context, pod *corev1.Pod, container string, previous bool, lines int64) string {
	options := &corev1.PodLogOptions{Container: container, TailLines: new(lines), Previous: previous}
	log, err := c.Clientset.CoreV1().Pods(pod.Namespace).GetLogs(pod.Name, options).DoRaw(ctx)
	if err != nil {
		return fmt.Sprintf("(no log: %v)", err)
	}
	return strings.TrimSpace(string(log))
}
