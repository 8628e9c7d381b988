package scene

import (
	"context"
	"fmt"

	cnpgv1 "github.com/cloudnative-pg/api/pkg/api/v1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/xatube/xatube-operator/internal/component/naming"
)

func runDatabases(ctx context.Context, c client.Client, namespace string) (bool, error) {
	var databases cnpgv1.ClusterList
	if err := c.List(ctx, &databases, client.InNamespace(namespace)); err != nil {
		return false, fmt.Errorf("listing databases: %w", err)
	}
	moved := false
	for i := range databases.Items {
		if db := &databases.Items[i]; db.Status.CurrentPrimary == "" && db.DeletionTimestamp == nil {
			moved = true
			if err := Elect(ctx, c, db); err != nil {
				return moved, err
			}
		}
	}
	return moved, nil
}

// Elect gives a database its first primary and its standbys, as CloudNativePG reports them, and the application's login.
func Elect(ctx context.Context, c client.Client, db *cnpgv1.Cluster) error {
	err := report(ctx, c, db, func() {
		names := make([]string, db.Spec.Instances)
		for i := range names {
			names[i] = fmt.Sprintf("%s-%d", db.Name, i+1)
		}
		db.Status.CurrentPrimary, db.Status.TargetPrimary = names[0], names[0]
		db.Status.Instances, db.Status.ReadyInstances = len(names), len(names)
		db.Status.InstanceNames = names
		db.Status.InstancesStatus = map[cnpgv1.PodStatus][]string{cnpgv1.PodHealthy: names}
		db.Status.Image = db.Spec.ImageName
		db.Status.Conditions = []metav1.Condition{{
			Type: string(cnpgv1.ConditionClusterReady), Status: metav1.ConditionTrue, Reason: "ClusterIsReady", LastTransitionTime: metav1.Now(),
		}}
	})
	if err != nil {
		return err
	}
	login := &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Namespace: db.Namespace, Name: db.Name + "-app", Labels: db.Spec.InheritedMetadata.Labels},
		Data: map[string][]byte{
			"uri": []byte("postgresql://app:pw@" + db.Name + "-rw:5432/xatube"), "username": []byte("app"), "password": []byte("pw"), "dbname": []byte("xatube"),
		},
	}
	if err := c.Create(ctx, login); err != nil {
		return fmt.Errorf("creating the login of %s: %w", db.Name, err)
	}
	return nil
}

func runPoolers(ctx context.Context, c client.Client, namespace string) (bool, error) {
	var poolers cnpgv1.PoolerList
	if err := c.List(ctx, &poolers, client.InNamespace(namespace)); err != nil {
		return false, fmt.Errorf("listing poolers: %w", err)
	}
	moved := false
	for i := range poolers.Items {
		if p := &poolers.Items[i]; p.Status.Phase == "" && p.DeletionTimestamp == nil {
			moved = true
			if _, err := RunPooler(ctx, c, p); err != nil {
				return moved, err
			}
		}
	}
	return moved, nil
}

// RunPooler does what CloudNativePG does with a Pooler. Nothing that it makes carries a label of the operator's.
func RunPooler(ctx context.Context, c client.Client, pooler *cnpgv1.Pooler) (*appsv1.Deployment, error) {
	selector := map[string]string{naming.LabelPooler: pooler.Name}
	d := &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Namespace: pooler.Namespace, Name: pooler.Name, Labels: map[string]string{
			naming.LabelPooler: pooler.Name, naming.LabelManagedBy: naming.CloudNativePG,
		}},
		Spec: appsv1.DeploymentSpec{
			Replicas: pooler.Spec.Instances,
			Selector: &metav1.LabelSelector{MatchLabels: selector},
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: selector},
				Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "pgbouncer", Image: pooler.Spec.PgBouncer.Image}}},
			},
		},
	}
	if err := c.Create(ctx, d); err != nil {
		return nil, fmt.Errorf("creating Deployment %s: %w", d.Name, err)
	}
	err := report(ctx, c, d, func() {
		n := *pooler.Spec.Instances
		d.Status = appsv1.DeploymentStatus{ObservedGeneration: d.Generation, Replicas: n, UpdatedReplicas: n, ReadyReplicas: n, AvailableReplicas: n}
	})
	if err != nil {
		return nil, err
	}
	return d, report(ctx, c, pooler, func() {
		pooler.Status.Phase, pooler.Status.Image = cnpgv1.PoolerPhaseActive, pooler.Spec.PgBouncer.Image
	})
}
