package logging

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component"
	"github.com/xatube/xatube-operator/internal/component/hibernation"
	"github.com/xatube/xatube-operator/internal/component/naming"
	"github.com/xatube/xatube-operator/internal/credential"
	"github.com/xatube/xatube-operator/internal/eck"
)

const (
	// collectorUser of Elasticsearch, which ECK makes of our Secret, and its role. ECK's own user elastic may do anything.
	collectorUser = "xatube_logs"
	collectorRole = "xatube_logs"

	keyRoles = "roles"
	// keyRoleFile holds the definition of the role.
	keyRoleFile = "roles.yml"
)

// Credentials are the login of the collector. The user's is the user's.
func (Component) Credentials(in component.Input) []credential.Request {
	if in.Cluster.Spec.Logging == nil || in.Cluster.Spec.Logging.Elasticsearch == nil {
		return nil
	}
	stream := sinkOf(in).stream
	return []credential.Request{{
		Component: naming.Logging,
		Name:      loginSecret(in.Cluster),
		// By this type ECK knows that it holds a user.
		Type: corev1.SecretTypeBasicAuth,
		Data: func(g credential.Generator) map[string][]byte {
			return map[string][]byte{
				keyUsername: []byte(collectorUser),
				keyPassword: []byte(g.Password()),
				keyRoles:    []byte(collectorRole),
				keyRoleFile: []byte(role(stream)),
			}
		},
	}}
}

// role may make the data stream and add documents to it, and neither read nor change nor delete one.
func role(stream string) string {
	return fmt.Sprintf(`%s:
  cluster: [monitor, manage_index_templates]
  indices:
  - names: [%q]
    privileges: [create_doc, auto_configure, create_index, manage_data_stream_lifecycle, view_index_metadata]
`, collectorRole, stream)
}

// elastic is the Elasticsearch and the Kibana, when ECK is to run them.
func elastic(in component.Input) []component.Object {
	spec := in.Cluster.Spec.Logging.Elasticsearch
	if spec == nil {
		return nil
	}
	out := []component.Object{document(in.Cluster, eck.ElasticsearchKind, elasticsearch(in.Cluster, spec))}
	if spec.Kibana != nil {
		out = append(out, document(in.Cluster, eck.KibanaKind, kibana(in, spec)))
	}
	return out
}

// document of ECK has the name of the platform: ECK allows 36 characters.
func document(c *v1alpha1.XaTubeCluster, gvk schema.GroupVersionKind, spec map[string]any) component.Document {
	return component.Document{
		"apiVersion": gvk.GroupVersion().String(),
		"kind":       gvk.Kind,
		"metadata": map[string]any{
			"name":      c.Name,
			"namespace": c.Namespace,
			"labels":    naming.Labels(c, naming.Logging),
		},
		"spec": spec,
	}
}

func elasticsearch(c *v1alpha1.XaTubeCluster, spec *v1alpha1.ElasticsearchSpec) map[string]any {
	claim := map[string]any{
		"accessModes": []string{"ReadWriteOnce"},
		"resources":   map[string]any{"requests": map[string]any{"storage": spec.Storage.Size}},
	}
	if class := spec.Storage.StorageClassName; class != nil {
		claim["storageClassName"] = *class
	}
	// Volumes go with the Elasticsearch only where all data is to go.
	volumes := "DeleteOnScaledownOnly"
	if c.Spec.DeletionPolicy == v1alpha1.DeletionDelete {
		volumes = "DeleteOnScaledownAndClusterDeletion"
	}
	memory := map[string]any{"memory": spec.Memory}
	out := map[string]any{
		"version":                 spec.Version,
		"volumeClaimDeletePolicy": volumes,
		"auth": map[string]any{
			"fileRealm": []any{map[string]any{"secretName": loginSecret(c)}},
			"roles":     []any{map[string]any{"secretName": loginSecret(c)}},
		},
		"nodeSets": []any{map[string]any{
			"name":  "default",
			"count": spec.Nodes,
			// Without it nodes need a sysctl that restricted Pod Security forbids to set.
			"config": map[string]any{"node.store.allow_mmap": false},
			"podTemplate": podTemplate(c, map[string]any{
				"name": "elasticsearch", "resources": map[string]any{"requests": memory, "limits": memory},
			}),
			"volumeClaimTemplates": []any{map[string]any{
				"metadata": map[string]any{"name": "elasticsearch-data"},
				"spec":     claim,
			}},
		}},
	}
	return withImage(c, out, "docker.elastic.co/elasticsearch/elasticsearch:"+spec.Version)
}

func kibana(in component.Input, spec *v1alpha1.ElasticsearchSpec) map[string]any {
	return withImage(in.Cluster, map[string]any{
		"version":          spec.Version,
		"count":            hibernation.Replicas(in, naming.Logging, spec.Kibana.Replicas),
		"elasticsearchRef": map[string]any{"name": in.Cluster.Name},
		"podTemplate":      podTemplate(in.Cluster, map[string]any{"name": "kibana"}),
	}, "docker.elastic.co/kibana/kibana:"+spec.Version)
}

// withImage names the image where a mirror takes the place of the registry that ECK would ask.
func withImage(c *v1alpha1.XaTubeCluster, spec map[string]any, image string) map[string]any {
	if mirrored := naming.Image(c, "", image); mirrored != image {
		spec["image"] = mirrored
	}
	return spec
}

func podTemplate(c *v1alpha1.XaTubeCluster, main map[string]any) map[string]any {
	spec := map[string]any{"automountServiceAccountToken": false, "containers": []any{main}}
	if d := c.Spec.ImageDefaults; d != nil {
		var secrets []any
		for _, s := range d.PullSecrets {
			secrets = append(secrets, map[string]any{"name": s.Name})
		}
		if len(secrets) > 0 {
			spec["imagePullSecrets"] = secrets
		}
	}
	return map[string]any{"spec": spec}
}

// reachable says that there is somebody to make the data stream at.
func reachable(in component.Input) bool {
	if in.Cluster.Spec.Logging.Endpoint != nil {
		return true
	}
	e := in.Facts.Elasticsearch
	return e != nil && answers(e.Status)
}

func answers(s eck.Status) bool { return s.Health == eck.HealthGreen || s.Health == eck.HealthYellow }
