package postgres

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	cnpgv1 "github.com/cloudnative-pg/api/pkg/api/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component"
	"github.com/xatube/xatube-operator/internal/component/naming"
	"github.com/xatube/xatube-operator/internal/component/workload"
	"github.com/xatube/xatube-operator/internal/failover"
)

// Health of the database: ready when a primary and all wanted instances run the wanted image. The phase alone is not
// trusted, and CloudNativePG tells no observedGeneration.
func (Component) Health(in component.Input) component.Health {
	if server, ok := elsewhere(in.Cluster); ok {
		return server.Health(in)
	}
	name := naming.Child(in.Cluster, naming.Postgres)
	db := in.Facts.Database
	switch {
	case !in.Facts.Installed(ClusterGVK):
		return component.NotReady(v1alpha1.ReasonAPINotInstalled,
			"CloudNativePG is not installed: install version 1.30.1 or newer, or set spec.postgres.external")
	case db == nil:
		return component.NotReady(v1alpha1.ReasonProgressing, fmt.Sprintf("Cluster %s does not exist yet", name))
	}
	if h, hibernates := hibernationHealth(in); hibernates {
		return h
	}
	switch {
	case Hibernates(db):
		return component.NotReady(v1alpha1.ReasonProgressing, fmt.Sprintf("Cluster %s sleeps and is being woken", name))
	case complete(in):
		for _, find := range []func(component.Input) (component.Health, bool){poolerTrouble, outgrown} {
			if h, found := find(in); found {
				return h
			}
		}
		return component.Ready(fmt.Sprintf("primary is %s; %d of %d instances are ready",
			db.Status.CurrentPrimary, db.Status.ReadyInstances, Instances(in.Cluster)))
	}
	for _, find := range []func(component.Input) (component.Health, bool){changing, trouble, refusal, leaderless, phase, outgrown} {
		if h, found := find(in); found {
			return h
		}
	}
	return component.NotReady(v1alpha1.ReasonProgressing, progress(in))
}

// complete is what ready means.
func complete(in component.Input) bool {
	db := in.Facts.Database
	return meta.IsStatusConditionTrue(db.Status.Conditions, string(cnpgv1.ConditionClusterReady)) &&
		int32(db.Status.ReadyInstances) == Instances(in.Cluster) &&
		db.Status.CurrentPrimary != "" && db.Status.CurrentPrimary == db.Status.TargetPrimary &&
		runsWantedImage(in) && durable(in) &&
		// What CloudNativePG reports is of before, when it is CloudNativePG that is away.
		!failover.Leaderless(db, Primary(in), in.Facts.PrimarySilent, in.Facts.At)
}

// runsWantedImage looks at the pods too: CloudNativePG writes the image into its status before it rolls them.
func runsWantedImage(in component.Input) bool {
	want := Image(in.Cluster)
	if in.Facts.Database.Status.Image != want {
		return false
	}
	for _, pod := range in.Facts.Pods[naming.Postgres] {
		for _, c := range pod.Spec.Containers {
			if c.Name == "postgres" && c.Image != want {
				return false
			}
		}
	}
	return true
}

// durable says that what durability promises is in force; after growth from one instance it comes last.
func durable(in component.Input) bool {
	return !strict(in.Cluster) || requiresStandby(in.Facts.Database)
}

// requiresStandby says that no write is acknowledged without a standby.
func requiresStandby(db *cnpgv1.Cluster) bool {
	s := db.Spec.PostgresConfiguration.Synchronous
	return s != nil && s.DataDurability != cnpgv1.DataDurabilityLevelPreferred
}

// changing finds a change of the primary that has not ended.
func changing(in component.Input) (component.Health, bool) {
	db := in.Facts.Database
	from, to := db.Status.CurrentPrimary, db.Status.TargetPrimary
	switch {
	case from == "" || from == to:
		return component.Health{}, false
	case to == cnpgv1.PendingFailoverMarker:
		return component.NotReady(v1alpha1.ReasonFailover, fmt.Sprintf(
			"Cluster %s lost its primary %s; CloudNativePG is choosing another", db.Name, from)), true
	case failover.KindOf(db) == v1alpha1.KindSwitchover:
		return component.NotReady(v1alpha1.ReasonSwitchover, fmt.Sprintf(
			"Cluster %s: the primary is handing over from %s to %s", db.Name, from, to)), true
	default:
		return component.NotReady(v1alpha1.ReasonFailover, fmt.Sprintf(
			"Cluster %s: the primary is moving from %s to %s", db.Name, from, to)), true
	}
}

