//go:build e2e

package chaos

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/test/drive"
)

const (
	// takeover bounds the time without a write when a primary dies or its node is lost. The benchmarks measure how short
	// it is, which a slow machine stretches several times. Without the guard a node takes longer than this on any: Kubernetes
	// calls it NotReady after 50 s, and only then is another primary named.
	takeover = time.Minute
	// server is the container of Postgres.
	server = "postgres"
)

// databaseTrials hit servers of the database on nodes that live. Pages need no database.
var databaseTrials = []trial{
	{name: "PrimaryPodKilled", strike: killPrimary(0), limits: limits{gap: takeover, writes: -1, reads: -1}},
	{name: "PrimaryPodKilledGrace1", strike: killPrimary(1), limits: limits{gap: takeover, writes: -1, reads: -1}},
	{name: "PostgresKilled", strike: killPostgres, limits: limits{gap: takeover, writes: -1, reads: -1}},
	{name: "PrimaryStopped", strike: stopPrimary, limits: limits{gap: takeover, writes: -1, reads: -1}},
	{name: "StandbyKilled", strike: killStandby},
	{name: "StandbyVolumeDeleted", strike: deleteVolume},
	{name: "CloudNativePGAwayInFailover", strike: failOverWithoutCNPG, limits: limits{writes: -1, reads: -1}},
}

func killPrimary(grace int64) func(*testing.T, *ground, *crowd) string {
	return func(t *testing.T, g *ground, _ *crowd) string {
		primary := g.primary(t)
		kill(t, primary, grace)
		g.promoted(t, primary.Name, time.Minute)
		return ""
	}
}

// killPostgres ends the server and not what manages it. It is for CloudNativePG to choose between a restart and another
// primary.
func killPostgres(t *testing.T, g *ground, c *crowd) string {
	primary := g.primary(t)
	send(t, "KILL", primary, server, "--process", "postgres")
	c.written(t, time.Minute)
	return "primary " + primary.Name + ", then " + g.primary(t).Name
}

// stopPrimary stops all processes of the primary, and lets them go on when another one has taken over.
func stopPrimary(t *testing.T, g *ground, c *crowd) string {
	primary := g.primary(t)
	probes := g.probeAll(t, c)
	send(t, "STOP", primary, server)
	g.promoted(t, primary.Name, 90*time.Second)
	thaw(t, primary, server)
	c.written(t, time.Minute)
	g.ready(t)
	return g.verdict(t, probes)
}

func killStandby(t *testing.T, g *ground, _ *crowd) string {
	pod := g.standby(t)
	kill(t, pod, 0)
	check(t, drive.Until(t.Context(), healTimeout, "another "+pod.Name, func(ctx context.Context) error {
		now := &corev1.Pod{}
		if err := kube.Get(ctx, client.ObjectKeyFromObject(pod), now); err != nil {
			return err
		}
		if now.UID == pod.UID || !drive.PodReady(now) {
			return errors.New("it is not there, or not ready")
		}
		return nil
	}))
	return ""
}

// deleteVolume takes a standby with its data.
func deleteVolume(t *testing.T, g *ground, _ *crowd) string {
	pod := g.standby(t)
	claim := &corev1.PersistentVolumeClaim{ObjectMeta: metav1.ObjectMeta{Namespace: pod.Namespace, Name: pod.Name}}
	check(t, kube.Delete(t.Context(), claim))
	kill(t, pod, 0)
	check(t, kube.WaitGone(t.Context(), claim, healTimeout))
	var others []string
	check(t, drive.Until(t.Context(), healTimeout, "a standby in the place of "+pod.Name, func(context.Context) error {
		others = nil
		for _, p := range g.pods(t, "postgres") {
			if p.UID != pod.UID {
				others = append(others, p.Name)
			}
		}
		if len(others) < 3 {
			return fmt.Errorf("ready are %v", others)
		}
		return nil
	}))
	return fmt.Sprintf("%s lost its volume, now there are %v", pod.Name, others)
}

// failOverWithoutCNPG kills the primary while nobody is there who could replace it: that is told, and ends when
// CloudNativePG is back.
func failOverWithoutCNPG(t *testing.T, g *ground, _ *crowd) string {
	restore := stopDeployment(t, types.NamespacedName{Namespace: "cnpg-system", Name: "cnpg-controller-manager"})
	kill(t, g.primary(t), 0)
	stalled, err := kube.WaitCondition(t.Context(), g.platform, v1alpha1.ConditionDatabaseReady, metav1.ConditionFalse, v1alpha1.ReasonFailoverStalled, 2*time.Minute)
	t.Logf("DatabaseReady: %s", stalled.Message)
	restore()
	check(t, err)
	return "FailoverStalled was reported"
}

// stopDeployment scales a Deployment to nothing; restore gives it its pods back.
func stopDeployment(t *testing.T, key types.NamespacedName) (restore func()) {
	t.Helper()
	d := &appsv1.Deployment{}
	check(t, kube.Get(t.Context(), key, d))
	replicas := *d.Spec.Replicas
	scale := func(ctx context.Context, n int32) {
		d := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Namespace: key.Namespace, Name: key.Name}}
		check(t, kube.Patch(ctx, d, drive.Merge(fmt.Sprintf(`{"spec":{"replicas":%d}}`, n))))
	}
	scale(t.Context(), 0)
	restored := false
	restore = func() {
		if !restored {
			scale(context.WithoutCancel(t.Context()), replicas)
		}
		restored = true
	}
	t.Cleanup(restore)
	check(t, drive.Until(t.Context(), time.Minute, "end of "+key.String(), func(ctx context.Context) error {
		if err := kube.Get(ctx, key, d); err != nil {
			return err
		}
		if d.Status.Replicas > 0 {
			return fmt.Errorf("it has %d pods", d.Status.Replicas)
		}
		return nil
	}))
	return restore
}
