// Package credential describes and generates the secrets of a platform. A credential is generated once, kept in a
// Secret that is never overwritten, and never logged.
package credential

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
)

// Request asks for one Secret, or for its end.
type Request struct {
	// Component that uses the Secret.
	Component string
	// Name of the Secret.
	Name string
	// Type of a new Secret; empty for an opaque one.
	Type corev1.SecretType
	// Data makes the content of a new Secret out of a fresh generator.
	Data func(Generator) map[string][]byte
	// Annotations of a new Secret.
	Annotations map[string]string
	// Retire asks for the Secret to be deleted: another has taken its place, and nothing uses it any more.
	Retire bool
}

// Generator makes random values.
type Generator struct{}

// Password is a new random value of 192 bits in 32 URL-safe characters without line ends.
func (Generator) Password() string {
	var b [24]byte
	// Read never fails on supported platforms: the runtime ends the program instead.
	if _, err := rand.Read(b[:]); err != nil {
		panic(fmt.Sprintf("reading random bytes: %v", err))
	}
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// Digest is short and stable over the content of a Secret. A Secret that is made is annotated with it, so that a change
// by hand shows.
func Digest(data map[string][]byte) string {
	h := sha256.New()
	for _, key := range slices.Sorted(maps.Keys(data)) {
		_, _ = fmt.Fprintf(h, "%d:%s%d:%s", len(key), key, len(data[key]), data[key])
	}
	return hex.EncodeToString(h.Sum(nil)[:8])
}
