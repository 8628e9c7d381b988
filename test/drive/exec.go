package drive

import (
	"bytes"
	"context"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/tools/remotecommand"
)

// Exec runs a command in the first container of a pod and returns what it printed.
func (c *Client) Exec(ctx context.Context, pod *corev1.Pod, command ...string) (string, error) {
	url := c.Clientset.CoreV1().RESTClient().Post().Resource("pods").Namespace(pod.Namespace).Name(pod.Name).
		SubResource("exec").VersionedParams(&corev1.PodExecOptions{
		Container: pod.Spec.Containers[0].Name, Command: command, Stdout: true, Stderr: true,
	}, clientgoscheme.ParameterCodec).URL()
	executor, err := remotecommand.NewWebSocketExecutor(c.config, "GET", url.String())
	if err != nil {
		return "", fmt.Errorf("preparing %s in pod %s: %w", command[0], pod.Name, err)
	}
	var out, errs bytes.Buffer
	if err := executor.StreamWithContext(ctx, remotecommand.StreamOptions{Stdout: &out, Stderr: &errs}); err != nil {
		return "", fmt.Errorf("%s in pod %s: %w: %s", strings.Join(command, " "), pod.Name, err, bytes.TrimSpace(errs.Bytes()))
	}
	return out.String(), nil
}
