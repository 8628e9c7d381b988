package migration

import (
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component"
	"github.com/xatube/xatube-operator/internal/component/postgres"
	"github.com/xatube/xatube-operator/internal/component/workload"
	"github.com/xatube/xatube-operator/internal/outcome"
)

const (
	volumeSQL = "sql"
	fileSQL   = "migration.sql"
	// checksumLength, in hexadecimal digits, tells contents apart and gives away as little of them as other checksums.
	checksumLength = 16
)

var (
	//go:embed file/sql.sh
	sqlScript string
	//go:embed file/indexes.sql
	indexes string
)

// sqlSource is the key of an object that holds the user's SQL.
type sqlSource struct{ kind, name, key, field string }

func sqlSourceOf(c *v1alpha1.XaTubeCluster) (sqlSource, bool) {
	const field = "spec.backend.migration.sqlFrom."
	switch from := c.Spec.Backend.Migration.SQLFrom; {
	case from == nil:
		return sqlSource{}, false
	case from.SecretKeyRef != nil:
		return sqlSource{"Secret", string(from.SecretKeyRef.Name), from.SecretKeyRef.Key, field + "secretKeyRef"}, true
	default:
		return sqlSource{"ConfigMap", string(from.ConfigMapKeyRef.Name), from.ConfigMapKeyRef.Key, field + "configMapKeyRef"}, true
	}
}

// sqlContent is the user's SQL. The error tells what is missing and how to mend it.
func sqlContent(in component.Input) ([]byte, error) {
	source, given := sqlSourceOf(in.Cluster)
	if !given {
		return nil, nil
	}
	notFound, keyMissing := v1alpha1.ReasonConfigMapNotFound, v1alpha1.ReasonConfigMapKeyMissing
	if source.kind == "Secret" {
		notFound, keyMissing = v1alpha1.ReasonSecretNotFound, v1alpha1.ReasonSecretKeyMissing
	}
	keys, exists := source.keys(in)
	if !exists {
		return nil, outcome.Waiting(notFound, "%s %s does not exist: create it with the SQL in key %s, or correct %s.name",
			source.kind, source.name, source.key, source.field)
	}
	content, found := keys[source.key]
	if !found {
		return nil, outcome.Waiting(keyMissing, "%s %s has no key %s: add it with the SQL as its value, or correct %s.key",
			source.kind, source.name, source.key, source.field)
	}
	return content, nil
}

func (s sqlSource) keys(in component.Input) (map[string][]byte, bool) {
	if s.kind == "Secret" {
		if secret := in.Facts.Secrets[s.name]; secret != nil {
			return secret.Data, true
		}
		return nil, false
	}
	configMap := in.Facts.ConfigMaps[s.name]
	if configMap == nil {
		return nil, false
	}
	// What is no UTF-8 is in BinaryData. No key is in both.
	keys := maps.Clone(configMap.BinaryData)
	if keys == nil {
		keys = map[string][]byte{}
	}
	for key, text := range configMap.Data {
		keys[key] = []byte(text)
	}
	return keys, true
}

func (s sqlSource) volume() *corev1ac.VolumeApplyConfiguration {
	item := corev1ac.KeyToPath().WithKey(s.key).WithPath(fileSQL)
	if s.kind == "Secret" {
		v := workload.SecretVolume(volumeSQL, s.name)
		v.Secret.WithItems(item)
		return v
	}
	v := workload.ConfigVolume(volumeSQL, s.name)
	v.ConfigMap.WithItems(item)
	return v
}

// verbosity of psql: what it says of an error shows lines of the file, which a Secret keeps.
func (s sqlSource) verbosity() string {
	if s.kind == "Secret" {
		return "terse"
	}
	return "default"
}

// sqlContainer runs psql from the image of Postgres: the user's SQL, then the default indexes. It gets the login of the
// database and none of the application's other credentials.
func sqlContainer(in component.Input) (*corev1ac.ContainerApplyConfiguration, []*corev1ac.VolumeApplyConfiguration, error) {
	content, err := sqlContent(in)
	if err != nil {
		return nil, nil, err
	}
	timeout, err := in.Cluster.Spec.Backend.Migration.Timeout.Parse()
	if err != nil {
		return nil, nil, fmt.Errorf("spec.backend.migration.timeout: %w", err)
	}
	resources := workload.Requests("100m", "128Mi")
	if r := in.Cluster.Spec.Backend.Pod.Resources; r != nil {
		resources = workload.Resources(*r)
	}
	container := workload.Container(in, "sql", postgres.Image(in.Cluster), "bash", "-c", sqlScript, "sql.sh", indexes).
		WithWorkingDir("/"+tmp).
		WithEnv(postgres.URLEnv(in)...).
		WithEnv(clientEnv(in)...).
		WithEnv(
			corev1ac.EnvVar().WithName("HOME").WithValue("/"+tmp),
			corev1ac.EnvVar().WithName("INDEX_SECONDS").WithValue(strconv.Itoa(max(1, int(timeout.Seconds()/2))))).
		WithResources(resources).
		WithVolumeMounts(workload.Mount(tmp, "/"+tmp))
	source, given := sqlSourceOf(in.Cluster)
	if !given {
		return container, nil, nil
	}
	sum := sha256.Sum256(content)
	container.WithEnv(
		corev1ac.EnvVar().WithName("SQL_FILE").WithValue("/"+volumeSQL+"/"+fileSQL),
		corev1ac.EnvVar().WithName("SQL_CHECKSUM").WithValue(hex.EncodeToString(sum[:])[:checksumLength]),
		corev1ac.EnvVar().WithName("SQL_VERBOSITY").WithValue(source.verbosity())).
		WithVolumeMounts(workload.Mount(volumeSQL, "/"+volumeSQL).WithReadOnly(true))
	return container, []*corev1ac.VolumeApplyConfiguration{source.volume()}, nil
}

// clientEnv are the variables that the user gives the backend for its driver, which is libpq as psql is, e.g. PGSSLMODE.
func clientEnv(in component.Input) []*corev1ac.EnvVarApplyConfiguration {
	settings := map[string]*corev1ac.EnvVarApplyConfiguration{}
	spec := in.Cluster.Spec.Backend
	for _, from := range spec.EnvFrom {
		if from.SecretRef != nil {
			if secret := in.Facts.Secrets[string(from.SecretRef.Name)]; secret != nil {
				for key := range secret.Data {
					settings[key] = workload.SecretEnv(key, string(from.SecretRef.Name), key)
				}
			}
		} else if configMap := in.Facts.ConfigMaps[string(from.ConfigMapRef.Name)]; configMap != nil {
			for key, value := range configMap.Data {
				settings[key] = corev1ac.EnvVar().WithName(key).WithValue(value)
			}
		}
	}
	for _, e := range spec.Pod.Env {
		settings[e.Name] = workload.Env(e)
	}
	var env []*corev1ac.EnvVarApplyConfiguration
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		if strings.HasPrefix(name, "PG") {
			env = append(env, settings[name])
		}
	}
	return env
}

// WaitsFor is what keeps the Job from being made; empty when nothing does.
func WaitsFor(in component.Input) string {
	_, err := sqlContent(in)
	if blocked, ok := outcome.AsBlocked(err); ok {
		return blocked.Message
	}
	return ""
}