// leaderless finds a primary that has been away for long without being replaced.
func leaderless(in component.Input) (component.Health, bool) {
	db := in.Facts.Database
	if !failover.Leaderless(db, Primary(in), in.Facts.PrimarySilent, in.Facts.At) {
		return component.Health{}, false
	}
	return component.NotReady(v1alpha1.ReasonFailoverStalled, fmt.Sprintf(
		"Cluster %s: its primary %s has not been ready for more than %s: %s; see kubectl describe clusters.postgresql.cnpg.io %s",
		db.Name, db.Status.CurrentPrimary, failover.StalledAfter, failover.Cause(db), db.Name)), true
}

// Primary is the pod of the current primary; nil when there is none.
func Primary(in component.Input) *corev1.Pod {
	for _, pod := range in.Facts.Pods[naming.Postgres] {
		if db := in.Facts.Database; db != nil && pod.Name == db.Status.CurrentPrimary {
			return pod
		}
	}
	return nil
}

func trouble(in component.Input) (component.Health, bool) {
	return workload.PodTrouble(in, naming.Postgres)
}

// refusal finds a Job of CloudNativePG, e.g. initdb, that could not create its pod.
func refusal(in component.Input) (component.Health, bool) {
	ours := regexp.MustCompile("^" + regexp.QuoteMeta(in.Facts.Database.Name) + `-[0-9]+-`)
	for _, job := range slices.Sorted(maps.Keys(in.Facts.Refusals)) {
		if ours.MatchString(job) {
			return workload.Refused(in, "Job", job)
		}
	}
	return component.Health{}, false
}

// phase finds the phases that CloudNativePG does not leave without help.
func phase(in component.Input) (component.Health, bool) {
	db := in.Facts.Database
	switch db.Status.Phase {
	case cnpgv1.PhaseCannotCreateClusterObjects:
		return refused("Cluster "+db.Name, db.Status.PhaseReason), true
	case cnpgv1.PhaseUnrecoverable, cnpgv1.PhaseWaitingForUser, cnpgv1.PhaseDefinitionInvalid,
		cnpgv1.PhaseArchitectureBinaryMissing, cnpgv1.PhaseUnknownPlugin, cnpgv1.PhaseFailurePlugin:
		return component.NotReady(v1alpha1.ReasonUnavailable, fmt.Sprintf("Cluster %s: %s; see kubectl describe clusters.postgresql.cnpg.io %s",
			db.Name, sentence(db.Status.Phase, db.Status.PhaseReason), db.Name)), true
	}
	return component.Health{}, false
}

func refused(object, message string) component.Health {
	if strings.Contains(message, "exceeded quota") {
		return component.NotReady(v1alpha1.ReasonQuotaExceeded, fmt.Sprintf(
			"%s cannot create its objects: %s; raise the ResourceQuota or lower spec.postgres", object, message))
	}
	return component.NotReady(v1alpha1.ReasonPodRefused, fmt.Sprintf("%s cannot create its objects: %s", object, message))
}

func progress(in component.Input) string {
	db := in.Facts.Database
	switch {
	case db.Status.CurrentPrimary == "":
		return fmt.Sprintf("Cluster %s is setting up its first primary", db.Name)
	case !runsWantedImage(in):
		return fmt.Sprintf("Cluster %s is being rolled to image %s", db.Name, Image(in.Cluster))
	case int32(db.Status.ReadyInstances) != Instances(in.Cluster):
		return fmt.Sprintf("Cluster %s: %d of %d instances are ready", db.Name, db.Status.ReadyInstances, Instances(in.Cluster))
	case !durable(in):
		return fmt.Sprintf("Cluster %s does not replicate synchronously yet", db.Name)
	default:
		return fmt.Sprintf("Cluster %s: %s", db.Name, sentence(db.Status.Phase, ""))
	}
}

// sentence is a phase of CloudNativePG with its reason, if there is one.
func sentence(phase, reason string) string {
	switch {
	case phase == "":
		return "has not reported yet"
	case reason == "":
		return phase
	default:
		return phase + ": " + reason
	}
}
