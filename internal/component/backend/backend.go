// Package backend is the FastAPI application: its Deployment, shared uploads and autoscaler.
package backend

import (
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component"
	"github.com/xatube/xatube-operator/internal/component/hibernation"
	"github.com/xatube/xatube-operator/internal/component/naming"
	"github.com/xatube/xatube-operator/internal/component/rotation"
	"github.com/xatube/xatube-operator/internal/component/workload"
	"github.com/xatube/xatube-operator/internal/credential"
)

// defaultReplicas is the schema's default.
const defaultReplicas int32 = 3

// Component is the backend.
type Component struct{}

// New returns the component.
func New() Component { return Component{} }

// Name is the value of the component label.
func (Component) Name() string { return naming.Backend }

// Condition that Health fills.
func (Component) Condition() string { return v1alpha1.ConditionBackendReady }

// Needs no optional API.
func (Component) Needs(*v1alpha1.XaTubeCluster) []schema.GroupVersionKind { return nil }

// Credentials is the key that signs the logins. All replicas share it.
func (Component) Credentials(in component.Input) []credential.Request {
	return keys(in).Requests(func(string) func(credential.Generator) map[string][]byte {
		return func(g credential.Generator) map[string][]byte {
			return map[string][]byte{secretKey: []byte(g.Password())}
		}
	})
}

// keys are the Secrets of the signing key. The application takes one key only, so that a rotation ends every login.
func keys(in component.Input) rotation.State {
	return rotation.Pair{Component: naming.Backend, First: naming.Child(in.Cluster, naming.Backend)}.State(in)
}

// secretName is the Secret of the key in use.
func secretName(in component.Input) string { return keys(in).Use(true) }

// Handover of the signing key: nobody has to be told.
func Handover(in component.Input) rotation.Handover {
	return rotation.Handover{State: keys(in), Accepted: true, Cleared: true}
}

// Render returns the volume of the uploads, the Services that the edge resolves, the budget, the Deployment and, when
// wanted, its autoscaler.
func (Component) Render(in component.Input) ([]component.Object, error) {
	spec := in.Cluster.Spec.Backend
	if err := refuse(in); err != nil {
		return nil, err
	}
	claim, err := workload.Claim(in, claimName(in.Cluster), naming.Backend, spec.Uploads.Volume(), spec.Uploads.AccessModes...)
	if err != nil {
		return nil, err
	}
	chat, err := chatConfiguration(spec)
	if err != nil {
		return nil, err
	}
	objects := []component.Object{
		claim,
		workload.ConfigMap(in, naming.Child(in.Cluster, naming.Backend), naming.Backend, map[string]string{fileChat: chat}),
	}
	objects = append(objects, workload.BalancedServices(in, naming.Backend, naming.BackendPort, chatPort())...)
	objects = append(objects, workload.Budget(in, naming.Backend, hibernation.Replicas(in, naming.Backend, mostReplicas(spec)))...)
	deployment, err := deployment(in)
	if err != nil {
		return objects, err
	}
	objects = append(objects, deployment)
	if spec.Autoscaling != nil {
		objects = append(objects, autoscaler(in.Cluster))
	}
	return objects, nil
}

// Image of the backend, which migrates the database too.
func Image(c *v1alpha1.XaTubeCluster) string {
	return naming.Image(c, c.Spec.Backend.Image, naming.ImageBackend)
}
