package drive

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
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

// Inflict makes a fault happen to a node, by the command of the cluster, which $CLUSTER holds.
func Inflict(ctx context.Context, fault Fault, node string) error {
	words := strings.Fields(os.Getenv("CLUSTER"))
	if len(words) == 0 {
		return errors.New("$CLUSTER is empty: set it to the command of hack/cluster, as the Makefile does")
	}
	output, err := exec.CommandContext(ctx, words[0], append(words[1:], string(fault), node)...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s of node %s: %w: %s", fault, node, err, output)
	}
	return nil
}

// SetSchedulable lets a node take new pods, or not.
func (c *Client) SetSchedulable(ctx context.Context, node string, schedulable bool) error {
	n := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: node}}
	if err := c.Patch(ctx, n, merge(fmt.Sprintf(`{"spec":{"unschedulable":%t}}`, !schedulable))); err != nil {
		return fmt.Errorf("marking node %s: %w", node, err)
	}
	return nil
}

// Vacate moves all pods of Deployments from a node that takes no new ones, and waits until they are ready elsewhere.
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
	return Until(ctx, visitorsTimeout, "pods to leave "+node, func(ctx context.Context) error {
		now, err := c.deployed(ctx)
		if err != nil {
			return err
		}
		for i := range now {
			if pod := &now[i]; pod.Spec.NodeName == node || !PodReady(pod) {
				return fmt.Errorf("%s/%s is on %q and not ready", pod.Namespace, pod.Name, pod.Spec.NodeName)
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
