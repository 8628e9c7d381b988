package logging

import (
	"fmt"
	"strings"

	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component"
	"github.com/xatube/xatube-operator/internal/component/naming"
	"github.com/xatube/xatube-operator/internal/component/workload"
	"github.com/xatube/xatube-operator/internal/outcome"
)

// Keys of the Secret with a login.
const (
	keyUsername = "username"
	keyPassword = "password"
	keyAPIKey   = "apiKey"
)

// Environment variables that hold the login.
const (
	envUsername = "ELASTICSEARCH_USERNAME"
	envPassword = "ELASTICSEARCH_PASSWORD"
	envAPIKey   = "ELASTICSEARCH_API_KEY"
)

const (
	volumeCA = "ca"
	caPath   = "/etc/elasticsearch-ca"
	caFile   = "ca.crt"
)

// sink is where the lines go.
type sink struct {
	url, stream string
	// login is the Secret with the login; empty for none.
	login string
	// ca is the certificate of the authority that signed the server's; nil for a public one.
	ca *v1alpha1.KeySelector
}

func sinkOf(in component.Input) sink {
	c := in.Cluster
	stream := fmt.Sprintf("logs-xatube-%s.%s", c.Namespace, c.Name)
	e := c.Spec.Logging.Endpoint
	if e == nil {
		return sink{
			url:    fmt.Sprintf("https://%s-es-http.%s.svc:9200", c.Name, c.Namespace),
			stream: stream,
			login:  loginSecret(c),
			ca:     &v1alpha1.KeySelector{Name: v1alpha1.ObjectName(c.ElasticsearchCASecret()), Key: caFile},
		}
	}
	s := sink{url: strings.TrimSuffix(e.URL, "/"), stream: stream, ca: e.CARef}
	if e.DataStream != "" {
		s.stream = e.DataStream
	}
	if e.SecretRef != nil {
		s.login = string(e.SecretRef.Name)
	}
	return s
}

// withKey says that the login is an API key.
func (s sink) withKey(in component.Input) bool {
	secret := in.Facts.Secrets[s.login]
	return secret != nil && len(secret.Data[keyAPIKey]) > 0
}

// check the user's Secrets.
func (s sink) check(in component.Input) error {
	if in.Cluster.Spec.Logging.Endpoint == nil {
		return nil
	}
	if err := s.checkCA(in); err != nil || s.login == "" {
		return err
	}
	secret := in.Facts.Secrets[s.login]
	if secret == nil {
		return outcome.Waiting(v1alpha1.ReasonSecretNotFound,
			"Secret %s does not exist; create it with keys username and password, or apiKey, or correct spec.logging.endpoint.secretRef", s.login)
	}
	keys := []string{keyUsername, keyPassword}
	if s.withKey(in) {
		keys = []string{keyAPIKey}
	}
	for _, key := range keys {
		value := string(secret.Data[key])
		switch {
		case value == "":
			return outcome.Waiting(v1alpha1.ReasonSecretKeyMissing,
				"Secret %s has no key %s; give it username and password, or apiKey", s.login, key)
		case strings.ContainsAny(value, "\r\n") || strings.Contains(value, "$$") || strings.Contains(value, "${"):
			return outcome.Waiting(v1alpha1.ReasonSecretInvalid,
				"key %s of Secret %s holds a line end, $$ or ${, which the collector cannot take from its environment; choose another login", key, s.login)
		}
	}
	return nil
}

func (s sink) checkCA(in component.Input) error {
	if s.ca == nil {
		return nil
	}
	secret := in.Facts.Secrets[string(s.ca.Name)]
	switch {
	case secret == nil:
		return outcome.Waiting(v1alpha1.ReasonSecretNotFound,
			"Secret %s does not exist; create it with key %s, or correct spec.logging.endpoint.caRef", s.ca.Name, s.ca.Key)
	case len(secret.Data[s.ca.Key]) == 0:
		return outcome.Waiting(v1alpha1.ReasonSecretKeyMissing,
			"Secret %s has no key %s; add it, or correct spec.logging.endpoint.caRef.key", s.ca.Name, s.ca.Key)
	}
	return nil
}

// authority is the certificate's content: programs read it at their start only.
func (s sink) authority(in component.Input) []byte {
	if s.ca == nil || in.Facts.Secrets[string(s.ca.Name)] == nil {
		return nil
	}
	return in.Facts.Secrets[string(s.ca.Name)].Data[s.ca.Key]
}

// env gives a container the login.
func (s sink) env(in component.Input) []*corev1ac.EnvVarApplyConfiguration {
	switch {
	case s.login == "":
		return nil
	case s.withKey(in):
		return []*corev1ac.EnvVarApplyConfiguration{workload.SecretEnv(envAPIKey, s.login, keyAPIKey)}
	}
	return []*corev1ac.EnvVarApplyConfiguration{
		workload.SecretEnv(envUsername, s.login, keyUsername),
		workload.SecretEnv(envPassword, s.login, keyPassword),
	}
}

// trust gives a container the authority's certificate, and returns the pod's volume for it.
func (s sink) trust(c *corev1ac.ContainerApplyConfiguration) []*corev1ac.VolumeApplyConfiguration {
	if s.ca == nil {
		return nil
	}
	c.WithVolumeMounts(workload.Mount(volumeCA, caPath).WithReadOnly(true))
	volume := workload.SecretVolume(volumeCA, string(s.ca.Name))
	volume.Secret.WithItems(corev1ac.KeyToPath().WithKey(s.ca.Key).WithPath(caFile))
	return []*corev1ac.VolumeApplyConfiguration{volume}
}

func loginSecret(c *v1alpha1.XaTubeCluster) string { return naming.Child(c, naming.Logging) }
