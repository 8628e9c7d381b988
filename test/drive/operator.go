package drive

import (
	"context"
	"errors"
	"fmt"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// operatorLabels are on the operator's Deployment, however it was installed.
var operatorLabels = client.MatchingLabels{"app.kubernetes.io/name": "xatube-operator"}

// Operator is the installed operator.
type Operator struct {
	client     *Client
	deployment *appsv1.Deployment
}

// FindOperator finds the operator's Deployment in whatever namespace it is.
func (c *Client) FindOperator(ctx context.Context) (*Operator, error) {
	var list appsv1.DeploymentList
	if err := c.List(ctx, &list, operatorLabels); err != nil {
		return nil, fmt.Errorf("looking for the operator: %w", err)
	}
	if n := len(list.Items); n != 1 {
		return nil, fmt.Errorf("looking for the operator: %d Deployments with its label, want 1", n)
	}
	return &Operator{client: c, deployment: &list.Items[0]}, nil
}

// User is the name under which the operator writes.
func (o *Operator) User() string {
	return "system:serviceaccount:" + o.deployment.Namespace + ":" + o.deployment.Spec.Template.Spec.ServiceAccountName
}

func (o *Operator) pods(ctx context.Context) ([]corev1.Pod, error) {
	var list corev1.PodList
	err := o.client.List(ctx, &list, client.InNamespace(o.deployment.Namespace),
		client.MatchingLabelsSelector{Selector: labels.SelectorFromSet(o.deployment.Spec.Selector.MatchLabels)})
	if err != nil {
		return nil, fmt.Errorf("listing the operator's pods: %w", err)
	}
	return list.Items, nil
}

// operatorTimeout covers the start of the operator, and the wait for the lease of a predecessor that was killed.
const operatorTimeout = 90 * time.Second

// WaitAvailable waits until the operator's Deployment is rolled out and ready.
func (o *Operator) WaitAvailable(ctx context.Context) error {
	return Until(ctx, operatorTimeout, "operator", func(ctx context.Context) error {
		if err := o.client.Get(ctx, client.ObjectKeyFromObject(o.deployment), o.deployment); err != nil {
			return err
		}
		return missesRollout(o.deployment)
	})
}

func missesRollout(d *appsv1.Deployment) error {
	s := d.Status
	if s.ObservedGeneration != d.Generation || s.UpdatedReplicas != *d.Spec.Replicas || s.Replicas != s.UpdatedReplicas || s.AvailableReplicas != s.Replicas {
		return fmt.Errorf("Deployment %s has %d of %d updated and %d available", d.Name, s.UpdatedReplicas, *d.Spec.Replicas, s.AvailableReplicas)
	}
	return nil
}

// Restart deletes the operator's pods and waits until none of them is left and their successors are ready.
func (o *Operator) Restart(ctx context.Context) error {
	former, err := o.pods(ctx)
	if err != nil {
		return err
	}
	gone := map[types.UID]bool{}
	for i := range former {
		gone[former[i].UID] = true
		if err := o.client.Delete(ctx, &former[i]); client.IgnoreNotFound(err) != nil {
			return fmt.Errorf("deleting pod %s of the operator: %w", former[i].Name, err)
		}
	}
	err = Until(ctx, operatorTimeout, "end of the operator's former pods", func(ctx context.Context) error {
		now, err := o.pods(ctx)
		if err != nil {
			return err
		}
		ready := 0
		for i := range now {
			if gone[now[i].UID] {
				return fmt.Errorf("pod %s is still there", now[i].Name)
			}
			if PodReady(&now[i]) {
				ready++
			}
		}
		if ready == 0 {
			return errors.New("no successor is ready")
		}
		return nil
	})
	if err != nil {
		return err
	}
	return o.WaitAvailable(ctx)
}
