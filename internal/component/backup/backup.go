// Package backup keeps the database in an object store, by the barman-cloud plugin of CloudNativePG, and judges whether
// it could be restored.
package backup

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component"
	"github.com/xatube/xatube-operator/internal/component/hibernation"
	"github.com/xatube/xatube-operator/internal/component/naming"
	"github.com/xatube/xatube-operator/internal/credential"
	"github.com/xatube/xatube-operator/internal/observe"
	"github.com/xatube/xatube-operator/internal/outcome"
)

const (
	// PluginName is what CloudNativePG calls the plugin.
	PluginName = "barman-cloud.cloudnative-pg.io"
	// Provider is what to install for its API.
	Provider = "the barman-cloud plugin of CloudNativePG (github.com/cloudnative-pg/plugin-barman-cloud)"
)

// Component is the backup.
type Component struct{}

// New returns the component.
func New() Component { return Component{} }

// Name is the value of the component label.
func (Component) Name() string { return naming.Backup }

// Condition that Health fills.
func (Component) Condition() string { return v1alpha1.ConditionBackupReady }

// Needs the plugin, when a backup is wanted.
func (Component) Needs(c *v1alpha1.XaTubeCluster) []schema.GroupVersionKind {
	if c.Spec.Postgres.Backup == nil {
		return nil
	}
	return []schema.GroupVersionKind{observe.ObjectStore, observe.CNPGScheduledBackup}
}

// Credentials are the user's.
func (Component) Credentials(component.Input) []credential.Request { return nil }

// Render the ObjectStore and the schedule. The ObjectStore stays when the backup is switched off or its platform is
// deleted: it is the way back to the data, which it does not hold.
func (Component) Render(in component.Input) ([]component.Object, error) {
	if in.Cluster.Spec.Postgres.Backup == nil {
		return nil, nil
	}
	if err := credentials(in); err != nil {
		return nil, err
	}
	return []component.Object{store(in.Cluster), schedule(in)}, nil
}

// Plugin is what the Cluster says of the backup; nil without one. A Cluster that names an ObjectStore that is not there
// comes to a halt, so the first one is named only when it can be made in the same pass.
func Plugin(in component.Input) map[string]any {
	wanted := in.Cluster.Spec.Postgres.Backup != nil && in.Facts.Installed(observe.ObjectStore)
	if !wanted || (in.Facts.ObjectStore == nil && (in.Facts.Database != nil || credentials(in) != nil)) {
		return nil
	}
	return map[string]any{
		"name":          PluginName,
		"isWALArchiver": true,
		"parameters":    map[string]any{"barmanObjectName": name(in.Cluster)},
	}
}

// name of the ObjectStore and of the schedule is that of the Cluster, under which the plugin keeps the backups too.
func name(c *v1alpha1.XaTubeCluster) string { return naming.Child(c, naming.Postgres) }

func store(c *v1alpha1.XaTubeCluster) component.Document {
	b := c.Spec.Postgres.Backup
	configuration := map[string]any{
		"destinationPath": b.DestinationPath,
		"s3Credentials":   access(b.Credentials),
		"wal":             map[string]any{"compression": "gzip"},
		"data":            map[string]any{"compression": "gzip"},
	}
	if b.EndpointURL != "" {
		configuration["endpointURL"] = b.EndpointURL
	}
	return document(c, observe.ObjectStore, map[string]any{
		"configuration":   configuration,
		"retentionPolicy": b.RetentionPolicy,
	})
}

func access(s *v1alpha1.StoreCredentials) map[string]any {
	if s == nil {
		return map[string]any{"inheritFromIAMRole": true}
	}
	return map[string]any{
		"accessKeyId":     map[string]any{"name": s.AccessKeyID.Name, "key": s.AccessKeyID.Key},
		"secretAccessKey": map[string]any{"name": s.SecretAccessKey.Name, "key": s.SecretAccessKey.Key},
	}
}

// schedule of the base backups, the first at once: without one the log is worth nothing.
// Nobody can back up a database that sleeps.
func schedule(in component.Input) component.Document {
	c := in.Cluster
	return document(c, observe.CNPGScheduledBackup, map[string]any{
		"schedule":             c.Spec.Postgres.Backup.Schedule,
		"immediate":            true,
		"suspend":              hibernation.Stops(in, naming.Postgres),
		"cluster":              map[string]any{"name": name(c)},
		"method":               "plugin",
		"pluginConfiguration":  map[string]any{"name": PluginName},
		"target":               "prefer-standby",
		"backupOwnerReference": "cluster",
	})
}

func document(c *v1alpha1.XaTubeCluster, gvk schema.GroupVersionKind, spec map[string]any) component.Document {
	return component.Document{
		"apiVersion": gvk.GroupVersion().String(),
		"kind":       gvk.Kind,
		"metadata": map[string]any{
			"name":      name(c),
			"namespace": c.Namespace,
			"labels":    naming.Labels(c, naming.Backup),
		},
		"spec": spec,
	}
}

// credentials says what is missing of the user's Secrets.
func credentials(in component.Input) error {
	s := in.Cluster.Spec.Postgres.Backup.Credentials
	if s == nil {
		return nil
	}
	for _, c := range []struct {
		field string
		ref   v1alpha1.KeySelector
	}{{"accessKeyID", s.AccessKeyID}, {"secretAccessKey", s.SecretAccessKey}} {
		if err := present(in.Facts.Secrets[string(c.ref.Name)], c.field, c.ref); err != nil {
			return err
		}
	}
	return nil
}

func present(secret *corev1.Secret, field string, ref v1alpha1.KeySelector) error {
	switch {
	case secret == nil:
		return outcome.Waiting(v1alpha1.ReasonSecretNotFound,
			"Secret %s does not exist; create it with key %s, or correct spec.postgres.backup.credentials.%s", ref.Name, ref.Key, field)
	case len(secret.Data[ref.Key]) == 0:
		return outcome.Waiting(v1alpha1.ReasonSecretKeyMissing,
			"Secret %s has no key %s; add it, or correct spec.postgres.backup.credentials.%s.key", ref.Name, ref.Key, field)
	}
	return nil
}
