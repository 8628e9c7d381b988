//go:build e2e

package e2e

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
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

// rotationTimeout covers the roll of two backends with the departure of the former ones.
const rotationTimeout = 6 * time.Minute

// rotating has two backends, so that one serves while the other is replaced, and no limits in the way.
var rotating = strings.NewReplacer("backend: {replicas: 1,", "backend: {replicas: 2,",
	"edge: {", "edge: {rateLimit: {api: {requestsPerSecond: 1000, burst: 1000}}, ").Replace(drive.Small)

// TestRotation rotates every generated credential, and deletes the Secrets by hand, while people use the platform.
func TestRotation(t *testing.T) {
	t.Parallel()
	platform := apply(t, namespace(t), "tube", rotating)
	ready(t, platform, readyTimeout)
	for _, component := range []string{naming.Redis, naming.RabbitMQ, naming.Postgres} {
		t.Run(component, func(t *testing.T) { rotates(t, platform, component) })
	}
	t.Run("PostgresOnceMore", func(t *testing.T) { rotates(t, platform, naming.Postgres) })
	t.Run("SigningKey", func(t *testing.T) { rotatesTheSigningKey(t, platform) })
	for _, component := range []string{naming.Redis, naming.RabbitMQ, naming.Postgres} {
		t.Run("Deleted"+component, func(t *testing.T) { survivesALostSecret(t, platform, component) })
	}
	t.Run("WrongName", func(t *testing.T) { refusesAWrongRotation(t, platform) })
}

// used starts people who use everything that needs a credential, until the end of the test, which none may fail.
func used(t *testing.T, platform types.NamespacedName) (stop func()) {
	t.Helper()
	user := register(t, open(t, platform).Unlimited())
	video, _, err := user.Upload(t.Context(), t.Name(), []byte("clip"))
	check(t, err)
	load := drive.StartLoad(t.Context(), loadInterval, func(ctx context.Context, number int) error {
		if number%3 == 0 {
			_, err := user.Comment(ctx, video.ID, fmt.Sprint(number))
			return err
		}
		_, err := user.Me(ctx)
		return err
	})
	return func() {
		t.Helper()
		tally := load.Stop()
		t.Log(tally)
		if tally.Failures > 0 || tally.Requests == 0 {
			t.Errorf("%s: %s", tally, strings.Join(tally.First, "; "))
		}
	}
}

func rotates(t *testing.T, platform types.NamespacedName, component string) {
	former, err := kube.Credential(t.Context(), platform, component)
	check(t, err)
	check(t, kube.Login(t.Context(), platform, component, former))
	servers := pods(t, platform, component)
	stop := used(t, platform)
	check(t, kube.Rotate(t.Context(), platform, component, rotationTimeout))
	ready(t, platform, changeTimeout)
	check(t, kube.WaitDeparted(t.Context(), platform, changeTimeout))
	stop()

	newest, err := kube.Credential(t.Context(), platform, component)
	check(t, err)
	if string(newest.Data["password"]) == string(former.Data["password"]) {
		t.Error("the password is the former one")
	}
	check(t, kube.Login(t.Context(), platform, component, newest))
	refused(t, platform, component, former)
	untouched(t, "the servers", servers, pods(t, platform, component))
}

// pods of the servers of a component, which are numbered. Those of its Jobs are not.
func pods(t *testing.T, platform types.NamespacedName, component string) drive.Inventory {
	t.Helper()
	numbered := regexp.MustCompile("(^|/)" + platform.Name + "-" + component + "-[0-9]+$")
	found := drive.Inventory{}
	for name, identity := range children(t, platform).Only("Pod") {
		if numbered.MatchString(name) {
			found[name] = identity
		}
	}
	return found
}

// rotatesTheSigningKey: the application takes one key, so that logins end. No connection fails, and nothing else is
// refused.
func rotatesTheSigningKey(t *testing.T, platform types.NamespacedName) {
	site := open(t, platform)
	user := register(t, site)
	pages := drive.StartLoad(t.Context(), loadInterval, func(ctx context.Context, _ int) error { return site.Unlimited().Page(ctx) })
	logins := drive.StartLoad(t.Context(), loadInterval, func(ctx context.Context, _ int) error {
		_, err := user.Me(ctx)
		return err
	})
	check(t, kube.Rotate(t.Context(), platform, naming.Backend, rotationTimeout))
	ready(t, platform, changeTimeout)
	check(t, kube.WaitDeparted(t.Context(), platform, changeTimeout))
	if tally := pages.Stop(); tally.Failures > 0 || tally.Requests == 0 {
		t.Errorf("%s: %s", tally, strings.Join(tally.First, "; "))
	}
	tally := logins.Stop()
	t.Logf("a user who does not log in again: %s", tally)
	for _, failure := range tally.First {
		if !strings.Contains(failure, fmt.Sprint(http.StatusUnauthorized)) {
			t.Errorf("a login ended otherwise than by 401: %s", failure)
		}
	}
	if _, err := user.Me(t.Context()); err == nil {
		t.Error("the former login still works")
	}
	check(t, user.Login(t.Context()))
	_, err := user.Me(t.Context())
	check(t, err)
}

// survivesALostSecret deletes the Secret in use by hand: another takes its place, and nobody notices.
func survivesALostSecret(t *testing.T, platform types.NamespacedName, component string) {
	former, err := kube.Credential(t.Context(), platform, component)
	check(t, err)
	stop := used(t, platform)
	check(t, kube.Delete(t.Context(), former))
	_, err = kube.WaitCondition(t.Context(), platform, v1alpha1.ConditionReady, metav1.ConditionFalse, "", reportTimeout)
	check(t, err)
	ready(t, platform, rotationTimeout)
	check(t, kube.WaitDeparted(t.Context(), platform, changeTimeout))
	stop()
	newest, err := kube.Credential(t.Context(), platform, component)
	check(t, err)
	check(t, kube.Login(t.Context(), platform, component, newest))
	refused(t, platform, component, former)
}

// refused waits until a server does not let a former credential in: CloudNativePG takes a role away in its own time.
func refused(t *testing.T, platform types.NamespacedName, component string, former *corev1.Secret) {
	t.Helper()
	check(t, drive.Until(t.Context(), reportTimeout, "end of the former credential", func(ctx context.Context) error {
		switch err := kube.Login(ctx, platform, component, former); {
		case errors.Is(err, drive.ErrRefused):
			return nil
		case err != nil:
			return err
		}
		return errors.New("it still works")
	}))
}

func refusesAWrongRotation(t *testing.T, platform types.NamespacedName) {
	before := children(t, platform)
	annotate := func(value string) {
		check(t, kube.Change(t.Context(), platform, fmt.Sprintf(`{"metadata":{"annotations":{%q:%s}}}`, naming.AnnotationRotate, value)))
	}
	annotate(`"mysql"`)
	found, err := kube.WaitCondition(t.Context(), platform, v1alpha1.ConditionCredentialsReady, metav1.ConditionFalse, v1alpha1.ReasonInvalidAnnotation, reportTimeout)
	check(t, err)
	if !strings.Contains(found.Message, naming.AnnotationRotate) || !strings.Contains(found.Message, "redis@2") {
		t.Errorf("the condition names neither the annotation nor the cure: %s", found.Message)
	}
	untouched(t, "after a wrong annotation", before, children(t, platform))
	annotate("null")
	ready(t, platform, reportTimeout)
}
