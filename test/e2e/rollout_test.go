//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component/naming"
	"github.com/xatube/xatube-operator/test/drive"
)

// holdsABadRevisionAndTakesItBack rolls out an image that ends at its start. Hold leaves it beside the former pods, which
// serve on; Revert takes it away again. In both cases the conditions tell the cause, until the spec is corrected.
func holdsABadRevisionAndTakesItBack(t *testing.T, platform types.NamespacedName) {
	user := register(t, open(t, platform))
	former := podsOf(t, platform, naming.Backend)
	check(t, kube.Change(t.Context(), platform, `{"spec":{"backend":{"image":"`+newImage+`",
		"pod":{"env":[{"name":"XATUBE_CRASH","value":"module app.main is missing"}]}}}}`))
	held, err := kube.WaitCondition(t.Context(), platform, v1alpha1.ConditionBackendReady, metav1.ConditionFalse, v1alpha1.ReasonRolloutFailed, changeTimeout)
	check(t, err)
	t.Logf("held: %s", held.Message)
	for _, text := range []string{newImage, "module app.main is missing", "://***@"} {
		if !strings.Contains(held.Message, text) {
			t.Errorf("the condition lacks %q: %s", text, held.Message)
		}
	}
	if strings.Contains(held.Message, databasePassword(t, platform)) {
		t.Error("the condition shows the password of the database")
	}
	stalls(t, platform, v1alpha1.ReasonRolloutFailed)
	servesAs(t, user, oldVersion)

	check(t, kube.Change(t.Context(), platform, `{"spec":{"backend":{"rollout":{"onFailure":"Revert"}}}}`))
	reverted, err := kube.WaitCondition(t.Context(), platform, v1alpha1.ConditionBackendReady, metav1.ConditionFalse, v1alpha1.ReasonRolloutReverted, changeTimeout)
	check(t, err)
	t.Logf("reverted: %s", reverted.Message)
	stalls(t, platform, v1alpha1.ReasonRolloutReverted)
	check(t, kube.WaitPlatform(t.Context(), platform, changeTimeout, "the former revision alone", func(x *v1alpha1.XaTubeCluster) error {
		b := x.Status.Backend
		if strings.HasSuffix(b.Image, ":"+oldVersion) && b.Replicas == 3 && b.UpdatedReplicas == 3 && b.ReadyReplicas == 3 {
			return nil
		}
		return fmt.Errorf("status.backend is %+v", b)
	}))
	servesAs(t, user, oldVersion)
	check(t, kube.Change(t.Context(), platform, `{"spec":{"backend":{"image":null,"rollout":null,"pod":{"env":null}}}}`))
	ready(t, platform, changeTimeout)
	check(t, kube.WaitDeparted(t.Context(), platform, changeTimeout))
	if now := podsOf(t, platform, naming.Backend); !maps.Equal(former, now) {
		t.Errorf("after a bad image was held and taken back the backends are %v, before they were %v", now, former)
	}
}

// podsOf a component by the ids that no other pods have.
func podsOf(t *testing.T, platform types.NamespacedName, component string) map[types.UID]string {
	t.Helper()
	pods, err := kube.Pods(t.Context(), platform, component)
	check(t, err)
	out := map[types.UID]string{}
	for i := range pods {
		out[pods[i].UID] = pods[i].Name
	}
	return out
}

func stalls(t *testing.T, platform types.NamespacedName, reason string) {
	t.Helper()
	_, err := kube.WaitCondition(t.Context(), platform, v1alpha1.ConditionStalled, metav1.ConditionTrue, reason, reportTimeout)
	check(t, err)
}

func servesAs(t *testing.T, user *drive.User, version string) {
	t.Helper()
	answer, err := user.Me(t.Context())
	check(t, err)
	if answer.Version != version {
		t.Errorf("version %q answers, want %s", answer.Version, version)
	}
}

