package postgres

import (
	"maps"

	cnpgv1 "github.com/cloudnative-pg/api/pkg/api/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/xatube/xatube-operator/internal/component"
	"github.com/xatube/xatube-operator/internal/component/naming"
)

// primaryLabels are what the Service of the primary selects, the second for CloudNativePG's older users.
var primaryLabels = map[string]string{"cnpg.io/instanceRole": "primary", "role": "primary"}

// Unrouted is the pod of a new primary to which the Service does not lead yet; nil when there is none. CloudNativePG
// labels it too, but first it asks every instance for its status, and the former primary, which restarts, lets it wait for
// seconds in which nobody can write.
func Unrouted(in component.Input) *corev1.Pod {
	db := in.Facts.Database
	if db == nil || Hibernates(db) {
		return nil
	}
	for _, pod := range in.Facts.Pods[naming.Postgres] {
		if Leads(db, pod.Name) && pod.DeletionTimestamp == nil && pod.Labels["cnpg.io/instanceRole"] != primaryLabels["cnpg.io/instanceRole"] {
			return pod
		}
	}
	return nil
}

// Leads says that an instance is the primary and is to stay so: CloudNativePG's own condition for the label.
func Leads(db *cnpgv1.Cluster, instance string) bool {
	return db.Status.CurrentPrimary == instance && db.Status.TargetPrimary == instance
}

// Routed is a pod as the Service of the primary finds it.
func Routed(pod *corev1.Pod) *corev1.Pod {
	out := pod.DeepCopy()
	if out.Labels == nil {
		out.Labels = map[string]string{}
	}
	maps.Copy(out.Labels, primaryLabels)
	return out
}
