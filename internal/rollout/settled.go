package rollout

import (
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/xatube/xatube-operator/internal/component"
	"github.com/xatube/xatube-operator/internal/component/naming"
	"github.com/xatube/xatube-operator/internal/component/postgres"
	"github.com/xatube/xatube-operator/internal/component/workload"
)

// ByOperator says that whatever would replace pods now is caused by the operator itself: the platform is made of the
// same as when it last came to rest.
func ByOperator(in component.Input) bool { return same(in.Cluster.Status.Settled, fingerprint(in)) }

// Settled is the fingerprint to keep after a pass: that of now when the platform rests. While it does not, that of before
// stays, for the next pass to compare with; only what stands for the same is renewed.
func Settled(in component.Input, rests bool) string {
	if rests || ByOperator(in) {
		return fingerprint(in)
	}
	return in.Cluster.Status.Settled
}

// same knows that a new version of the CRD brings new defaults into the spec without anybody having written it: either
// the generation or the hash of the spec is enough.
func same(former, now string) bool {
	f, n := strings.Split(former, separator), strings.Split(now, separator)
	return len(f) == len(n) && f[2] == n[2] && (f[0] == n[0] || f[1] == n[1])
}

const separator = "/"

// fingerprint of all that users decide about pods: generation of the spec, hash of the spec, hash of the rest, which no
// generation counts.
func fingerprint(in component.Input) string {
	c := in.Cluster
	spec := c.Spec.DeepCopy()
	// Scaling replaces no pods but where it crosses one of these bounds.
	spec.Backend.Replicas = nil
	single := c.Spec.Backend.Replicas != nil && *c.Spec.Backend.Replicas == 1
	// Specs, numbers and bytes always have a JSON form.
	specHash, _ := workload.Checksum(spec, single, postgres.MaxConnections(in))
	contentHash, _ := workload.Checksum(append(content(in), c.Annotations[naming.AnnotationRetry])...)
	return strings.Join([]string{strconv.FormatInt(c.Generation, 10), specHash, contentHash}, separator)
}

// content of the Secrets and ConfigMaps that pods use. CloudNativePG renews the certificates of its own.
func content(in component.Input) []any {
	used := in.Cluster.SecretNames()
	for name, s := range in.Facts.Secrets {
		rotated := s.Annotations[naming.AnnotationRotation] != ""
		if s.Labels[naming.LabelComponent] != naming.Postgres || name == naming.PostgresAppSecret(in.Cluster) || rotated {
			used = append(used, name)
		}
	}
	slices.Sort(used)
	var out []any
	for _, name := range slices.Compact(used) {
		out = append(out, name, data(in.Facts.Secrets[name]))
	}
	for _, name := range in.Cluster.ConfigMapNames() {
		if m := in.Facts.ConfigMaps[name]; m != nil {
			out = append(out, name, m.Data)
			if len(m.BinaryData) > 0 {
				out = append(out, m.BinaryData)
			}
		}
	}
	return out
}

func data(s *corev1.Secret) map[string][]byte {
	if s == nil {
		return nil
	}
	return s.Data
}
