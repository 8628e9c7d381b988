//go:build e2e

package chaos

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/xatube/xatube-operator/test/drive"
)

const (
	// operatorKills during a first rollout, each after the operator has been ready for lifetime.
	operatorKills = 5
	lifetime      = 2 * time.Second
)

// TestOperatorKilledInARollout kills the operator again and again while a platform comes up. It comes up all the same, no
// credential is made a second time, and there is one migration.
func TestOperatorKilledInARollout(t *testing.T) {
	platform := apply(t, namespace(t, "chaos-rollout"), "tube", drive.Small)
	secrets := map[string]string{}
	for range operatorKills {
		var pod *corev1.Pod
		check(t, drive.Until(t.Context(), 2*time.Minute, "an operator", func(ctx context.Context) error {
			var err error
			pod, err = findOperatorPod(ctx)
			return err
		}))
		check(t, drive.Pass(t.Context(), lifetime))
		remember(t, platform.Namespace, secrets)
		check(t, client.IgnoreNotFound(kube.Delete(t.Context(), pod, client.GracePeriodSeconds(0))))
	}
	check(t, kube.WaitReady(t.Context(), platform, readyTimeout))
	remember(t, platform.Namespace, secrets)
	found, err := kube.Children(t.Context(), platform)
	check(t, err)
	if jobs := found.Only("Job"); len(jobs) != 1 {
		t.Errorf("there are %d migrations: %s", len(jobs), jobs)
	}
}

func findOperatorPod(ctx context.Context) (*corev1.Pod, error) {
	var pods corev1.PodList
	err := kube.List(ctx, &pods, client.InNamespace("xatube-system"), client.MatchingLabels{"app.kubernetes.io/name": "xatube-operator"})
	if err != nil {
		return nil, err
	}
	for i := range pods.Items {
		if drive.PodReady(&pods.Items[i]) {
			return &pods.Items[i], nil
		}
	}
	return nil, errors.New("no pod is ready")
}

// remember fails when a Secret has another content than it had.
func remember(t *testing.T, namespace string, known map[string]string) {
	t.Helper()
	var secrets corev1.SecretList
	check(t, kube.List(t.Context(), &secrets, client.InNamespace(namespace)))
	for _, s := range secrets.Items {
		identity := fmt.Sprint(s.UID, s.Data)
		if former, found := known[s.Name]; found && former != identity {
			t.Errorf("Secret %s was made a second time, or its content has changed", s.Name)
		}
		known[s.Name] = identity
	}
}
