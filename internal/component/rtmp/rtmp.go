// Package rtmp renders the ingest: nginx with the rtmp module, which takes RTMP streams and serves them as HLS and
// DASH. A pod that must go waits for its publishers.
package rtmp

import (
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component"
	"github.com/xatube/xatube-operator/internal/component/hibernation"
	"github.com/xatube/xatube-operator/internal/component/naming"
	"github.com/xatube/xatube-operator/internal/component/workload"
	"github.com/xatube/xatube-operator/internal/credential"
)

// Component is the ingest.
type Component struct{}

// New returns the ingest.
func New() Component { return Component{} }

// Name implements component.Component.
func (Component) Name() string { return naming.RTMP }

// Condition implements component.Component.
func (Component) Condition() string { return v1alpha1.ConditionIngestReady }

// Needs implements component.Component.
func (Component) Needs(*v1alpha1.XaTubeCluster) []schema.GroupVersionKind { return nil }

// Credentials implements component.Component.
func (Component) Credentials(component.Input) []credential.Request { return nil }

// Render implements component.Component.
func (Component) Render(in component.Input) ([]component.Object, error) {
	public, err := publicService(in)
	if err != nil {
		return nil, err
	}
	recordings, err := recordingsOf(in)
	if err != nil {
		return nil, err
	}
	files, err := files(in)
	if err != nil {
		return nil, err
	}
	set, err := statefulSet(in, files, recordings)
	if err != nil {
		return nil, err
	}
	objects := []component.Object{
		workload.ConfigMap(in, naming.Child(in.Cluster, naming.RTMP), naming.RTMP, files),
		podService(in),
		public,
	}
	objects = append(objects, recordings.grown...)
	objects = append(objects, set)
	return append(objects, workload.Budget(in, naming.RTMP, hibernation.Replicas(in, naming.RTMP, in.Cluster.Spec.RTMP.Replicas))...), nil
}