// scalesToZeroAndBack stops the backend by choice: the API says when to come again, the pages go on.
func scalesToZeroAndBack(t *testing.T, platform types.NamespacedName) {
	site := open(t, platform)
	check(t, kube.Scale(t.Context(), platform, 0))
	_, err := kube.WaitCondition(t.Context(), platform, v1alpha1.ConditionBackendReady, metav1.ConditionTrue, v1alpha1.ReasonScaledToZero, changeTimeout)
	check(t, err)
	check(t, kube.WaitDeparted(t.Context(), platform, changeTimeout))
	check(t, drive.Until(t.Context(), reportTimeout, "503 of the edge", func(ctx context.Context) error {
		answer, err := site.Get(ctx, "/api/streams")
		if err != nil {
			return err
		}
		if media := answer.Header.Get("Content-Type"); answer.Status != http.StatusServiceUnavailable || answer.Header.Get("Retry-After") == "" || media != "application/json" {
			return fmt.Errorf("/api/streams answers %d with Retry-After %q as %s: %.200s", answer.Status, answer.Header.Get("Retry-After"), media, answer.Body)
		}
		return nil
	}))
	check(t, site.Page(t.Context()))
	check(t, kube.Scale(t.Context(), platform, 3))
	ready(t, platform, changeTimeout)
	get(t, site, "/openapi.json", http.StatusOK)
}

const (
	// secureRate is in requests a second.
	secureRate = 20
	// certificateSecret holds the certificate of the edge.
	certificateSecret = "edge-certificate"
)

// renewsItsCertificate replaces the certificate of the edge, and then changes its configuration, while visitors come over
// HTTPS. They trust the authority, and no request of theirs fails.
func renewsItsCertificate(t *testing.T, platform types.NamespacedName) {
	host := platform.Name + "-" + naming.Edge
	authority, err := drive.NewAuthority()
	check(t, err)
	first, err := authority.Issue(host)
	check(t, err)
	secret := first.Secret(platform.Namespace, certificateSecret)
	check(t, kube.Create(t.Context(), secret))
	// All visitors have one address, so the limits are out of their way.
	rollsTheEdge(t, platform, func() error {
		return kube.Change(t.Context(), platform, `{"spec":{"edge":{"tls":{"secretName":"`+certificateSecret+`"},
			"rateLimit":{"api":{"requestsPerSecond":1000,"burst":1000},"web":{"requestsPerSecond":1000,"burst":1000}}}}}`)
	})
	visitors, err := kube.StartSecureVisitors(t.Context(), platform.Namespace, host, authority.PEM(), secureRate)
	check(t, err)

	second, err := authority.Issue(host)
	check(t, err)
	rollsTheEdge(t, platform, func() error {
		before := secret.DeepCopy()
		secret.Data = second.Secret(secret.Namespace, secret.Name).Data
		return kube.Patch(t.Context(), secret, client.MergeFrom(before))
	})
	shows(t, platform, second)
	rollsTheEdge(t, platform, func() error {
		return kube.Change(t.Context(), platform, `{"spec":{"edge":{"cache":{"api":"3s"}}}}`)
	})
	seconds, err := visitors.Stop(t.Context())
	check(t, err)
	requests, failures := 0, []string(nil)
	for _, s := range seconds {
		requests += len(s.Milliseconds)
		failures = append(failures, s.Failures...)
	}
	t.Logf("%d requests over HTTPS, %d failed", requests, len(failures))
	if requests == 0 || len(failures) > 0 {
		t.Errorf("%d of %d requests failed: %s", len(failures), requests, strings.Join(failures[:min(5, len(failures))], "; "))
	}
}

// rollsTheEdge makes a change and waits until it has replaced every pod of the edge, and the last of them is gone.
func rollsTheEdge(t *testing.T, platform types.NamespacedName, change func() error) {
	t.Helper()
	former := podsOf(t, platform, naming.Edge)
	check(t, change())
	started := time.Now()
	check(t, drive.Until(t.Context(), changeTimeout, "new pods of the edge", func(ctx context.Context) error {
		pods, err := kube.Pods(ctx, platform, naming.Edge)
		if err != nil {
			return err
		}
		for i := range pods {
			if name, known := former[pods[i].UID]; known {
				return fmt.Errorf("%s is still there", name)
			}
		}
		return nil
	}))
	ready(t, platform, changeTimeout)
	t.Logf("the edge was rolled in %s", time.Since(started).Round(time.Second))
}

// shows fails unless the edge shows a certificate.
func shows(t *testing.T, platform types.NamespacedName, want *drive.Certificate) {
	t.Helper()
	addr, stop, err := kube.Forward(t.Context(), platform.Namespace, platform.Name+"-"+naming.Edge, 443)
	check(t, err)
	defer stop()
	got, err := drive.ShownCertificate(t.Context(), addr)
	check(t, err)
	if !got.Equal(want.Certificate) {
		t.Errorf("the edge shows the certificate with number %s, want %s", got.SerialNumber, want.Certificate.SerialNumber)
	}
}
