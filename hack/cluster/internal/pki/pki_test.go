package pki

import (
	"crypto/tls"
	"crypto/x509"
	"slices"
	"testing"
)

func TestIssue(t *testing.T) {
	ca, err := NewAuthority("test")
	if err != nil {
		t.Fatal(err)
	}
	pair, err := ca.Issue(Subject{
		Name: "system:node:node-1", Groups: []string{"system:nodes"},
		DNS: []string{"node-1"}, IPs: []string{"10.88.0.11"},
	})
	if err != nil {
		t.Fatal(err)
	}
	loaded, err := tls.X509KeyPair(pair.Cert, pair.Key)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(ca.Cert) {
		t.Fatal("the authority's certificate is not PEM")
	}
	for _, name := range []string{"node-1", "10.88.0.11"} {
		_, err := loaded.Leaf.Verify(x509.VerifyOptions{
			Roots: roots, DNSName: name, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		})
		if err != nil {
			t.Errorf("as server %s: %v", name, err)
		}
	}
	_, err = loaded.Leaf.Verify(x509.VerifyOptions{Roots: roots, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}})
	if err != nil {
		t.Errorf("as client: %v", err)
	}
	subject := loaded.Leaf.Subject
	if subject.CommonName != "system:node:node-1" || !slices.Equal(subject.Organization, []string{"system:nodes"}) {
		t.Errorf("subject is %v", subject)
	}
}

func TestAuthoritiesDoNotVouchForEachOther(t *testing.T) {
	one, err := NewAuthority("one")
	if err != nil {
		t.Fatal(err)
	}
	two, err := NewAuthority("two")
	if err != nil {
		t.Fatal(err)
	}
	pair, err := two.Issue(Subject{Name: "client"})
	if err != nil {
		t.Fatal(err)
	}
	loaded, err := tls.X509KeyPair(pair.Cert, pair.Key)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(one.Cert)
	if _, err := loaded.Leaf.Verify(x509.VerifyOptions{Roots: roots}); err == nil {
		t.Error("a certificate of another authority is valid")
	}
}
