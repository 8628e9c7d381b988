//go:build e2e

package e2e

import (
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component/naming"
	"github.com/xatube/xatube-operator/test/drive"
)

// TestDefaults uses one platform with all defaults for everything that does not need one of its own: it is the
// expensive one. Each subtest leaves it ready.
func TestDefaults(t *testing.T) {
	t.Parallel()
	platform := apply(t, namespace(t), "demo", "{}")
	ready(t, platform, readyTimeout)
	for _, test := range []struct {
		name string
		run  func(*testing.T, types.NamespacedName)
	}{
		{"ShowsItsState", showsItsState},
		{"ServesPages", servesPages},
		{"RefusesInternalPaths", refusesInternalPaths},
		{"KeepsWhatIsWritten", keepsWhatIsWritten},
		{"SharesUploadsAmongBackends", sharesUploads},
		{"GrowsItsVolumes", growsItsVolumes},
		{"ChatsAcrossEdges", chatsAcrossEdges},
		{"MovesOnlyTheRoomsOfABackendThatDeparts", movesOnlyTheRoomsOfABackendThatDeparts},
		{"HoldsAPopularChat", holdsAPopularChat},
		{"PlaysWhatIsPublished", playsWhatIsPublished},
		{"RefusesAWrongKey", refusesAWrongKey},
		{"BringsADeletedChildBack", bringsADeletedChildBack},
		{"RepairsAnEditedChild", repairsAnEditedChild},
		{"WritesNothingAtRest", writesNothingAtRest},
		{"HoldsTheRollWhenTheMigrationFails", holdsTheRoll},
		{"HoldsABadRevisionAndTakesItBack", holdsABadRevisionAndTakesItBack},
		{"ScalesToZeroAndBack", scalesToZeroAndBack},
		{"UpdatesWithoutAFailedRequest", updatesWithoutAFailedRequest},
		{"MovesThePrimaryOnRequest", movesThePrimaryOnRequest},
		{"UpdatesThePostgresImageByASwitchover", updatesThePostgresImage},
		{"SurvivesTheDeathOfThePrimary", survivesTheDeathOfThePrimary},
		{"RenewsItsCertificateWithoutAFailedRequest", renewsItsCertificate},
	} {
		t.Run(test.name, func(t *testing.T) { test.run(t, platform) })
	}
}

func showsItsState(t *testing.T, platform types.NamespacedName) {
	x, err := kube.Platform(t.Context(), platform)
	check(t, err)
	for _, condition := range []string{
		v1alpha1.ConditionDatabaseReady, v1alpha1.ConditionCacheReady, v1alpha1.ConditionBrokerReady,
		v1alpha1.ConditionCredentialsReady, v1alpha1.ConditionMigrationsApplied, v1alpha1.ConditionBackendReady, v1alpha1.ConditionFrontendReady,
		v1alpha1.ConditionEdgeReady, v1alpha1.ConditionIngestReady, v1alpha1.ConditionRoutesReady,
		v1alpha1.ConditionBackupReady, v1alpha1.ConditionLoggingReady, v1alpha1.ConditionNetworkPolicyReady,
	} {
		if c := drive.Condition(x, condition); c.Status != metav1.ConditionTrue || c.ObservedGeneration != x.Generation {
			t.Errorf("%s is %s of generation %d (%s: %s), want True of %d", condition, c.Status, c.ObservedGeneration, c.Reason, c.Message, x.Generation)
		}
	}
	for _, condition := range []string{v1alpha1.ConditionReconciling, v1alpha1.ConditionStalled} {
		if c := drive.Condition(x, condition); c.Status != metav1.ConditionFalse {
			t.Errorf("%s is %s (%s: %s), want False", condition, c.Status, c.Reason, c.Message)
		}
	}
	columns, err := kube.Columns(t.Context(), platform)
	check(t, err)
	for name, want := range map[string]string{
		"Name": platform.Name, "Ready": "True", "Phase": "Ready", "Backends": "3/3",
		"Primary": platform.Name + "-postgres-1", "URL": "http://" + platform.Name + "-edge." + platform.Namespace + ".svc",
	} {
		if columns[name] != want {
			t.Errorf("column %s is %q, want %q", name, columns[name], want)
		}
	}
	for component, want := range map[string]int{
		naming.Backend: 3, naming.Frontend: 2, naming.Edge: 2, naming.Postgres: 3, naming.Redis: 1, naming.RabbitMQ: 1, naming.RTMP: 1,
	} {
		if n := readyPods(t, platform, component); n != want {
			t.Errorf("%s has %d ready pods, want %d", component, n, want)
		}
	}
}

func readyPods(t *testing.T, platform types.NamespacedName, component string) int {
	t.Helper()
	pods, err := kube.Pods(t.Context(), platform, component)
	check(t, err)
	n := 0
	for i := range pods {
		if drive.PodReady(&pods[i]) {
			n++
		}
	}
	return n
}
