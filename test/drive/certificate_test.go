package drive

import (
	"crypto/tls"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestASiteTrustsWhatItsAuthorityIssued(t *testing.T) {
	authority, err := NewAuthority()
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := authority.Issue("localhost")
	if err != nil {
		t.Fatal(err)
	}
	secret := certificate.Secret("default", "tls")
	pair, err := tls.X509KeyPair(secret.Data["tls.crt"], secret.Data["tls.key"])
	if err != nil {
		t.Fatal(err)
	}
	addr := serve(t, pair)
	site, err := OpenTLS(addr, authority.PEM())
	if err != nil {
		t.Fatal(err)
	}
	for name, s := range map[string]*Site{"kept": site.Unlimited(), "fresh": site.Unkept()} {
		if answer, err := s.Get(t.Context(), "/"); err != nil || answer.Status != http.StatusNotFound {
			t.Errorf("%s: %d, %v", name, answer.Status, err)
		}
	}
	if shown, err := ShownCertificate(t.Context(), addr); err != nil || !shown.Equal(certificate.Certificate) {
		t.Errorf("another certificate is shown: %v", err)
	}
	if site, err = OpenTLS(addr, stranger(t)); err != nil {
		t.Fatal(err)
	}
	if _, err := site.Get(t.Context(), "/"); err == nil {
		t.Error("a certificate of an unknown authority is trusted")
	}
}

// serve answers 404 to everything, over TLS.
func serve(t *testing.T, pair tls.Certificate) string {
	t.Helper()
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.TLS = &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}
	server.StartTLS()
	t.Cleanup(server.Close)
	_, port, err := net.SplitHostPort(server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return net.JoinHostPort("localhost", port)
}

// stranger is an authority that has issued nothing.
func stranger(t *testing.T) []byte {
	t.Helper()
	authority, err := NewAuthority()
	if err != nil {
		t.Fatal(err)
	}
	return authority.PEM()
}
