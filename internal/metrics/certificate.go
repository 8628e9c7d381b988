package metrics

import (
	"crypto/x509"
	"encoding/pem"
	"slices"

	"github.com/prometheus/client_golang/prometheus"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
)

// Certificates are the metrics of the certificates that users hand over in Secrets.
type Certificates struct {
	expiration *prometheus.GaugeVec
}

// NewCertificates registers the metrics, or finds them registered.
func NewCertificates(r prometheus.Registerer) (*Certificates, error) {
	var err error
	c := &Certificates{expiration: prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "xatube_certificate_expiration_timestamp_seconds", Help: "When a certificate that the spec names expires, in Unix time.",
	}, slices.Concat(platform, []string{"secret"}))}
	c.expiration, err = register(r, c.expiration)
	return c, err
}

// Report shows when the certificates in some Secrets expire. What holds no certificate is left out: its component says so.
func (c *Certificates) Report(key types.NamespacedName, secrets map[string]*corev1.Secret, names []string) {
	c.Forget(key)
	for _, name := range names {
		secret := secrets[name]
		if secret == nil {
			continue
		}
		// The first is the server's own.
		block, _ := pem.Decode(secret.Data[corev1.TLSCertKey])
		if block == nil {
			continue
		}
		if certificate, err := x509.ParseCertificate(block.Bytes); err == nil {
			c.expiration.WithLabelValues(key.Namespace, key.Name, name).Set(float64(certificate.NotAfter.Unix()))
		}
	}
}

// Forget a platform that is gone.
func (c *Certificates) Forget(key types.NamespacedName) {
	c.expiration.DeletePartialMatch(prometheus.Labels{"namespace": key.Namespace, "name": key.Name})
}
