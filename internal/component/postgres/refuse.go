package postgres

import (
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	cnpgv1 "github.com/cloudnative-pg/api/pkg/api/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component"
	"github.com/xatube/xatube-operator/internal/component/naming"
	"github.com/xatube/xatube-operator/internal/outcome"
)

// refuse finds what CloudNativePG forbids and admission cannot see, before CloudNativePG answers in its own terms. A
// database may be older than its XaTubeCluster: a deleted platform leaves it behind.
func refuse(in component.Input) error {
	for _, check := range []func(component.Input) error{
		refuseImage, refuseStorage, refuseSharedBuffers, refusePodSettings,
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
	wanted := image(in.Cluster)
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
	if err := refuseVolume("spec.postgres.storage", storage(in.Cluster), live.Spec.StorageConfiguration); err != nil {
		return err
	}
	wal := in.Cluster.Spec.Postgres.WALStorage
	switch {
	case live.Spec.WalStorage == nil:
		return nil
	case wal == nil:
		return invalid("spec.postgres.walStorage is missing, but the database has such a volume, which cannot be given up; set size: %s", live.Spec.WalStorage.Size)
	}
	return refuseVolume("spec.postgres.walStorage", *wal, *live.Spec.WalStorage)
}

func refuseVolume(field string, want v1alpha1.VolumeSpec, live cnpgv1.StorageConfiguration) error {
	size, err := want.Size.Quantity()
	if err != nil {
		return err
	}
	if is, err := resource.ParseQuantity(live.Size); err == nil && size.Cmp(is) < 0 {
		return invalid("%s.size %s is less than the %s of the volumes, which cannot shrink; set %s or more", field, want.Size, live.Size, live.Size)
	}
	if wanted, is := className(want.StorageClassName), className(live.StorageClass); wanted != is {
		return invalid("%s.storageClassName: the volumes are of %s and stay so, but %s is wanted; restore the former value", field, is, wanted)
	}
	return nil
}

func className[T ~string](name *T) string {
	if name == nil {
		return "the default class"
	}
	return "class " + string(*name)
}

func refuseSharedBuffers(in component.Input) error {
	value, set := in.Cluster.Spec.Postgres.Parameters[sharedBuffers]
	if !set {
		return nil
	}
	wanted, err := megabytes(value)
	if err != nil {
		return invalid("spec.postgres.parameters.shared_buffers %q is no amount of memory; write e.g. 256MB", value)
	}
	reserved, given := memory(in.Cluster)
	if in.Cluster.Spec.Postgres.Pod.Resources == nil {
		reserved, given = resource.MustParse(defaultMemory), true
	}
	if given && wanted.Cmp(reserved) > 0 {
		return invalid("spec.postgres.parameters.shared_buffers %s does not fit into the %s of memory that each instance reserves; set spec.postgres.pod.resources.requests.memory to about four times shared_buffers", value, reserved.String())
	}
	return nil
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

// reservedVariable says that CloudNativePG sets an environment variable itself and refuses to take it.
func reservedVariable(name string) bool {
	name = strings.ToUpper(name)
	return strings.HasPrefix(name, "CNPG_") || strings.HasPrefix(name, "PG") ||
		slices.Contains([]string{"POD_NAME", "NAMESPACE", "CLUSTER_NAME"}, name)
}

func refusePodSettings(in component.Input) error {
	pod := in.Cluster.Spec.Postgres.Pod
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

func refuseNames(field string, user map[string]string) error {
	for _, name := range slices.Sorted(maps.Keys(user)) {
		if strings.HasPrefix(name, "cnpg.io/") {
			return invalid("spec.postgres.pod.%s %s is CloudNativePG's own; remove it", field, name)
		}
	}
	return nil
}
