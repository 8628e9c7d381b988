package switchover

import (
	"fmt"
	"slices"
	"strings"

	cnpgv1 "github.com/cloudnative-pg/api/pkg/api/v1"

	"github.com/xatube/xatube-operator/internal/component"
	"github.com/xatube/xatube-operator/internal/component/hibernation"
	"github.com/xatube/xatube-operator/internal/component/postgres"
	"github.com/xatube/xatube-operator/internal/failover"
)

const (
	// everyInstance is what CloudNativePG's fencing calls all of them.
	everyInstance = "*"

	// streaming is the state, in pg_stat_replication, of a standby that gets every write as it happens.
	streaming = "streaming"
)

// refuse says what is in the way of making an instance the primary, and what to do; empty when nothing is.
func refuse(in component.Input, instance string) string {
	if in.Cluster.Spec.Postgres.External != nil {
		return "the database is run elsewhere (spec.postgres.external); remove the annotation"
	}
	db := in.Facts.Database
	if db == nil || db.Status.CurrentPrimary == "" {
		return "the database has no primary yet; " + askAgain(instance, "it has one")
	}
	for _, check := range []func(component.Input, string) string{asleep, unknown, moving, fenced, unready, behind} {
		if obstacle := check(in, instance); obstacle != "" {
			return obstacle
		}
	}
	return ""
}

// askAgain is the cure, once something holds.
func askAgain(instance, when string) string {
	return fmt.Sprintf("when %s, set the annotation to %s", when, another(instance))
}

func asleep(in component.Input, instance string) string {
	if !hibernation.Wanted(in.Cluster) && !postgres.Hibernates(in.Facts.Database) {
		return ""
	}
	return "the platform is hibernated; " + askAgain(instance, "it runs")
}

func unknown(in component.Input, instance string) string {
	db := in.Facts.Database
	switch {
	case !slices.Contains(db.Status.InstanceNames, instance):
		return fmt.Sprintf("%s is no instance of Cluster %s; write one of %s", instance, db.Name, strings.Join(db.Status.InstanceNames, ", "))
	case db.Status.CurrentPrimary == instance && db.Status.TargetPrimary == instance:
		return fmt.Sprintf("%s is the primary already; nothing is to be done", instance)
	}
	return ""
}

func moving(in component.Input, instance string) string {
	db := in.Facts.Database
	switch {
	case failover.InProgress(db):
		return fmt.Sprintf("the primary is moving from %s to %s; %s", db.Status.CurrentPrimary, db.Status.TargetPrimary,
			askAgain(instance, "that has ended"))
	case slices.Contains([]string{
		cnpgv1.PhaseUpgrade, cnpgv1.PhaseMajorUpgrade, cnpgv1.PhaseOnlineUpgrading,
		cnpgv1.PhaseInplacePrimaryRestart, cnpgv1.PhaseInplaceDeletePrimaryRestart,
	}, db.Status.Phase):
		return fmt.Sprintf("Cluster %s is being changed (%s); %s", db.Name, db.Status.Phase, askAgain(instance, "that has ended"))
	}
	return ""
}

func fenced(in component.Input, instance string) string {
	db := in.Facts.Database
	names, err := failover.Fenced(db)
	if err != nil {
		return fmt.Sprintf("annotation %s of Cluster %s is no list of instances; correct it", failover.AnnotationFencing, db.Name)
	}
	for _, name := range []string{everyInstance, instance, db.Status.CurrentPrimary} {
		if slices.Contains(names, name) {
			return fmt.Sprintf("Cluster %s has %s fenced: %s; %s", db.Name, name, failover.AnnotationFencing, askAgain(instance, "that is lifted"))
		}
	}
	return ""
}

func unready(in component.Input, instance string) string {
	status := in.Facts.Database.Status
	for _, name := range []string{status.CurrentPrimary, instance} {
		if !slices.Contains(status.InstancesStatus[cnpgv1.PodHealthy], name) {
			return fmt.Sprintf("%s is not ready; %s", name, askAgain(instance, "it is"))
		}
	}
	return ""
}

// behind asks the primary itself: Kubernetes calls a standby ready that has lost its stream.
func behind(in component.Input, instance string) string {
	if in.Facts.StandbysAwaited {
		return ""
	}
	if in.Facts.StandbysUnknown != "" {
		return fmt.Sprintf("whether %s has every row could not be asked of %s: %s; %s",
			instance, in.Facts.Database.Status.CurrentPrimary, in.Facts.StandbysUnknown, askAgain(instance, "port 8000 of the instances answers the operator"))
	}
	switch state := in.Facts.Standbys[instance]; state {
	case streaming:
		return ""
	case "":
		return fmt.Sprintf("%s does not replicate from %s; %s", instance, in.Facts.Database.Status.CurrentPrimary, askAgain(instance, "it does"))
	default:
		return fmt.Sprintf("%s is behind %s (%s); %s", instance, in.Facts.Database.Status.CurrentPrimary, state, askAgain(instance, "it has caught up"))
	}
}
