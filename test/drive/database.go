package drive

import (
	"context"
	"errors"
	"fmt"
	"time"

	cnpgv1 "github.com/cloudnative-pg/api/pkg/api/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Database reads a Cluster of CloudNativePG.
func (c *Client) Database(ctx context.Context, key types.NamespacedName) (*cnpgv1.Cluster, error) {
	db := &cnpgv1.Cluster{}
	if err := c.Get(ctx, key, db); err != nil {
		return nil, fmt.Errorf("reading Cluster %s: %w", key, err)
	}
	return db, nil
}

// Instances are the pods of a database.
func (c *Client) Instances(ctx context.Context, database types.NamespacedName) ([]corev1.Pod, error) {
	var list corev1.PodList
	err := c.List(ctx, &list, client.InNamespace(database.Namespace),
		client.MatchingLabels{"cnpg.io/cluster": database.Name, "cnpg.io/podRole": "instance"})
	if err != nil {
		return nil, fmt.Errorf("listing the instances of Cluster %s: %w", database, err)
	}
	return list.Items, nil
}

// WaitWhole waits until a database has a primary and all its instances run.
func (c *Client) WaitWhole(ctx context.Context, database types.NamespacedName, timeout time.Duration) error {
	err := Until(ctx, timeout, "all of Cluster "+database.String(), func(ctx context.Context) error {
		db, err := c.Database(ctx, database)
		if err != nil {
			return err
		}
		pods, err := c.Instances(ctx, database)
		if err != nil {
			return err
		}
		return missesWhole(db, pods)
	})
	if err != nil {
		return c.Explain(ctx, database.Namespace, err)
	}
	return nil
}

func missesWhole(db *cnpgv1.Cluster, pods []corev1.Pod) error {
	s := db.Status
	switch {
	case !meta.IsStatusConditionTrue(s.Conditions, string(cnpgv1.ConditionClusterReady)):
		return fmt.Errorf("it is not ready: %s", s.Phase)
	case s.CurrentPrimary == "" || s.CurrentPrimary != s.TargetPrimary:
		return fmt.Errorf("the primary is %s and shall be %s", s.CurrentPrimary, s.TargetPrimary)
	case s.ReadyInstances != db.Spec.Instances || len(pods) != db.Spec.Instances:
		return fmt.Errorf("%d of %d instances are ready", s.ReadyInstances, db.Spec.Instances)
	}
	for i := range pods {
		if !PodReady(&pods[i]) {
			return fmt.Errorf("%s is not ready", pods[i].Name)
		}
	}
	return nil
}

// Promote asks CloudNativePG for a switchover as `kubectl cnpg promote` does.
func (c *Client) Promote(ctx context.Context, database types.NamespacedName, instance string) error {
	db, err := c.Database(ctx, database)
	if err != nil {
		return err
	}
	if db.Status.TargetPrimary == instance {
		return errors.New("it is the primary already: " + instance)
	}
	before := db.DeepCopy()
	db.Status.TargetPrimary = instance
	db.Status.TargetPrimaryTimestamp = time.Now().UTC().Format("2006-01-02T15:04:05.000000Z07:00")
	db.Status.Phase = cnpgv1.PhaseSwitchover
	db.Status.PhaseReason = "Switching over to " + instance
	patch := client.MergeFromWithOptions(before, client.MergeFromWithOptimisticLock{})
	if err := c.Status().Patch(ctx, db, patch); err != nil {
		return fmt.Errorf("asking for a switchover to %s: %w", instance, err)
	}
	return nil
}
