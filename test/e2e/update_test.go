//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component/naming"
	"github.com/xatube/xatube-operator/test/drive"
)

const (
	oldVersion = "6ddf065"
	newVersion = "next"
	newImage   = "docker.io/saneome2/xatube-backend:" + newVersion
	newPages   = "docker.io/saneome2/xatube-frontend:" + newVersion

	// loadInterval keeps below the platform's own limit: one edge pod of two lets 5 requests a second pass.
	loadInterval = 300 * time.Millisecond
)

// holdsTheRoll asks for an image whose migration fails: the old pods go on serving, and the condition says why.
func holdsTheRoll(t *testing.T, platform types.NamespacedName) {
	site := open(t, platform)
	user := register(t, site)
	check(t, kube.WaitDeparted(t.Context(), platform, changeTimeout)) // of whatever was replaced before
	former := children(t, platform).Only("Pod")
	check(t, kube.Change(t.Context(), platform, `{"spec":{"backend":{"image":"`+newImage+`","migration":{"timeout":"30s"},
		"pod":{"env":[{"name":"XATUBE_MIGRATION_FAIL","value":"column shape is missing"}]}}}}`))
	failed, err := kube.WaitCondition(t.Context(), platform, v1alpha1.ConditionMigrationsApplied, metav1.ConditionFalse, v1alpha1.ReasonMigrationFailed, changeTimeout)
	check(t, err)
	if !strings.Contains(failed.Message, "column shape is missing") {
		t.Errorf("the condition does not tell what the migration said: %s", failed.Message)
	}
	// The migration prints its DATABASE_URL, as upstream does.
	if password := databasePassword(t, platform); strings.Contains(failed.Message, password) || !strings.Contains(failed.Message, "://***@") {
		t.Errorf("the condition does not show a redacted URL: %s", strings.ReplaceAll(failed.Message, password, "PASSWORD"))
	}
	for name, pod := range children(t, platform).Only("Pod") {
		if strings.Contains(name, "-"+naming.Backend+"-") && former[name] != pod {
			t.Errorf("%s is new: the roll was not held", name)
		}
	}
	answer, err := user.Me(t.Context())
	check(t, err)
	if answer.Version != oldVersion {
		t.Errorf("version %q answers, want %s", answer.Version, oldVersion)
	}
	check(t, kube.Change(t.Context(), platform, `{"spec":{"backend":{"image":null,"migration":{"timeout":null},"pod":{"env":null}}}}`))
	ready(t, platform, changeTimeout)
	untouched(t, "after going back", former.Only("Pod"), children(t, platform).Only("Pod"))
}

func databasePassword(t *testing.T, platform types.NamespacedName) string {
	t.Helper()
	var secret corev1.Secret
	key := types.NamespacedName{Namespace: platform.Namespace, Name: platform.Name + "-postgres-app"}
	check(t, kube.Get(t.Context(), key, &secret))
	password := string(secret.Data["password"])
	if password == "" {
		t.Fatalf("Secret %s has no password", key)
	}
	return password
}

// updatesWithoutAFailedRequest rolls backend and frontend to other images while people use the API and load pages. C3. The
// two builds of the frontend share no asset.
func updatesWithoutAFailedRequest(t *testing.T, platform types.NamespacedName) {
	site := open(t, platform)
	user := register(t, site)
	video, _, err := user.Upload(t.Context(), t.Name(), []byte("clip"))
	check(t, err)
	reads := drive.StartLoad(t.Context(), loadInterval, func(ctx context.Context, number int) error {
		if number%3 == 0 {
			_, err := user.Comment(ctx, video.ID, fmt.Sprint(number))
			return err
		}
		_, err := user.Me(ctx)
		return err
	})
	pages := drive.StartLoad(t.Context(), loadInterval, func(ctx context.Context, _ int) error { return site.Unlimited().Page(ctx) })
	check(t, kube.Change(t.Context(), platform, `{"spec":{"backend":{"image":"`+newImage+`"},"frontend":{"image":"`+newPages+`"}}}`))
	ready(t, platform, changeTimeout)
	// A pod that left the platform serves on until no edge asks it any more.
	check(t, kube.WaitDeparted(t.Context(), platform, changeTimeout))
	for name, tally := range map[string]drive.Tally{"API": reads.Stop(), "pages": pages.Stop()} {
		t.Logf("%s: %s", name, tally)
		if tally.Failures > 0 || tally.Requests == 0 {
			t.Errorf("%s: %s: %s", name, tally, strings.Join(tally.First, "; "))
		}
	}
	x, err := kube.Platform(t.Context(), platform)
	check(t, err)
	if x.Status.Backend.Image != newImage || x.Status.Backend.UpdatedReplicas != 3 {
		t.Errorf("status.backend is %+v, want 3 updated replicas of %s", x.Status.Backend, newImage)
	}
	answer, err := user.Me(t.Context())
	check(t, err)
	if answer.Version != newVersion {
		t.Errorf("version %q answers, want %s", answer.Version, newVersion)
	}
}
