package metrics

import "github.com/prometheus/client_golang/prometheus"

// Set is all metrics of the operator.
type Set struct {
	Failovers    *Failovers
	Platforms    *Platforms
	Certificates *Certificates
}

// New registers all metrics, or finds them registered.
func New(r prometheus.Registerer) (s Set, err error) {
	if s.Failovers, err = NewFailovers(r); err != nil {
		return s, err
	}
	if s.Platforms, err = NewPlatforms(r); err != nil {
		return s, err
	}
	s.Certificates, err = NewCertificates(r)
	return s, err
}
