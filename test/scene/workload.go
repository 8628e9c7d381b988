package scene

import (
	"context"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// nodes of the cluster that is played.
const nodes = 2

// Play lets every controller act once on a namespace, and says whether any had something to do.
func Play(ctx context.Context, c client.Client, namespace string) (bool, error) {
	moved := false
	for _, act := range []func(context.Context, client.Client, string) (bool, error){
		MoveWorkloads, completeJobs, runDatabases, runPoolers, ReleaseClaims,
	} {
		did, err := act(ctx, c, namespace)
		if err != nil {
			return moved, err
		}
		moved = moved || did
	}
	return moved, nil
}

// MoveWorkloads plays the controllers of Deployments, StatefulSets and DaemonSets: all pods that are wanted are ready.
func MoveWorkloads(ctx context.Context, c client.Client, namespace string) (bool, error) {
	var deployments appsv1.DeploymentList
	var sets appsv1.StatefulSetList
	var daemons appsv1.DaemonSetList
	for _, list := range []client.ObjectList{&deployments, &sets, &daemons} {
		if err := c.List(ctx, list, client.InNamespace(namespace)); err != nil {
			return false, fmt.Errorf("listing %T: %w", list, err)
		}
	}
	moved := false
	report := func(o client.Object, was, is any) error {
		if equality.Semantic.DeepEqual(was, is) {
			return nil
		}
		moved = true
		if err := c.Status().Update(ctx, o); err != nil {
			return fmt.Errorf("reporting %T %s: %w", o, o.GetName(), err)
		}
		return nil
	}
	for i := range deployments.Items {
		d := &deployments.Items[i]
		n, former := *d.Spec.Replicas, d.Status
		d.Status = appsv1.DeploymentStatus{ObservedGeneration: d.Generation, Replicas: n, UpdatedReplicas: n, ReadyReplicas: n, AvailableReplicas: n}
		if err := report(d, former, d.Status); err != nil {
			return moved, err
		}
	}
	for i := range sets.Items {
		s := &sets.Items[i]
		n, former := *s.Spec.Replicas, s.Status
		s.Status = appsv1.StatefulSetStatus{
			ObservedGeneration: s.Generation, Replicas: n, UpdatedReplicas: n, ReadyReplicas: n, AvailableReplicas: n,
			CurrentRevision: "r", UpdateRevision: "r",
		}
		if err := report(s, former, s.Status); err != nil {
			return moved, err
		}
	}
	for i := range daemons.Items {
		d := &daemons.Items[i]
		former := d.Status
		d.Status = appsv1.DaemonSetStatus{
			ObservedGeneration: d.Generation, DesiredNumberScheduled: nodes, CurrentNumberScheduled: nodes,
			UpdatedNumberScheduled: nodes, NumberReady: nodes, NumberAvailable: nodes,
		}
		if err := report(d, former, d.Status); err != nil {
			return moved, err
		}
	}
	return moved, nil
}

func completeJobs(ctx context.Context, c client.Client, namespace string) (bool, error) {
	var jobs batchv1.JobList
	if err := c.List(ctx, &jobs, client.InNamespace(namespace)); err != nil {
		return false, fmt.Errorf("listing Jobs: %w", err)
	}
	moved := false
	for i := range jobs.Items {
		if j := &jobs.Items[i]; len(j.Status.Conditions) == 0 && j.DeletionTimestamp == nil {
			moved = true
			if err := EndJob(ctx, c, j, batchv1.JobComplete); err != nil {
				return moved, err
			}
		}
	}
	return moved, nil
}

// EndJob plays the controller of Jobs: one is complete, or has failed.
func EndJob(ctx context.Context, c client.Client, job *batchv1.Job, end batchv1.JobConditionType) error {
	return report(ctx, c, job, func() {
		now := metav1.Now()
		job.Status.StartTime = &now
		criterion := batchv1.JobFailureTarget
		if end == batchv1.JobComplete {
			criterion = batchv1.JobSuccessCriteriaMet
			job.Status.CompletionTime, job.Status.Succeeded = &now, 1
		} else {
			job.Status.Failed = 1
		}
		for _, k := range []batchv1.JobConditionType{criterion, end} {
			job.Status.Conditions = append(job.Status.Conditions, batchv1.JobCondition{
				Type: k, Status: corev1.ConditionTrue, LastTransitionTime: now, LastProbeTime: now,
			})
		}
	})
}

// ReleaseClaims takes the protection off claims that are being deleted, as no pod uses them.
func ReleaseClaims(ctx context.Context, c client.Client, namespace string) (bool, error) {
	var claims corev1.PersistentVolumeClaimList
	if err := c.List(ctx, &claims, client.InNamespace(namespace)); err != nil {
		return false, fmt.Errorf("listing claims: %w", err)
	}
	moved := false
	for i := range claims.Items {
		claim := &claims.Items[i]
		if claim.DeletionTimestamp == nil {
			continue
		}
		moved = true
		claim.Finalizers = nil
		if err := c.Update(ctx, claim); err != nil {
			return moved, fmt.Errorf("releasing claim %s: %w", claim.Name, err)
		}
	}
	return moved, nil
}

// report plays a controller that writes the status of an object, whoever else writes to the object meanwhile.
func report(ctx context.Context, c client.Client, o client.Object, change func()) error {
	before, _ := o.DeepCopyObject().(client.Object)
	change()
	if err := c.Status().Patch(ctx, o, client.MergeFrom(before)); err != nil {
		return fmt.Errorf("reporting %T %s: %w", o, o.GetName(), err)
	}
	return nil
}
