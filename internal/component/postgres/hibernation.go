package postgres

import (
	"fmt"

	cnpgv1 "github.com/cloudnative-pg/api/pkg/api/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/xatube/xatube-operator/internal/component"
	"github.com/xatube/xatube-operator/internal/component/hibernation"
	"github.com/xatube/xatube-operator/internal/component/naming"
	"github.com/xatube/xatube-operator/internal/failover"
)

const (
	// annotationHibernation stops a database and keeps its volumes. CloudNativePG's condition has the same name.
	annotationHibernation = "cnpg.io/hibernation"
	hibernationOn         = "on"
	hibernationOff        = "off"
)

// sleep is the wanted value of annotationHibernation; empty for a database that never slept. One that was put to sleep
// when its platform was deleted wakes up with the platform's successor.
func sleep(in component.Input) string {
	switch live := in.Facts.Database; {
	case hibernation.Stops(in, naming.Postgres):
		return hibernationOn
	case live != nil && live.Annotations[annotationHibernation] != "":
		return hibernationOff
	}
	return ""
}

// Hibernates says that a database is told to sleep.
func Hibernates(db *cnpgv1.Cluster) bool {
	return failover.Asleep(db)
}

// Hibernate tells a database to sleep.
func Hibernate(db *cnpgv1.Cluster) {
	metav1.SetMetaDataAnnotation(&db.ObjectMeta, annotationHibernation, hibernationOn)
}

// Sleeps says that a database has stopped.
func Sleeps(db *cnpgv1.Cluster) bool {
	return Hibernates(db) && meta.IsStatusConditionTrue(db.Status.Conditions, annotationHibernation)
}

// hibernationHealth is the health of the database of a hibernating platform; false while the platform is to run.
func hibernationHealth(in component.Input) (component.Health, bool) {
	h, hibernates := hibernation.Health(in, naming.Postgres)
	db := in.Facts.Database
	switch {
	case !hibernates:
		return h, false
	case !h.Healthy():
		// It waits for others, or its pods are stopping. What keeps CloudNativePG from it comes first.
		if trouble, found := whyAwake(in); found && hibernation.Stops(in, naming.Postgres) {
			return trouble, true
		}
		return h, true
	case poolerRuns(in):
		return hibernation.Stopping(fmt.Sprintf("Pooler %s is stopping", naming.Child(in.Cluster, naming.Pooler))), true
	case Sleeps(db):
		return hibernation.Asleep(fmt.Sprintf("Cluster %s sleeps, its volumes are kept", db.Name)), true
	}
	if trouble, found := whyAwake(in); found {
		return trouble, true
	}
	return hibernation.Stopping(fmt.Sprintf("Cluster %s is going to sleep", db.Name)), true
}

// whyAwake finds what keeps the database from going to sleep: CloudNativePG puts only a healthy one to sleep.
func whyAwake(in component.Input) (component.Health, bool) {
	for _, find := range []func(component.Input) (component.Health, bool){changing, trouble, refusal, phase} {
		if h, found := find(in); found {
			return h, true
		}
	}
	db := in.Facts.Database
	if c := meta.FindStatusCondition(db.Status.Conditions, annotationHibernation); c != nil && c.Status != metav1.ConditionTrue {
		return hibernation.Stopping(fmt.Sprintf("Cluster %s: %s", db.Name, c.Message)), true
	}
	return component.Health{}, false
}
