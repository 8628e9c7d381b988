// Package external judges servers that somebody else runs: the Secret that the spec names must exist and hold a URI
// that the application can use.
package external

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component"
	"github.com/xatube/xatube-operator/internal/component/workload"
	"github.com/xatube/xatube-operator/internal/outcome"
)

// defaultKey is the key that the schema fills in.
const defaultKey = "uri"

// Server is a server that somebody else runs.
type Server struct {
	// Field of the spec that names the server, e.g. spec.redis.external.
	Field string
	// Ref is where its URI is kept.
	Ref v1alpha1.SecretKey
	// Schemes that the application understands, e.g. redis.
	Schemes []string
}

// URI of the server. The error says what is missing and how to mend it, and never quotes the value: it holds a
// password.
func (s Server) URI(in component.Input) ([]byte, error) {
	name, key := s.secretKey()
	secret := in.Facts.Secrets[name]
	if secret == nil {
		return nil, outcome.Waiting(v1alpha1.ReasonSecretNotFound,
			"Secret %s does not exist; create it with key %s, or correct %s.secretRef.name", name, key, s.Field)
	}
	uri, found := secret.Data[key]
	if !found || len(uri) == 0 {
		return nil, outcome.Waiting(v1alpha1.ReasonSecretKeyMissing,
			"Secret %s has no key %s; add it with the URI as its value, or correct %s.secretRef.key", name, key, s.Field)
	}
	if fault := s.fault(string(uri)); fault != "" {
		return nil, outcome.Waiting(v1alpha1.ReasonSecretInvalid,
			"key %s of Secret %s %s; correct the value", key, name, fault)
	}
	return uri, nil
}

func (s Server) fault(uri string) string {
	if strings.ContainsAny(uri, " \t\r\n") {
		return "holds a blank or a line end"
	}
	scheme, rest, found := strings.Cut(uri, "://")
	if !found || rest == "" || !slices.Contains(s.Schemes, scheme) {
		return fmt.Sprintf("does not start with %s://", strings.Join(s.Schemes, ":// or "))
	}
	return ""
}

// Health of a server that is not ours to judge: it is ready when its URI is.
func (s Server) Health(in component.Input) component.Health {
	_, err := s.URI(in)
	if blocked, ok := outcome.AsBlocked(err); ok {
		return component.NotReady(blocked.Reason, blocked.Message)
	}
	name, _ := s.secretKey()
	return component.Off(v1alpha1.ReasonExternal, fmt.Sprintf("run elsewhere; the URI is in Secret %s", name))
}

// Env is an environment variable that holds the URI.
func (s Server) Env(variable string) *corev1ac.EnvVarApplyConfiguration {
	name, key := s.secretKey()
	return workload.SecretEnv(variable, name, key)
}

func (s Server) secretKey() (name, key string) {
	return string(s.Ref.Name), cmp.Or(s.Ref.Key, defaultKey)
}
