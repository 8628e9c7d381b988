package status

import (
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component"
)

const (
	// clusterPatience is how long a registry, a quota or an admission webhook may fail: pods that end make room, and
	// servers start again.
	clusterPatience = 2 * time.Minute
	// partnerPatience is how long others may take to bring what the spec names: a certificate is issued, a Gateway
	// starts, another operator is installed, a Git repository is applied in an order of its own.
	partnerPatience = 5 * time.Minute
)

// patience is how long a condition may show a reason that needs the user, or ends by itself, before the platform is
// Stalled. Verdicts, which come after all patience, and what no time can mend have none. Other reasons never stall.
var patience = map[string]time.Duration{
	v1alpha1.ReasonVolumeNotExpandable: 0,
	v1alpha1.ReasonMigrationFailed:     0,
	v1alpha1.ReasonRolloutFailed:       0,
	v1alpha1.ReasonRolloutReverted:     0,
	v1alpha1.ReasonRotationFailed:      0,
	v1alpha1.ReasonInvalidAnnotation:   0,
	v1alpha1.ReasonRejected:            0,
	v1alpha1.ReasonInvalid:             0,

	v1alpha1.ReasonImagePull:     clusterPatience,
	v1alpha1.ReasonQuotaExceeded: clusterPatience,
	v1alpha1.ReasonPodRefused:    clusterPatience,

	v1alpha1.ReasonAPINotInstalled:     partnerPatience,
	v1alpha1.ReasonSecretNotFound:      partnerPatience,
	v1alpha1.ReasonSecretKeyMissing:    partnerPatience,
	v1alpha1.ReasonSecretInvalid:       partnerPatience,
	v1alpha1.ReasonConfigMapNotFound:   partnerPatience,
	v1alpha1.ReasonConfigMapKeyMissing: partnerPatience,
	v1alpha1.ReasonRouteNotAccepted:    partnerPatience,
	v1alpha1.ReasonForeignObject:       partnerPatience,
}

// unresolved are the conditions that show a reason which may need the user, and since when. Their times are kept in the
// status, so that a new operator does not begin to wait anew.
func unresolved(former []v1alpha1.UnresolvedCondition, results []Result, healths []component.Health, now time.Time) []v1alpha1.UnresolvedCondition {
	var out []v1alpha1.UnresolvedCondition
	for i, r := range results {
		if _, listed := patience[healths[i].Reason]; !listed || satisfied(r, healths[i]) {
			continue
		}
		u := v1alpha1.UnresolvedCondition{Type: r.Condition, Reason: healths[i].Reason, Since: metav1.NewTime(now)}
		if known := find(former, u.Type, u.Reason); known != nil {
			u.Since = known.Since
		}
		out = append(out, u)
	}
	return out
}

func find(all []v1alpha1.UnresolvedCondition, condition, reason string) *v1alpha1.UnresolvedCondition {
	for i := range all {
		if all[i].Type == condition && all[i].Reason == reason {
			return &all[i]
		}
	}
	return nil
}

// lasts says that a condition has shown a reason for longer than it may end by itself.
func lasts(all []v1alpha1.UnresolvedCondition, condition, reason string, now time.Time) bool {
	u := find(all, condition, reason)
	return u != nil && now.Sub(u.Since.Time) >= patience[reason]
}

// NextLook is how soon the platform becomes Stalled if nothing changes; zero when it does not.
func NextLook(s v1alpha1.XaTubeClusterStatus, now time.Time) time.Duration {
	var next time.Duration
	for _, u := range s.Unresolved {
		if left := patience[u.Reason] - now.Sub(u.Since.Time); left > 0 && (next == 0 || left < next) {
			next = left
		}
	}
	return next
}
