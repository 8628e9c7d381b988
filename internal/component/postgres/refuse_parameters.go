package postgres

import (
	"maps"
	"slices"
	"strings"
	"unicode"

	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/xatube/xatube-operator/internal/component"
)

// refuseParameters finds values that CloudNativePG refuses: each would keep every other change of the database out too.
// The names that it refuses, admission knows.
func refuseParameters(in component.Input) error {
	for _, check := range []func(component.Input) error{refuseSharedBuffers, refuseWALLevel, refuseBooleans, refuseWALSize, refuseControlCharacters} {
		if err := check(in); err != nil {
			return err
		}
	}
	return nil
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

// refuseWALLevel knows that CloudNativePG always archives or replicates, for which minimal is too little.
func refuseWALLevel(in component.Input) error {
	value, set := in.Cluster.Spec.Postgres.Parameters["wal_level"]
	if set && value != "replica" && value != "logical" {
		return invalid("spec.postgres.parameters.wal_level %q: write replica, the least with which standbys can follow, or logical", value)
	}
	return nil
}

// postgresBooleans are the spellings that PostgreSQL and CloudNativePG take.
var postgresBooleans = map[string]bool{
	"1": true, "on": true, "y": true, "ye": true, "yes": true, "t": true, "tr": true, "tru": true, "true": true,
	"0": false, "of": false, "off": false, "n": false, "no": false, "f": false, "fa": false, "fal": false, "fals": false, "false": false,
}

func refuseBooleans(in component.Input) error {
	const hints = "wal_log_hints"
	parameters := in.Cluster.Spec.Postgres.Parameters
	for _, name := range []string{"hot_standby_feedback", "sync_replication_slots", hints} {
		value, set := parameters[name]
		if !set {
			continue
		}
		on, known := postgresBooleans[strings.ToLower(value)]
		switch {
		case !known:
			return invalid("spec.postgres.parameters.%s %q is neither on nor off; write on or off", name, value)
		case name == hints && !on && Instances(in.Cluster) > 1:
			return invalid("spec.postgres.parameters.%s must be on with more than one instance: a former primary rejoins with its help; remove it", hints)
		}
	}
	return nil
}

// refuseWALSize keeps min_wal_size below max_wal_size, and each that is set below the size of the volume of the log.
func refuseWALSize(in component.Input) error {
	sizes := map[string]resource.Quantity{"min_wal_size": resource.MustParse("80Mi"), "max_wal_size": resource.MustParse("1Gi")}
	var set []string
	for _, name := range []string{"min_wal_size", "max_wal_size"} {
		value := in.Cluster.Spec.Postgres.Parameters[name]
		if value == "" {
			continue
		}
		size, err := megabytes(value)
		if err != nil {
			return invalid("spec.postgres.parameters.%s %q is no amount of memory; write e.g. 512MB", name, value)
		}
		sizes[name] = size
		set = append(set, name)
	}
	least, most := sizes["min_wal_size"], sizes["max_wal_size"]
	if len(set) > 0 && least.Cmp(most) >= 0 {
		return invalid("spec.postgres.parameters.min_wal_size, 80MB when absent, must be less than max_wal_size, 1GB when absent; lower the first or raise the second")
	}
	wal := logVolume(in)
	if wal == nil {
		return nil
	}
	volume, err := wal.Size.Quantity()
	if err != nil {
		return err
	}
	for _, name := range slices.Sorted(slices.Values(set)) {
		if size := sizes[name]; size.Cmp(volume) >= 0 {
			return invalid("spec.postgres.parameters.%s must be less than the %s of spec.postgres.walStorage, which holds the log; lower it or enlarge the volume", name, wal.Size)
		}
	}
	return nil
}

// refuseControlCharacters: a value is one line of postgresql.conf.
func refuseControlCharacters(in component.Input) error {
	for _, name := range slices.Sorted(maps.Keys(in.Cluster.Spec.Postgres.Parameters)) {
		if strings.ContainsFunc(in.Cluster.Spec.Postgres.Parameters[name], unicode.IsControl) {
			return invalid("spec.postgres.parameters.%s holds a line end or another control character; remove it", name)
		}
	}
	return nil
}
