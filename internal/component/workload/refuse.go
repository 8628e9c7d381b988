package workload

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/outcome"
)

// RefuseSettings finds settings of pods that Kubernetes would refuse in a pod template, beyond what the schema can say. The
// error names the field below spec.<component>.pod and the cure.
func RefuseSettings(component string, s v1alpha1.PodSettings) error {
	field := "spec." + component + ".pod."
	if s.Affinity != nil {
		if err := RefuseAffinity(component, s.Affinity.Raw); err != nil {
			return err
		}
	}
	return refuseAnnotations(field, s.Annotations)
}

// readByKubernetes are prefixes and names of annotations of which Kubernetes checks the values: a field of a pod has taken
// their place, or they say what only a kubelet may say.
var readByKubernetes = []string{
	"container.apparmor.security.beta.kubernetes.io/", "container.seccomp.security.alpha.kubernetes.io/",
	"seccomp.security.alpha.kubernetes.io/", "kubernetes.io/config.mirror",
}

// deletionCost is an annotation whose value Kubernetes checks.
const deletionCost = "controller.kubernetes.io/pod-deletion-cost"

// wholeNumber is how Kubernetes wants it: without + and leading zeros.
var wholeNumber = regexp.MustCompile(`^(0|-?[1-9][0-9]{0,8})$`)

func refuseAnnotations[V ~string](field string, user map[string]V) error {
	for _, name := range slices.Sorted(maps.Keys(user)) {
		if slices.ContainsFunc(readByKubernetes, func(p string) bool { return strings.HasPrefix(name, p) }) {
			return invalid("%sannotations: %s is Kubernetes' own; remove it", field, name)
		}
	}
	if cost, set := user[deletionCost]; set && !wholeNumber.MatchString(string(cost)) {
		return invalid("%sannotations: %s must be a whole number; write e.g. \"100\"", field, deletionCost)
	}
	return nil
}

func invalid(format string, args ...any) error {
	return outcome.Terminal(v1alpha1.ReasonInvalid, format, args...)
}
