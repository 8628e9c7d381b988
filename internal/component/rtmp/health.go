package rtmp

import (
	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component"
	"github.com/xatube/xatube-operator/internal/component/naming"
	"github.com/xatube/xatube-operator/internal/component/workload"
)

// Health implements component.Component. A pod that is no longer wanted and drains does not keep the ingest from being
// ready: all that the spec asks for runs.
func (Component) Health(in component.Input) component.Health {
	h := workload.StatefulSetHealth(in, naming.RTMP)
	drain := waits(Draining(in))
	switch {
	case drain == "":
		return h
	case h.Healthy():
		return component.Ready(h.Message + "; " + drain)
	case h.Reason == v1alpha1.ReasonProgressing:
		return component.NotReady(v1alpha1.ReasonProgressing, drain)
	}
	return h
}
