package controller_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"maps"
	"strings"
	"sync"
	"testing"

	"github.com/go-logr/logr"
	. "github.com/onsi/gomega"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component/naming"
	"github.com/xatube/xatube-operator/internal/controller"
	"github.com/xatube/xatube-operator/test/scene"
)

// lines is a log that several write at the same time.
type lines struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// logTo writes all that an operator says, as its main program does with --log-level debug, and more.
func logTo(l *lines) func(*ctrl.Options) {
	return func(o *ctrl.Options) {
		o.Logger = logr.FromSlogHandler(slog.NewJSONHandler(l, &slog.HandlerOptions{Level: slog.Level(-10)}))
	}
}

// TestNoCredentialIsLogged over the life of a platform: it is made, its logins are rotated, a Secret of the user is wrong
// and mended, a migration fails, objects are repaired, and everything is deleted.
func TestNoCredentialIsLogged(t *testing.T) {
	withDatabase(t)
	g := NewWithT(t)
	ns := newNamespace(t)
	log := &lines{}
	startWith(t, controller.Config{Namespaces: []string{ns}, ClusterDomain: "cluster.local"}, logTo(log))
	login := &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Name: "login", Namespace: ns},
		StringData: map[string]string{"username": "collector-of-lines", "password": "${env:a-password-of-the-user}"},
	}
	g.Expect(api.Create(t.Context(), login)).To(Succeed())
	c := platform(t, ns, func(c *v1alpha1.XaTubeCluster) {
		c.Spec.Logging = &v1alpha1.LoggingSpec{Endpoint: &v1alpha1.LogEndpoint{
			URL: "http://elasticsearch.logs.svc:9200", SecretRef: &v1alpha1.LocalSecret{Name: "login"},
		}}
		c.Spec.DeletionPolicy = v1alpha1.DeletionDelete
	})
	secrets := map[string]string{}
	remember := func() {
		t.Helper()
		maps.Copy(secrets, secretValues(t, ns))
	}
	eventually(g, condition(t.Context(), c, v1alpha1.ConditionLoggingReady)).Should(HaveField("Reason", v1alpha1.ReasonSecretInvalid))
	remember()
	login.StringData = map[string]string{"password": "another-password-of-the-user"}
	g.Expect(api.Update(t.Context(), login)).To(Succeed())
	retention(t, g, ns)
	makeReady(t, c)

	update(t, c, func() {
		metav1.SetMetaDataAnnotation(&c.ObjectMeta, naming.AnnotationRotate, naming.Redis+","+naming.RabbitMQ)
	})
	eventually(g, func() error { return exists(t.Context(), &corev1.Secret{}, ns, "demo-redis-alternate")() }).Should(Succeed())
	remember()
	first := migrationJob(t, ns, "")
	update(t, c, func() { c.Spec.Backend.Image = "example.com/backend:broken" })
	complete(t, ns, migrationJob(t, ns, first), batchv1.JobFailed)
	eventually(g, condition(t.Context(), c, v1alpha1.ConditionMigrationsApplied)).Should(HaveField("Reason", v1alpha1.ReasonMigrationFailed))
	config := &corev1.ConfigMap{}
	g.Expect(exists(t.Context(), config, ns, "demo-redis")()).To(Succeed())
	config.Data["redis.conf"] = "requirepass nothing"
	g.Expect(api.Update(t.Context(), config)).To(Succeed())
	eventually(g, log.String).Should(ContainSubstring("Object differs"))
	remember()

	g.Expect(api.Delete(t.Context(), c)).To(Succeed())
	eventually(g, func() bool {
		_, err := scene.ReleaseClaims(t.Context(), api, ns)
		g.Expect(err).NotTo(HaveOccurred())
		return apierrors.IsNotFound(api.Get(t.Context(), client.ObjectKeyFromObject(c), c))
	}).Should(BeTrue())

	// The platform is gone a moment before the operator says so.
	eventually(g, log.String).Should(ContainSubstring("Released the platform"))
	said := log.String()
	for _, act := range []string{"Generated credential", "Applied object", "Deleted object", "Released the platform"} {
		g.Expect(said).To(ContainSubstring(act), "an act leaves a line")
	}
	g.Expect(len(secrets)).To(BeNumerically(">", 15), "there were credentials to betray")
	for value, name := range secrets {
		g.Expect(strings.Contains(said, value)).To(BeFalse(), "the log holds %s", name)
	}
	for line := range strings.Lines(said) {
		g.Expect(json.Valid([]byte(line))).To(BeTrue(), "a line is not structured: %s", line)
	}
}

// secretValues of a namespace, each with its name. What is short or said openly elsewhere is no secret.
func secretValues(t *testing.T, ns string) map[string]string {
	t.Helper()
	var list corev1.SecretList
	if err := api.List(t.Context(), &list, client.InNamespace(ns)); err != nil {
		t.Fatal(err)
	}
	open := []string{"username", "host", "port", "user", "dbname", "ca.crt", "tls.crt"}
	out := map[string]string{}
	for _, s := range list.Items {
		for key, value := range s.Data {
			if len(value) >= 8 && !strings.Contains(strings.Join(open, " "), key) {
				out[string(value)] = s.Name + "/" + key
			}
		}
	}
	return out
}
