// Package logging brings the log lines of all pods of a platform into an Elasticsearch: an OpenTelemetry collector on
// every node reads them, and the Elasticsearch is the user's or one that ECK runs.
package logging

import (
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component"
	"github.com/xatube/xatube-operator/internal/component/hibernation"
	"github.com/xatube/xatube-operator/internal/component/naming"
	"github.com/xatube/xatube-operator/internal/eck"
)

// Provider is what to install for the APIs of Elasticsearch and Kibana.
const Provider = "ECK (Elastic Cloud on Kubernetes) 3.0 or newer"

// Component is the logs.
type Component struct{}

// New returns the component.
func New() Component { return Component{} }

// Name is the value of the component label.
func (Component) Name() string { return naming.Logging }

// Condition that Health fills.
func (Component) Condition() string { return v1alpha1.ConditionLoggingReady }

// Needs ECK, when the platform is to have an Elasticsearch of its own.
func (Component) Needs(c *v1alpha1.XaTubeCluster) []schema.GroupVersionKind {
	if c.Spec.Logging == nil || c.Spec.Logging.Elasticsearch == nil {
		return nil
	}
	if c.Spec.Logging.Elasticsearch.Kibana == nil {
		return []schema.GroupVersionKind{eck.ElasticsearchKind}
	}
	return []schema.GroupVersionKind{eck.ElasticsearchKind, eck.KibanaKind}
}

// Render the Elasticsearch, what makes the data stream, and the collector. A hibernated platform has no lines to
// collect: the collector goes when the last of the others has gone.
func (Component) Render(in component.Input) ([]component.Object, error) {
	if in.Cluster.Spec.Logging == nil {
		return nil, nil
	}
	out := elastic(in)
	if hibernation.Stops(in, naming.Logging) {
		return append(out, configMap(in, sinkOf(in))), nil
	}
	if err := validateImage(in); err != nil {
		return out, err
	}
	to := sinkOf(in)
	if err := to.check(in); err != nil {
		return out, err
	}
	set, err := daemonSet(in, to)
	if err != nil {
		return out, err
	}
	out = append(out, configMap(in, to), set)
	if !reachable(in) {
		return out, nil
	}
	job, err := retentionJob(in, to)
	if err != nil {
		return out, err
	}
	return append(out, job), nil
}
