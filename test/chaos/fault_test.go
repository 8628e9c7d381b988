//go:build e2e

package chaos

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/xatube/xatube-operator/internal/component/naming"
	"github.com/xatube/xatube-operator/test/drive"
)

// mend ends every fault: machines run, nothing is cut off, nodes take pods, CloudNativePG runs.
func mend(ctx context.Context) error {
	if os.Getenv("CLUSTER") == "" {
		return nil
	}
	errs := []error{drive.Inflict(ctx, drive.Restore, "control"), waitAPI(ctx)}
	nodes, err := nodeNames(ctx)
	errs = append(errs, err)
	for _, node := range nodes {
		errs = append(errs, drive.Inflict(ctx, drive.Restore, node), kube.Release(ctx, node, drive.Closed))
	}
	return errors.Join(append(errs, waitNodes(ctx))...)
}

func waitAPI(ctx context.Context) error {
	return drive.Until(ctx, 2*time.Minute, "API server", func(ctx context.Context) error {
		return kube.Clientset.Discovery().RESTClient().Get().AbsPath("/readyz").Do(ctx).Error()
	})
}

func nodeNames(ctx context.Context) ([]string, error) {
	var list corev1.NodeList
	if err := kube.List(ctx, &list); err != nil {
		return nil, fmt.Errorf("listing nodes: %w", err)
	}
	var names []string
	for i := range list.Items {
		names = append(names, list.Items[i].Name)
	}
	return names, nil
}

func waitNodes(ctx context.Context) error {
	return drive.Until(ctx, 2*time.Minute, "nodes", func(ctx context.Context) error {
		var list corev1.NodeList
		if err := kube.List(ctx, &list); err != nil {
			return err
		}
		for _, node := range list.Items {
			if !slices.ContainsFunc(node.Status.Conditions, func(c corev1.NodeCondition) bool {
				return c.Type == corev1.NodeReady && c.Status == corev1.ConditionTrue
			}) {
				return fmt.Errorf("node %s is not ready", node.Name)
			}
		}
		return nil
	})
}

// kill deletes a pod with a grace in seconds.
func kill(t *testing.T, pod *corev1.Pod, grace int64) {
	t.Helper()
	check(t, kube.Delete(t.Context(), pod, client.GracePeriodSeconds(grace), client.Preconditions{UID: &pod.UID}))
}

// send sends a signal to the processes of a container.
func send(t *testing.T, signal string, pod *corev1.Pod, container string, more ...string) {
	t.Helper()
	check(t, drive.RunCluster(t.Context(), append([]string{"signal", signal, pod.Namespace + "/" + pod.Name, container}, more...)...))
}

// thaw lets a container go on that was stopped. It may have been started anew meanwhile, or be about to.
func thaw(t *testing.T, pod *corev1.Pod, container string) {
	t.Helper()
	check(t, drive.Until(t.Context(), time.Minute, "a running "+container+" of "+pod.Name, func(ctx context.Context) error {
		return drive.RunCluster(ctx, "signal", "CONT", pod.Namespace+"/"+pod.Name, container)
	}))
}

// instance is the pod of an instance of the database.
func (g *ground) instance(t *testing.T, name string) *corev1.Pod {
	t.Helper()
	pod := &corev1.Pod{}
	check(t, kube.Get(t.Context(), client.ObjectKey{Namespace: g.platform.Namespace, Name: name}, pod))
	return pod
}

func (g *ground) primary(t *testing.T) *corev1.Pod {
	t.Helper()
	return g.instance(t, g.database(t).Status.CurrentPrimary)
}

// standby is an instance that is not the primary.
func (g *ground) standby(t *testing.T) *corev1.Pod {
	t.Helper()
	primary := g.primary(t)
	for _, pod := range g.pods(t, naming.Postgres) {
		if pod.Name != primary.Name {
			return &pod
		}
	}
	t.Fatal("there is no standby")
	return nil
}

// pods of a component that are ready.
func (g *ground) pods(t *testing.T, component string) []corev1.Pod {
	t.Helper()
	pods, err := kube.Pods(t.Context(), g.platform, component)
	check(t, err)
	return slices.DeleteFunc(pods, func(p corev1.Pod) bool { return !drive.PodReady(&p) })
}

// pod of a component that is ready.
func (g *ground) pod(t *testing.T, component string) *corev1.Pod {
	t.Helper()
	pods := g.pods(t, component)
	if len(pods) == 0 {
		t.Fatalf("%s has no ready pod", component)
	}
	return &pods[0]
}
