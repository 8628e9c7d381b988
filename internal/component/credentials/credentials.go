// Package credentials tells servers of the credentials that a rotation has made, and how far each rotation is.
package credentials

import (
	"errors"

	"k8s.io/apimachinery/pkg/runtime/schema"
	batchv1ac "k8s.io/client-go/applyconfigurations/batch/v1"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component"
	"github.com/xatube/xatube-operator/internal/component/backend"
	"github.com/xatube/xatube-operator/internal/component/naming"
	"github.com/xatube/xatube-operator/internal/component/postgres"
	"github.com/xatube/xatube-operator/internal/component/rabbitmq"
	"github.com/xatube/xatube-operator/internal/component/redis"
	"github.com/xatube/xatube-operator/internal/component/rotation"
	"github.com/xatube/xatube-operator/internal/credential"
)

// Component is the handover of credentials.
type Component struct{}

// New returns the component.
func New() Component { return Component{} }

// Name is the value of the component label.
func (Component) Name() string { return naming.Credentials }

// Condition that Health fills.
func (Component) Condition() string { return v1alpha1.ConditionCredentialsReady }

// Needs no optional API.
func (Component) Needs(*v1alpha1.XaTubeCluster) []schema.GroupVersionKind { return nil }

// Credentials are those of the other components.
func (Component) Credentials(component.Input) []credential.Request { return nil }

// Render the Jobs that tell the servers. That of the last rotation stays, as the record that it was done.
func (Component) Render(in component.Input) ([]component.Object, error) {
	var jobs []component.Object
	var errs []error
	spec := in.Cluster.Spec
	for _, server := range []struct {
		external bool
		job      func(component.Input) (*batchv1ac.JobApplyConfiguration, error)
	}{
		{spec.Redis.External != nil, redis.Job},
		{spec.RabbitMQ.External != nil, rabbitmq.Job},
	} {
		if server.external {
			continue
		}
		job, err := server.job(in)
		if err != nil {
			errs = append(errs, err)
		}
		if job != nil {
			jobs = append(jobs, job)
		}
	}
	return jobs, errors.Join(errs...)
}

// Health tells of the first rotation that failed or goes on.
func (Component) Health(in component.Input) component.Health {
	if problem := rotation.Problem(in.Cluster); problem != "" {
		return component.NotReady(v1alpha1.ReasonInvalidAnnotation, problem)
	}
	waiting := component.Ready("every credential in use is the newest")
	for _, h := range handovers(in) {
		health := h.Health(in)
		if health.Reason == v1alpha1.ReasonRotationFailed {
			return health
		}
		if waiting.Healthy() && !health.Healthy() {
			waiting = health
		}
	}
	return waiting
}

func handovers(in component.Input) []rotation.Handover {
	out := []rotation.Handover{backend.Handover(in)}
	spec := in.Cluster.Spec
	if spec.Postgres.External == nil {
		out = append(out, postgres.Handover(in))
	}
	if spec.Redis.External == nil {
		out = append(out, redis.Handover(in))
	}
	if spec.RabbitMQ.External == nil {
		out = append(out, rabbitmq.Handover(in))
	}
	return out
}
