package drive

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/util/retry"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Fault is what can happen to a node of the local cluster, by the name of the command that causes it.
type Fault string

// The faults, and what ends each.
const (
	Cut     Fault = "cut"
	Heal    Fault = "heal"
	Kill    Fault = "kill"
	Restore Fault = "restore"
)

// Inflict makes a fault happen to a node of the local cluster, or to control, its control plane.
func Inflict(ctx context.Context, fault Fault, node string, flags ...string) error {
	return RunCluster(ctx, append([]string{string(fault), node}, flags...)...)
}

// RunCluster runs a command of the local cluster to its end.
func RunCluster(ctx context.Context, args ...string) error {
	command, err := ClusterCommand(ctx, args...)
	if err != nil {
		return err
	}
	if output, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("cluster %s: %w: %s", strings.Join(args, " "), err, bytes.TrimSpace(output))
	}
	return nil
}

// ClusterCommand is a command of the local cluster: arguments of hack/cluster, which $CLUSTER names.
func ClusterCommand(ctx context.Context, args ...string) (*exec.Cmd, error) {
	words := strings.Fields(os.Getenv("CLUSTER"))
	if len(words) == 0 {
		return nil, errors.New("$CLUSTER is empty: set it to the command of hack/cluster, as the Makefile does")
	}
	return exec.CommandContext(ctx, words[0], append(words[1:], args...)...), nil
}

// Closed keeps all new pods off a node. One that is cordoned would lose its primary too: CloudNativePG takes it for one
// that is drained.
var Closed = corev1.Taint{Key: "xatube.io/closed", Effect: corev1.TaintEffectNoSchedule}

// Reserve keeps all pods off a node but those that tolerate the taint.
func (c *Client) Reserve(ctx context.Context, node string, taint corev1.Taint) error {
	return c.setTaints(ctx, node, func(taints []corev1.Taint) []corev1.Taint { return append(without(taints, taint), taint) })
}

// Release takes the taint away again.
func (c *Client) Release(ctx context.Context, node string, taint corev1.Taint) error {
	return c.setTaints(ctx, node, func(taints []corev1.Taint) []corev1.Taint { return without(taints, taint) })
}

func without(taints []corev1.Taint, taint corev1.Taint) []corev1.Taint {
	return slices.DeleteFunc(taints, func(t corev1.Taint) bool { return t.MatchTaint(&taint) })
}

// setTaints changes the taints of a node, which Kubernetes changes too.
func (c *Client) setTaints(ctx context.Context, node string, change func([]corev1.Taint) []corev1.Taint) error {
	err := retry.RetryOnConflict(retry.DefaultRetry, func() error {
		n := &corev1.Node{}
		if err := c.Get(ctx, client.ObjectKey{Name: node}, n); err != nil {
			return err
		}
		n.Spec.Taints = change(n.Spec.Taints)
		return c.Update(ctx, n)
	})
	if err != nil {
		return fmt.Errorf("changing the taints of node %s: %w", node, err)
	}
	return nil
}

// Vacate deletes all pods of Deployments from a node that they may not return to, and waits until those that find
// another one are ready there.
func (c *Client) Vacate(ctx context.Context, node string) error {
	pods, err := c.deployed(ctx)
	if err != nil {
		return err
	}
	for i := range pods {
		if pods[i].Spec.NodeName != node {
			continue
		}
		if err := c.Delete(ctx, &pods[i]); client.IgnoreNotFound(err) != nil {
			return fmt.Errorf("moving pod %s from %s: %w", pods[i].Name, node, err)
		}
	}
	return Until(ctx, visitorsTimeout, "departure of pods from "+node, func(ctx context.Context) error {
		now, err := c.deployed(ctx)
		if err != nil {
			return err
		}
		for i := range now {
			if pod := &now[i]; pod.Spec.NodeName == node || pod.Spec.NodeName != "" && !PodReady(pod) {
				return fmt.Errorf("%s/%s is on %s and not ready elsewhere", pod.Namespace, pod.Name, pod.Spec.NodeName)
			}
		}
		return nil
	})
}

// deployed are the pods of all Deployments.
func (c *Client) deployed(ctx context.Context) ([]corev1.Pod, error) {
	var list corev1.PodList
	if err := c.List(ctx, &list); err != nil {
		return nil, fmt.Errorf("listing pods: %w", err)
	}
	var pods []corev1.Pod
	for _, pod := range list.Items {
		if owner := metav1.GetControllerOf(&pod); owner != nil && owner.Kind == "ReplicaSet" {
			pods = append(pods, pod)
		}
	}
	return pods, nil
}
