package postgres

import (
	"fmt"

	"github.com/xatube/xatube-operator/internal/component"
	"github.com/xatube/xatube-operator/internal/component/naming"
)

// Door is what stands between a backend and the primary: in each pod a process listens where the names of the primary's
// Service lead to, and goes on to upstream, where the Service really is. There is none before a database of the user's, nor
// before a pooler.
type Door struct {
	Upstream string
	Names    []string
	Port     int32
}

// DoorOf a platform's backends.
func DoorOf(in component.Input) (Door, bool) {
	if _, ok := elsewhere(in.Cluster); ok || pooled(in) {
		return Door{}, false
	}
	c := in.Cluster
	service := naming.Child(c, naming.Postgres) + "-rw"
	return Door{
		// With the dot at its end no other name is tried before it.
		Upstream: fmt.Sprintf("%s.:%d", naming.FQDN(c, service, in.Options.ClusterDomain), naming.PostgresPort),
		// As it is in the URL.
		Names: []string{fmt.Sprintf("%s.%s", service, c.Namespace)},
		Port:  naming.PostgresPort,
	}, true
}

// pooled says that the backends go through the pooler. A login that a rotation has made goes past it: asOwner does not get
// through, and its tables would be its own.
func pooled(in component.Input) bool {
	return in.Cluster.Spec.Postgres.Pooler != nil && !rotated(in)
}
