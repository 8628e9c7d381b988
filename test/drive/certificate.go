package drive

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// validity of a certificate for a test.
const validity = 24 * time.Hour

// Authority signs certificates.
type Authority struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
}

// Certificate is one for a host, with its key.
type Certificate struct {
	*x509.Certificate
	key *ecdsa.PrivateKey
}

// NewAuthority makes an authority that nobody knows yet.
func NewAuthority() (*Authority, error) {
	template := &x509.Certificate{
		Subject: pkix.Name{CommonName: "xatube test authority"},
		IsCA:    true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	certificate, key, err := sign(template, nil)
	if err != nil {
		return nil, err
	}
	return &Authority{certificate, key}, nil
}

// PEM is what those need who trust the authority.
func (a *Authority) PEM() []byte { return inPEM("CERTIFICATE", a.certificate.Raw) }

// Issue a certificate for a host. No two are the same.
func (a *Authority) Issue(host string) (*Certificate, error) {
	template := &x509.Certificate{
		Subject: pkix.Name{CommonName: host}, DNSNames: []string{host},
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	certificate, key, err := sign(template, a)
	if err != nil {
		return nil, err
	}
	return &Certificate{certificate, key}, nil
}

// sign a certificate; without an authority it signs itself.
func sign(template *x509.Certificate, by *Authority) (*x509.Certificate, *ecdsa.PrivateKey, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, fmt.Errorf("making a key: %w", err)
	}
	number, err := rand.Int(rand.Reader, big.NewInt(1<<62))
	if err != nil {
		return nil, nil, fmt.Errorf("making a number: %w", err)
	}
	template.SerialNumber = number
	template.NotBefore, template.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(validity)
	if by == nil {
		by = &Authority{template, key}
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, by.certificate, key.Public(), by.key)
	if err != nil {
		return nil, nil, fmt.Errorf("signing a certificate: %w", err)
	}
	certificate, err := x509.ParseCertificate(raw)
	if err != nil {
		return nil, nil, fmt.Errorf("reading a certificate: %w", err)
	}
	return certificate, key, nil
}

// Secret holds the certificate as Kubernetes wants it.
func (c *Certificate) Secret(namespace, name string) *corev1.Secret {
	// A key of a curve that Go knows always has this form.
	key, _ := x509.MarshalPKCS8PrivateKey(c.key)
	return &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name},
		Type:       corev1.SecretTypeTLS,
		Data: map[string][]byte{
			corev1.TLSCertKey: inPEM("CERTIFICATE", c.Raw), corev1.TLSPrivateKeyKey: inPEM("PRIVATE KEY", key),
		},
	}
}

func inPEM(kind string, raw []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: raw})
}

// ShownCertificate is what the server at host:port shows, whoever signed it.
func ShownCertificate(ctx context.Context, addr string) (*x509.Certificate, error) {
	dialer := &tls.Dialer{Config: &tls.Config{
		InsecureSkipVerify: true, //nolint:gosec // the caller compares the certificate
		MinVersion:         tls.VersionTLS12,
	}}
	conn, err := dialer.DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("opening a TLS connection: %w", err)
	}
	defer conn.Close()
	secure, ok := conn.(*tls.Conn)
	if !ok {
		return nil, errors.New("the connection is not by TLS")
	}
	return secure.ConnectionState().PeerCertificates[0], nil
}
