package postgres

import (
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	cnpgv1 "github.com/cloudnative-pg/api/pkg/api/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component"
	"github.com/xatube/xatube-operator/internal/component/naming"
	"github.com/xatube/xatube-operator/internal/component/workload"
	"github.com/xatube/xatube-operator/internal/outcome"
)

// refuse finds what CloudNativePG forbids and admission cannot see, before CloudNativePG answers in its own terms. A
// database may be older than its XaTubeCluster: a deleted platform leaves it behind.
func refuse(in component.Input) error {
	for _, check := range []func(component.Input) error{
		refuseImage, refuseStorage, refuseParameters, refuseHugePages, refusePodSettings, refuseRestore,
		refusePooler,
	} {
		if err := check(in); err != nil {
			return err
		}
	}
	return nil
}

func invalid(format string, args ...any) error {
	return outcome.Terminal(v1alpha1.ReasonInvalid, format, args...)
}

// oldestUpgrade is the oldest PostgreSQL that CloudNativePG upgrades to.
const oldestUpgrade = 16

var leadingNumber = regexp.MustCompile(`^[0-9]{1,4}`)

func refuseImage(in component.Input) error {
	wanted := Image(in.Cluster)
	major, err := strconv.Atoi(leadingNumber.FindString(naming.Version(wanted)))
	if err != nil {
		return invalid("spec.postgres.image %s does not tell the version of PostgreSQL: its tag must start with the major version, as in postgresql:18.6; a digest may follow the tag", wanted)
	}
	live := in.Facts.Database
	if live == nil || live.Status.PGDataImageInfo == nil {
		return nil
	}
	switch is := live.Status.PGDataImageInfo.MajorVersion; {
	case major < is:
		return invalid("spec.postgres.image %s is older than the data, which PostgreSQL %d has written: a downgrade is impossible; set an image of PostgreSQL %d", wanted, is, is)
	case major > is && major < oldestUpgrade:
		return invalid("spec.postgres.image %s: CloudNativePG upgrades to PostgreSQL %d and newer only; set such an image", wanted, oldestUpgrade)
	}
	return nil
}

func refuseStorage(in component.Input) error {
	live := in.Facts.Database
	if live == nil {
		return nil
	}
	if err := refuseClass("spec.postgres.storage", dataVolume(in), live.Spec.StorageConfiguration); err != nil {
		return err
	}
	if live.Spec.WalStorage == nil {
		return nil
	}
	return refuseClass("spec.postgres.walStorage", *logVolume(in), *live.Spec.WalStorage)
}

func refuseClass(field string, desired v1alpha1.VolumeSpec, live cnpgv1.StorageConfiguration) error {
	if asked, is := className(desired.StorageClassName), className(live.StorageClass); asked != is {
		return invalid("%s.storageClassName asks for %s, but the volumes are of %s and cannot change; restore the previous value", field, asked, is)
	}
	return nil
}

func className[T ~string](name *T) string {
	if name == nil {
		return "the default class"
	}
	return "class " + string(*name)
}

var amount = regexp.MustCompile(`^([0-9]{1,9}) ?(kB|MB|GB|TB)?$`)

// megabytes reads an amount of memory as postgresql.conf has it; CloudNativePG takes a bare number for megabytes.
func megabytes(value string) (resource.Quantity, error) {
	m := amount.FindStringSubmatch(value)
	if m == nil {
		return resource.Quantity{}, resource.ErrFormatWrong
	}
	suffix := map[string]string{"": "Mi", "kB": "Ki", "MB": "Mi", "GB": "Gi", "TB": "Ti"}[m[2]]
	return resource.ParseQuantity(m[1] + suffix)
}

// refuseHugePages knows that Kubernetes reserves no more of them than it lets use.
func refuseHugePages(in component.Input) error {
	r := in.Cluster.Spec.Postgres.Pod.Resources
	if r == nil {
		return nil
	}
	for name, requested := range r.Requests {
		limit, limited := r.Limits[name]
		if strings.HasPrefix(string(name), corev1.ResourceHugePagesPrefix) && limited && requested.Cmp(limit) != 0 {
			return invalid("spec.postgres.pod.resources: requests and limits of %s must be the same; set both to %s", name, limit.String())
		}
	}
	return nil
}

// reservedVariable says that CloudNativePG sets an environment variable itself and refuses to take it.
func reservedVariable(name string) bool {
	name = strings.ToUpper(name)
	return strings.HasPrefix(name, "CNPG_") || strings.HasPrefix(name, "PG") ||
		slices.Contains([]string{"POD_NAME", "NAMESPACE", "CLUSTER_NAME"}, name)
}

func refusePodSettings(in component.Input) error {
	pod := in.Cluster.Spec.Postgres.Pod
	if err := workload.RefuseSettings(naming.Postgres, pod); err != nil {
		return err
	}
	for _, e := range pod.Env {
		if reservedVariable(e.Name) {
			return invalid("spec.postgres.pod.env %s is CloudNativePG's own; remove it", e.Name)
		}
	}
	if err := refuseNames("labels", pod.Labels); err != nil {
		return err
	}
	return refuseNames("annotations", pod.Annotations)
}

func refuseNames[V any](field string, user map[string]V) error {
	for _, name := range slices.Sorted(maps.Keys(user)) {
		if strings.HasPrefix(name, "cnpg.io/") {
			return invalid("spec.postgres.pod.%s %s is CloudNativePG's own; remove it", field, name)
		}
	}
	return nil
}
