package edge_test

import (
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"testing"

	"github.com/xatube/xatube-operator/api/v1alpha1"
)

func withTLS(c *v1alpha1.XaTubeCluster) {
	c.Spec.Edge.TLS = &v1alpha1.TLSSpec{SecretName: "tube-tls"}
	c.Spec.Edge.TrustedProxies = []v1alpha1.CIDR{"127.0.0.2/32"}
}

func TestTLS(t *testing.T) {
	p := newPlatform(t)
	p.frontends(t, 1, ok)
	b := p.startEdge(t, withTLS)
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(certificateSecret().Data["tls.crt"])
	secure := &http.Client{Transport: &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: roots, ServerName: "tube.example.com"}, ForceAttemptHTTP2: true,
	}}
	defer secure.CloseIdleConnections()
	eventually(t, func() error {
		resp, err := secure.Get(b.tlsURL + "/")
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		if resp.StatusCode == http.StatusServiceUnavailable {
			return http.ErrServerClosed
		}
		if resp.StatusCode != http.StatusOK || resp.ProtoMajor != 2 {
			t.Errorf("%s over %s", resp.Status, resp.Proto)
		}
		if got := resp.Header.Get("Strict-Transport-Security"); got != "max-age=2592000" {
			t.Errorf("Strict-Transport-Security %q", got)
		}
		return nil
	})

	a := b.get(t, "/watch/key?t=1", "Host", "tube.example.com:8080")
	if got := a.Header.Get("Location"); a.StatusCode != http.StatusPermanentRedirect || got != "https://tube.example.com/watch/key?t=1" {
		t.Errorf("%s to %s", a.Status, got)
	}
	if a := b.get(t, "/health"); a.StatusCode != http.StatusOK {
		t.Errorf("a probe is sent elsewhere: %s", a.Status)
	}
	// A stranger who claims to come by TLS is not believed, but not sent round in circles either. A6.
	if a := b.get(t, "/", "X-Forwarded-Proto", "https"); a.StatusCode != http.StatusOK || a.Header.Get("Strict-Transport-Security") != "" {
		t.Errorf("a stranger claims to come by TLS: %s, %v", a.Status, a.Header)
	}
}

// TestTLSBehindAProxyThatEndsIt: without care the redirect would never end.
func TestTLSBehindAProxyThatEndsIt(t *testing.T) {
	p := newPlatform(t)
	p.frontends(t, 1, ok)
	b := p.startEdge(t, func(c *v1alpha1.XaTubeCluster) {
		withTLS(c)
		c.Spec.Edge.TrustedProxies = []v1alpha1.CIDR{"127.0.0.1/32"}
	})
	eventually(t, func() error {
		a := b.get(t, "/", "X-Forwarded-Proto", "https")
		if a.StatusCode == http.StatusServiceUnavailable {
			return http.ErrServerClosed
		}
		if a.StatusCode != http.StatusOK {
			t.Errorf("%s to %s", a.Status, a.Header.Get("Location"))
		}
		return nil
	})
}
