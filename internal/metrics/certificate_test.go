package metrics

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
)

func certificate(t *testing.T, end time.Time) []byte {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: end}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: raw})
}

func TestCertificates(t *testing.T) {
	registry := prometheus.NewRegistry()
	c, err := NewCertificates(registry)
	if err != nil {
		t.Fatal(err)
	}
	key := types.NamespacedName{Namespace: "tube", Name: "demo"}
	secrets := map[string]*corev1.Secret{
		"site":     {Data: map[string][]byte{corev1.TLSCertKey: certificate(t, time.Unix(1795651200, 0))}},
		"former":   {Data: map[string][]byte{corev1.TLSCertKey: certificate(t, time.Unix(1000000000, 0))}},
		"broken":   {Data: map[string][]byte{corev1.TLSCertKey: []byte("no certificate")}},
		"password": {Data: map[string][]byte{"password": []byte("secret")}},
	}
	c.Report(key, secrets, []string{"former"})
	c.Report(key, secrets, []string{"site", "broken", "password", "absent"})
	want := `
# HELP xatube_certificate_expiration_timestamp_seconds When a certificate that the spec names expires, in Unix time.
# TYPE xatube_certificate_expiration_timestamp_seconds gauge
xatube_certificate_expiration_timestamp_seconds{name="demo",namespace="tube",secret="site"} 1.7956512e+09
`
	if err := testutil.GatherAndCompare(registry, strings.NewReader(want)); err != nil {
		t.Error(err)
	}
	c.Forget(key)
	if n, err := testutil.GatherAndCount(registry); err != nil || n != 0 {
		t.Errorf("%d series of a platform that is gone, %v", n, err)
	}
}
