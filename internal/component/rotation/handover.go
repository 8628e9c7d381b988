package rotation

import (
	"fmt"

	"github.com/xatube/xatube-operator/api/v1alpha1"
	"github.com/xatube/xatube-operator/internal/component"
	"github.com/xatube/xatube-operator/internal/component/naming"
	"github.com/xatube/xatube-operator/internal/component/workload"
)

// Handover is a credential with what its server knows of it.
type Handover struct {
	State
	// Job that tells the server; empty when there is nothing to tell, or nothing to tell it to yet.
	Job string
	// Accepted says that the server takes the newest credential.
	Accepted bool
	// Cleared says that the server takes no other one.
	Cleared bool
	// Awaits is what is waited for while the server does not accept the newest one.
	Awaits string
}

// ByJob is the handover to a server that knows every credential that exists when it starts; one that runs is told by a
// Job. Where a restart forgets what was told, process identifies the process, so that the next one is told too.
func (s State) ByJob(in component.Input, server string, runs bool, process ...any) Handover {
	h := Handover{State: s, Awaits: fmt.Sprintf("waiting until %s runs", server)}
	if !s.Untold() {
		h.Accepted, h.Cleared = true, true
		return h
	}
	_, lingers := s.Former()
	told := []any{s.Content(), lingers}
	if lingers {
		told = append(told, process...)
	}
	// Strings always have a JSON form.
	hash, _ := workload.Checksum(told...)
	name := naming.Child(in.Cluster, s.pair.Component) + "-login-" + hash[:8]
	job := in.Facts.Jobs[name]
	if runs || job != nil {
		h.Job, h.Awaits = name, fmt.Sprintf("waiting until Job %s has told %s", name, server)
	}
	h.Accepted = Complete(job)
	h.Cleared = h.Accepted && !lingers
	return h
}

// Health of the credential.
func (h Handover) Health(in component.Input) component.Health {
	former, lingers := h.Former()
	switch {
	case Failed(in.Facts.Jobs[h.Job]):
		return component.NotReady(v1alpha1.ReasonRotationFailed, fmt.Sprintf(
			"%s: Job %s could not tell the server of Secret %s: see kubectl logs job/%s, and delete the Job to try again",
			h.pair.Component, h.Job, h.names[h.newest], h.Job))
	case h.newest < 0:
		return component.Ready("")
	case lingers && !h.Accepted && !h.deployed[h.names[h.newest]]:
		return h.rotating("%s before Secret %s takes the place of %s", h.Awaits, h.names[h.newest], former)
	case lingers:
		return h.rotating("waiting until no pod uses Secret %s any more, which Secret %s takes the place of", former, h.names[h.newest])
	case h.Untold() && !h.Cleared && edited(h.Newest()):
		return h.rotating("waiting until the server has been told of the change of Secret %s", h.names[h.newest])
	case h.Untold() && !h.Cleared:
		return h.rotating("waiting until the server has forgotten what Secret %s held", former)
	}
	return component.Ready("")
}

func (h Handover) rotating(format string, args ...any) component.Health {
	return component.NotReady(v1alpha1.ReasonRotating, h.pair.Component+": "+fmt.Sprintf(format, args...))
}
