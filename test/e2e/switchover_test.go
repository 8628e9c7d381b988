//go:build e2e

package e2e

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component/naming"
)

const (
	// promotionTimeout covers a switchover on a busy machine.
	promotionTimeout = 2 * time.Minute
	// newPostgres is upstream's tag for the newest release of the default's major version.
	newPostgres = "ghcr.io/cloudnative-pg/postgresql:18-standard-trixie"
)

// movesThePrimaryOnRequest asks for a switchover while users write: nothing that was acknowledged is lost. A request that
// cannot be met is refused with a reason.
func movesThePrimaryOnRequest(t *testing.T, platform types.NamespacedName) {
	writing := startWriting(t, platform)
	from := primary(t, platform)
	to := standby(t, platform, from)
	promote(t, platform, to)
	done := waitPromotion(t, platform, to, v1alpha1.PromotionCompleted)
	last := done.Status.Postgres.LastFailover
	if last == nil || last.From != from || last.To != to || last.CompletedAt == nil {
		t.Fatalf("lastFailover is %+v, want one from %s to %s", last, from, to)
	}
	ready(t, platform, changeTimeout)
	judgeSwitchover(t, writing, last)

	promote(t, platform, platform.Name+"-postgres-99")
	refused := waitPromotion(t, platform, platform.Name+"-postgres-99", v1alpha1.PromotionRefused)
	t.Log(refused.Status.Postgres.Promotion.Message)
	if now := primary(t, platform); now != to {
		t.Errorf("the primary is %s, want %s", now, to)
	}
}

// updatesThePostgresImage asks for another image of the same major version while users write. The standbys take it first,
// then the primary moves to one of them.
func updatesThePostgresImage(t *testing.T, platform types.NamespacedName) {
	writing := startWriting(t, platform)
	from := primary(t, platform)
	check(t, kube.Change(t.Context(), platform, fmt.Sprintf(`{"spec":{"postgres":{"image":%q}}}`, newPostgres)))
	var last *v1alpha1.FailoverStatus
	check(t, kube.WaitPlatform(t.Context(), platform, changeTimeout, "switchover to the new image", func(x *v1alpha1.XaTubeCluster) error {
		last = x.Status.Postgres.LastFailover
		if last == nil || last.From != from || last.CompletedAt == nil {
			return fmt.Errorf("lastFailover is %+v", last)
		}
		return nil
	}))
	ready(t, platform, changeTimeout)
	judgeSwitchover(t, writing, last)
	pods, err := kube.Pods(t.Context(), platform, naming.Postgres)
	check(t, err)
	for i := range pods {
		for _, c := range pods[i].Spec.Containers {
			if c.Name == naming.Postgres && c.Image != newPostgres {
				t.Errorf("%s runs %s", pods[i].Name, c.Image)
			}
		}
	}
}

// judgeSwitchover wants the change of the primary to have been planned, and no acknowledged row lost. How long nobody can
// write depends on the machine too: bench-switchover measures it.
func judgeSwitchover(t *testing.T, writing *writing, last *v1alpha1.FailoverStatus) {
	t.Helper()
	tally := writing.stop(t)
	t.Logf("%s from %s to %s in %s s as the operator saw it; users: %s", last.Kind, last.From, last.To, last.Seconds, tally)
	if last.Kind != v1alpha1.KindSwitchover {
		t.Errorf("the primary moved by a %s", last.Kind)
	}
}

func primary(t *testing.T, platform types.NamespacedName) string {
	t.Helper()
	x, err := kube.Platform(t.Context(), platform)
	check(t, err)
	return x.Status.Postgres.Primary
}

// standby is an instance that is not the primary.
func standby(t *testing.T, platform types.NamespacedName, primary string) string {
	t.Helper()
	pods, err := kube.Pods(t.Context(), platform, naming.Postgres)
	check(t, err)
	var names []string
	for i := range pods {
		if pods[i].Name != primary && pods[i].Labels["cnpg.io/podRole"] == "instance" {
			names = append(names, pods[i].Name)
		}
	}
	if len(names) == 0 {
		t.Fatal("there is no standby")
	}
	return slices.Min(names)
}

func promote(t *testing.T, platform types.NamespacedName, request string) {
	t.Helper()
	check(t, kube.Change(t.Context(), platform, fmt.Sprintf(`{"metadata":{"annotations":{%q:%q}}}`, naming.AnnotationPromote, request)))
}

func waitPromotion(t *testing.T, platform types.NamespacedName, request string, state v1alpha1.PromotionState) *v1alpha1.XaTubeCluster {
	t.Helper()
	var seen *v1alpha1.XaTubeCluster
	check(t, kube.WaitPlatform(t.Context(), platform, promotionTimeout, fmt.Sprintf("promotion %s %s", request, state), func(x *v1alpha1.XaTubeCluster) error {
		p := x.Status.Postgres.Promotion
		if p == nil || p.Request != request {
			return errors.New("the request is not noticed")
		}
		if p.State != state {
			return fmt.Errorf("it is %s: %s", p.State, p.Message)
		}
		seen = x
		return nil
	}))
	return seen
}
