//go:build e2e

package e2e

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/test/drive"
)

// diary is what the platform has acknowledged.
type diary struct {
	mu    sync.Mutex
	texts []string
}

func (d *diary) add(text string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.texts = append(d.texts, text)
}

// survivesTheDeathOfThePrimary kills the primary of the database while users write. What was acknowledged is there
// afterwards, and the status tells of the failover.
func survivesTheDeathOfThePrimary(t *testing.T, platform types.NamespacedName) {
	site := open(t, platform)
	user := register(t, site)
	video, _, err := user.Upload(t.Context(), t.Name(), []byte("clip"))
	check(t, err)
	var acknowledged diary
	load := drive.StartLoad(t.Context(), loadInterval, func(ctx context.Context, number int) error {
		text := fmt.Sprintf("row %d", number)
		if _, err := user.Comment(ctx, video.ID, text); err != nil {
			return err
		}
		acknowledged.add(text)
		return nil
	})
	from := kill(t, platform)
	failover := waitFailover(t, platform, from)
	ready(t, platform, changeTimeout)
	tally := load.Stop()
	t.Logf("failover from %s to %s in %s s as the operator saw it; users: %s", failover.From, failover.To, failover.Seconds, tally)

	present, err := user.Comments(t.Context(), video.ID)
	check(t, err)
	found := map[string]bool{}
	for _, comment := range present {
		found[comment.Text] = true
	}
	var lost []string
	for _, text := range acknowledged.texts {
		if !found[text] {
			lost = append(lost, text)
		}
	}
	if len(lost) > 0 || len(acknowledged.texts) == 0 {
		t.Errorf("%d of %d acknowledged rows are lost: %s", len(lost), len(acknowledged.texts), strings.Join(lost, ", "))
	}
}

// kill ends the primary's pod as a crash would, without time to hand over.
func kill(t *testing.T, platform types.NamespacedName) string {
	t.Helper()
	x, err := kube.Platform(t.Context(), platform)
	check(t, err)
	primary := x.Status.Postgres.Primary
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: platform.Namespace, Name: primary}}
	check(t, kube.Delete(t.Context(), pod, client.GracePeriodSeconds(1)))
	return primary
}

func waitFailover(t *testing.T, platform types.NamespacedName, from string) v1alpha1.FailoverStatus {
	t.Helper()
	var seen v1alpha1.FailoverStatus
	check(t, kube.WaitPlatform(t.Context(), platform, 2*time.Minute, "failover", func(x *v1alpha1.XaTubeCluster) error {
		last := x.Status.Postgres.LastFailover
		if last == nil || last.CompletedAt == nil {
			return errors.New("status.postgres.lastFailover is not complete")
		}
		seen = *last
		if seen.From != from || seen.To == "" || seen.To == from || x.Status.Postgres.Primary != seen.To {
			return fmt.Errorf("lastFailover is from %s to %s, the primary %s; %s was killed", seen.From, seen.To, x.Status.Postgres.Primary, from)
		}
		return nil
	}))
	return seen
}
