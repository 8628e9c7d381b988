package rotation

import (
	"fmt"
	"slices"
	"strings"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component/naming"
)

// rotatable are the components that have a generated credential.
var rotatable = []string{naming.Backend, naming.Postgres, naming.RabbitMQ, naming.Redis}

// entries of the annotation: components, each with any text after an @ that tells one wish from the next.
func entries(c *v1alpha1.XaTubeCluster) []string {
	return strings.FieldsFunc(c.Annotations[naming.AnnotationRotate], func(r rune) bool { return r == ',' || r == ' ' })
}

// wish is the entry that names a component; empty when none does, or when it cannot be granted.
func wish(c *v1alpha1.XaTubeCluster, comp string) string {
	if comp == naming.Postgres && c.Spec.Postgres.Pooler != nil {
		return ""
	}
	for _, e := range entries(c) {
		if name, _, _ := strings.Cut(e, "@"); name == comp {
			return e
		}
	}
	return ""
}

// Problem says what is wrong with the annotation and what to write instead; empty when it can be followed.
func Problem(c *v1alpha1.XaTubeCluster) string {
	external := map[string]bool{
		naming.Postgres: c.Spec.Postgres.External != nil,
		naming.RabbitMQ: c.Spec.RabbitMQ.External != nil,
		naming.Redis:    c.Spec.Redis.External != nil,
	}
	seen := map[string]bool{}
	for _, e := range entries(c) {
		name, _, _ := strings.Cut(e, "@")
		switch {
		case !slices.Contains(rotatable, name):
			return fmt.Sprintf("annotation %s names %q, which has no generated credential: write one or several of %s, each with any text after an @ to ask once more, e.g. redis@2",
				naming.AnnotationRotate, name, strings.Join(rotatable, ", "))
		case external[name]:
			return fmt.Sprintf("annotation %s names %s, which is run elsewhere: change the Secret that spec.%s.external names, and take %s out of the annotation",
				naming.AnnotationRotate, name, name, name)
		case name == naming.Postgres && c.Spec.Postgres.Pooler != nil:
			return fmt.Sprintf("annotation %s names %s, whose login cannot be rotated behind a pooler, which does not let it act as the owner: remove spec.postgres.pooler first, or take %s out of the annotation",
				naming.AnnotationRotate, name, name)
		case seen[name]:
			return fmt.Sprintf("annotation %s names %s twice: keep one entry of each component", naming.AnnotationRotate, name)
		}
		seen[name] = true
	}
	return ""
}
